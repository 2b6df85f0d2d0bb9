"""Where auth keeps sessions: beside the account, so that one read tells all that the authorizer must know."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import datetime
from itertools import islice

from auth.core.errors import SessionUnknown
from auth.core.model import Session
from auth.core.refresh import RefreshToken
from common import clock, store
from common.cursor import Listing
from common.store import ConditionFailed, Item, Key, Put, Update

_TABLE = "auth"
_PREFIX = "session#"
_AT_ONCE = 100  # writes that a transaction takes
MINE = Listing(_TABLE, "by_user", "user_id", "created_at")


def begin(token: RefreshToken, family: str, now: datetime, until: int, *, version: int, device: str) -> None:
    """No condition: the id is random, and a write that the SDK repeats because a reply was lost is the same."""
    stamps = dict.fromkeys(("created_at", "updated_at", "rotated_at"), clock.iso(now))
    item: Item = _key(token.user_id, token.session_id) | stamps | {"id": token.session_id, "user_id": token.user_id}
    item |= {"family": family, "counter": token.counter, "token_hash": token.hash, "expires_at": until}
    item |= {"version": version, "device": device}
    store.write(Put(_TABLE, item))


def get(user_id: str, session_id: str) -> Session | None:
    item = store.get(_TABLE, _key(user_id, session_id))
    return Session.of(item) if item else None


def rotate(session: Session, successor: RefreshToken, now: datetime) -> Session | None:
    """The session as it then is, rotated by this call or by another; it may have been revoked meanwhile."""
    update = Update(
        _TABLE,
        _key(session.user_id, session.id),
        "SET #counter = :counter, #token_hash = :next, #previous_hash = :now, #rotated_at = :at, #updated_at = :at",
        condition="#token_hash = :now",
        values={"counter": successor.counter, "next": successor.hash, "now": session.token_hash, "at": clock.iso(now)},
    )
    try:
        return Session.of(store.write(update))
    except ConditionFailed as failure:
        found = failure.old[0]
        return Session.of(found) if found else None


def revoke(user_id: str, session_id: str, now: datetime) -> None:
    """End the session, for good; ending it again changes nothing. Raises SessionUnknown."""
    try:
        store.write(_revoked(_key(user_id, session_id), now))
    except ConditionFailed:
        raise SessionUnknown from None


def end_older(user_id: str, version: int, keep: str | None, now: datetime) -> None:
    """End what was opened with a password of before this version of the account, but `keep`."""
    older = (one for one in _all(user_id) if one.get("version", 0) < version and "revoked_at" not in one)
    _together(_revoked(_key(user_id, one["id"]), now) for one in older if one["id"] != keep)


def outdate(user_id: str, version: int) -> None:
    """In none of the user's sessions are tokens believed that are older than this version of the account."""
    _together(_outdated(one, version) for one in _all(user_id) if one.get("tokens_from", 0) < version)


def _revoked(key: Key, now: datetime) -> Update:
    return Update(
        _TABLE,
        key,
        "SET #revoked_at = if_not_exists(#revoked_at, :at), #updated_at = :at",
        condition="attribute_exists(#pk)",
        values={"at": clock.iso(now)},
    )


def _outdated(item: Item, version: int) -> Update:
    older = "attribute_not_exists(#tokens_from) OR #tokens_from < :version"
    return Update(
        _TABLE,
        {"pk": item["pk"], "sk": item["sk"]},
        "SET #tokens_from = :version",
        condition=f"attribute_exists(#pk) AND ({older})",
        values={"version": version},
    )


def _together(updates: Iterable[Update]) -> None:
    """Make them all, many at once; one by one where a session has gone meanwhile, or another call was quicker."""
    waiting = iter(updates)
    while some := list(islice(waiting, _AT_ONCE)):
        try:
            store.transact(some)
        except ConditionFailed:
            for one in some:
                with suppress(ConditionFailed):
                    store.write(one)


def _all(user_id: str) -> Iterator[Item]:
    start: Item | None = None
    while True:
        values = {"pk": user_id, "sk": _PREFIX}
        page, start = store.query(_TABLE, "#pk = :pk AND begins_with(#sk, :sk)", values, start=start)
        yield from page
        if start is None:
            return


def _key(user_id: str, session_id: str) -> dict[str, str]:
    return {"pk": user_id, "sk": f"{_PREFIX}{session_id}"}
