"""Where auth keeps accounts, the claims that make names unique, and sessions."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from auth.core.errors import ChangedMeanwhile, LastAdmin, SessionUnknown
from auth.core.model import Account, Role, Session
from auth.core.refresh import RefreshToken
from common import clock, store
from common.bus.auth import RolesChanged
from common.outbox import change, entry
from common.store import ConditionFailed, Item, Put, Update, Write

_TABLE = "auth"
_NEW = "attribute_not_exists(#pk)"
_NOBODY = "nobody"
ADMINS = {"pk": "claim#admin", "sk": "claim"}


def email_claim(email: str) -> dict[str, str]:
    """The key of the item whose owner has this address; its case does not matter."""
    return {"pk": f"claim#email#{email.lower()}", "sk": "claim"}


def name_claim(user_name: str) -> dict[str, str]:
    return {"pk": f"claim#username#{user_name}", "sk": "claim"}


def create(account: Item, *also: Write) -> None:
    """The account and both its names, or nothing. Raises ConditionFailed in the order: name, email."""
    names = (name_claim(account["username"]), email_claim(account["email"]))
    claims = [Put(_TABLE, claim | {"user_id": account["id"]}, condition=_NEW) for claim in names]
    store.transact([*claims, Put(_TABLE, account, condition=_NEW), *also])


def first_admin(user_id: str) -> Put:
    """The write that only the first admin's registration can make."""
    return Put(_TABLE, ADMINS | {"user_ids": {user_id}}, condition=_NEW)


def admins() -> set[str]:
    found = store.get(_TABLE, ADMINS)
    return set(found["user_ids"]) if found else set()


def reserve_name(user_name: str, until: datetime) -> None:
    """Take the name for nobody. Raises ConditionFailed."""
    item = name_claim(user_name) | {"user_id": _NOBODY, "expires_at": int(until.timestamp())}
    store.write(Put(_TABLE, item, condition=_NEW))


def account(user_id: str) -> Account | None:
    item = store.get(_TABLE, _profile(user_id))
    return Account.of(item) if item else None


def account_of(claim: Mapping[str, str]) -> Account | None:
    """Two reads whether or not there is one: the time tells nothing."""
    item = store.get(_TABLE, claim)
    return account(item["user_id"] if item else _NOBODY)


def set_roles(before: Account, roles: Sequence[str], actor: str) -> None:
    """Raises ChangedMeanwhile, LastAdmin."""
    update = change(
        _TABLE,
        _profile(before.id),
        trigger="set_roles",
        actor=actor,
        sets={"roles": list(roles)},
        publish=[entry(RolesChanged)],
        condition="#roles = :before",
        values={"before": list(before.roles)},
    )
    try:
        store.transact([update, *_admin_change(before, roles)])
    except ConditionFailed as failure:
        raise (ChangedMeanwhile if 0 in failure.failed else LastAdmin) from None


def open_session(session_id: str, user_id: str, family: str, token: RefreshToken, now: datetime, until: int) -> None:
    """No condition: the id is random, and a write that the SDK repeats because a reply was lost is the same."""
    stamps = dict.fromkeys(("created_at", "updated_at", "rotated_at"), clock.iso(now))
    item = _session(user_id, session_id) | stamps | {"id": session_id, "user_id": user_id, "expires_at": until}
    item |= {"family": family, "counter": token.counter, "token_hash": token.hash}
    store.write(Put(_TABLE, item))


def session(user_id: str, session_id: str) -> Session | None:
    item = store.get(_TABLE, _session(user_id, session_id))
    return Session.of(item) if item else None


def rotate(session: Session, successor: RefreshToken, now: datetime) -> Session | None:
    """The session as it then is, rotated by this call or by another; it may have been revoked meanwhile."""
    update = Update(
        _TABLE,
        _session(session.user_id, session.id),
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
    update = Update(
        _TABLE,
        _session(user_id, session_id),
        "SET #revoked_at = if_not_exists(#revoked_at, :at), #updated_at = :at",
        condition="attribute_exists(#pk)",
        values={"at": clock.iso(now)},
    )
    try:
        store.write(update)
    except ConditionFailed:
        raise SessionUnknown from None


def _admin_change(before: Account, roles: Sequence[str]) -> list[Write]:
    was, shall = Role.ADMIN in before.roles, Role.ADMIN in roles
    if was == shall:
        return []
    values: dict[str, Any] = {"who": {before.id}, "one": 1}
    if shall:
        return [Update(_TABLE, ADMINS, "ADD #user_ids :who", values=values)]
    return [Update(_TABLE, ADMINS, "DELETE #user_ids :who", condition="size(#user_ids) > :one", values=values)]


def _profile(user_id: str) -> dict[str, str]:
    return {"pk": user_id, "sk": "profile"}


def _session(user_id: str, session_id: str) -> dict[str, str]:
    return {"pk": user_id, "sk": f"session#{session_id}"}
