"""Storage of sessions, in the account's partition; the authorizer needs one read."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import datetime
from itertools import islice

from auth.core.errors import SessionNotFound
from auth.core.model import Session
from auth.core.refresh_tokens import RefreshToken
from common import clock, store
from common.pagination.paginator import IndexPaginator
from common.store import ConditionFailed, Item, Key, Put, Update

_TABLE = "auth"
_PREFIX = "session#"
_BATCH_SIZE = 100  # DynamoDB's limit of writes per transaction
BY_USER = IndexPaginator(_TABLE, "by_user", "user_id", "created_at")


def create(token: RefreshToken, family: str, now: datetime, expires_at: int, *, version: int, device: str) -> None:
    """Create a session. Unconditional: the id is random, and the SDK's retries write the same item."""
    timestamps = dict.fromkeys(("created_at", "updated_at", "rotated_at"), clock.iso(now))
    item: Item = _key(token.user_id, token.session_id) | timestamps | {"id": token.session_id, "user_id": token.user_id}
    item |= {"family": family, "counter": token.counter, "token_hash": token.hash, "expires_at": expires_at}
    item |= {"version": version, "device": device}
    store.write(Put(_TABLE, item))


def find(user_id: str, session_id: str) -> Session | None:
    item = store.get(_TABLE, _key(user_id, session_id))
    return Session.from_item(item) if item else None


def rotate(session: Session, successor: RefreshToken, now: datetime) -> Session | None:
    """Return the session after its rotation by this or a concurrent call; it may be revoked. None if it is gone."""
    update = Update(
        _TABLE,
        _key(session.user_id, session.id),
        "SET #counter = :counter, #token_hash = :next, #previous_hash = :now, #rotated_at = :at, #updated_at = :at",
        condition="#token_hash = :now",
        values={"counter": successor.counter, "next": successor.hash, "now": session.token_hash, "at": clock.iso(now)},
    )
    try:
        return Session.from_item(store.write(update))
    except ConditionFailed as failure:
        current = failure.old_items[0]
        return Session.from_item(current) if current else None


def revoke(user_id: str, session_id: str, now: datetime) -> None:
    """End the session. Idempotent. Raises SessionNotFound."""
    try:
        store.write(_revocation(_key(user_id, session_id), now))
    except ConditionFailed:
        raise SessionNotFound from None


def revoke_older_than(user_id: str, version: int, exempt_session_id: str | None, now: datetime) -> None:
    """End the sessions opened before this version of the account, except `exempt_session_id`."""
    older = (item for item in _all_sessions(user_id) if item.get("version", 0) < version and "revoked_at" not in item)
    _write_in_batches(_revocation(_key(user_id, item["id"]), now) for item in older if item["id"] != exempt_session_id)


def invalidate_tokens_before(user_id: str, version: int) -> None:
    """Invalidate the user's access tokens issued before this version of the account."""
    _write_in_batches(
        _token_invalidation(item, version)
        for item in _all_sessions(user_id)
        if item.get("min_token_version", 0) < version
    )


def _revocation(key: Key, now: datetime) -> Update:
    return Update(
        _TABLE,
        key,
        "SET #revoked_at = if_not_exists(#revoked_at, :at), #updated_at = :at",
        condition="attribute_exists(#pk)",
        values={"at": clock.iso(now)},
    )


def _token_invalidation(item: Item, version: int) -> Update:
    older = "attribute_not_exists(#min_token_version) OR #min_token_version < :version"
    return Update(
        _TABLE,
        {"pk": item["pk"], "sk": item["sk"]},
        "SET #min_token_version = :version",
        condition=f"attribute_exists(#pk) AND ({older})",
        values={"version": version},
    )


def _write_in_batches(updates: Iterable[Update]) -> None:
    """Write in transactions; one by one if a session has been deleted or changed concurrently."""
    remaining = iter(updates)
    while batch := list(islice(remaining, _BATCH_SIZE)):
        try:
            store.transact(batch)
        except ConditionFailed:
            for update in batch:
                with suppress(ConditionFailed):
                    store.write(update)


def _all_sessions(user_id: str) -> Iterator[Item]:
    start: Item | None = None
    while True:
        values = {"pk": user_id, "sk": _PREFIX}
        page, start = store.query(_TABLE, "#pk = :pk AND begins_with(#sk, :sk)", values, start=start)
        yield from page
        if start is None:
            return


def _key(user_id: str, session_id: str) -> dict[str, str]:
    return {"pk": user_id, "sk": f"{_PREFIX}{session_id}"}
