"""Where auth keeps accounts, and the claims that make names unique."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from auth.core.errors import ChangedMeanwhile, LastAdmin
from auth.core.model import Account, Role
from common import store
from common.bus.auth import RolesChanged
from common.idempotency import Claim
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
    """The account and both its names, or nothing. Raises ConditionFailed in the order: name, email, account, also."""
    names = (name_claim(account["username"]), email_claim(account["email"]))
    claims = [Put(_TABLE, claim | {"user_id": account["id"]}, condition=_NEW) for claim in names]
    store.transact([*claims, Put(_TABLE, account, condition=_NEW), *also])


def first_admin(user_id: str) -> Put:
    """The write that only the first admin's registration can make."""
    return Put(_TABLE, ADMINS | {"user_ids": {user_id}}, condition="attribute_not_exists(#user_ids)")


def admins() -> set[str]:
    found = store.get(_TABLE, ADMINS)
    return set(found["user_ids"]) if found and "user_ids" in found else set()


def receipt(claim: Claim, password: str, until: datetime) -> Put:
    """What remembers the request that came with a key; `password` is its hash."""
    kept = {"request_hash": claim.request_hash, "password": password, "expires_at": int(until.timestamp())}
    return Put(_TABLE, receipt_key(claim.id) | kept, condition=_NEW)


def receipt_key(claim_id: str) -> dict[str, str]:
    """An account that was opened with a key has its claim's id."""
    return {"pk": f"claim#registration#{claim_id}", "sk": "claim"}


def reserve_name(user_name: str, until: datetime, *also: Write) -> None:
    """Take the name for nobody. Raises ConditionFailed in the order: name, also."""
    item = name_claim(user_name) | {"user_id": _NOBODY, "expires_at": int(until.timestamp())}
    # As a transaction, so that a write that the SDK repeats does not find its own work and refuse it.
    store.transact([Put(_TABLE, item, condition=_NEW), *also])


def account(user_id: str) -> Account | None:
    item = store.get(_TABLE, profile(user_id))
    return Account.of(item) if item else None


def account_of(claim: Mapping[str, str]) -> Account | None:
    """Two reads whether or not there is one: the time tells nothing."""
    item = store.get(_TABLE, claim)
    return account(item["user_id"] if item else _NOBODY)


def set_roles(before: Account, after: Account, actor: str) -> None:
    """Raises ChangedMeanwhile, LastAdmin."""
    update = change(
        _TABLE,
        profile(before.id),
        trigger="set_roles",
        actor=actor,
        sets={"roles": list(after.roles), "tokens_from": after.tokens_from},
        publish=[entry(RolesChanged)],
        condition="#version = :seen",
        values={"seen": before.version},
    )
    try:
        store.transact([update, *_admin_change(before, after)])
    except ConditionFailed as failure:
        raise (ChangedMeanwhile if 0 in failure.failed else LastAdmin) from None


def _admin_change(before: Account, after: Account) -> list[Write]:
    was, shall = Role.ADMIN in before.roles, Role.ADMIN in after.roles
    if was == shall:
        return []
    values: dict[str, Any] = {"who": {before.id}, "one": 1}
    if shall:
        return [Update(_TABLE, ADMINS, "ADD #user_ids :who", values=values)]
    return [Update(_TABLE, ADMINS, "DELETE #user_ids :who", condition="size(#user_ids) > :one", values=values)]


def profile(user_id: str) -> dict[str, str]:
    return {"pk": user_id, "sk": "profile"}
