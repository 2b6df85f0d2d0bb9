"""Where auth keeps accounts, and the claims that make names unique."""

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime

from auth.core.errors import ChangedMeanwhile, LastAdmin
from auth.core.model import Account, Role
from common import store
from common.bus.auth import RolesChanged
from common.bus.user import SettingsChanged
from common.caller import RoleMissing
from common.idempotency import Claim
from common.outbox import change, entry
from common.store import Check, ConditionFailed, Item, Put, Update, Write

_TABLE = "auth"
_NEW = "attribute_not_exists(#pk)"
_NOBODY = "nobody"
_HOLDER = "holder#"
_HOLDERS = 5  # accounts with one unverified address that a mail speaks of
ADMINS = {"pk": "claim#admin", "sk": "claim"}


def email_claim(email: str) -> dict[str, str]:
    """The key of the item whose owner has verified this address; its case does not matter.

    Hashed: the address itself is in the account alone.
    """
    return {"pk": f"claim#email#{hashlib.sha256(email.lower().encode()).hexdigest()}", "sk": "claim"}


def email_holder(email: str, user_id: str) -> dict[str, str]:
    """The key of the item that says whose address this may be: of every account that was opened with it."""
    return email_claim(email) | {"sk": f"{_HOLDER}{user_id}"}


def name_claim(user_name: str) -> dict[str, str]:
    return {"pk": f"claim#username#{user_name}", "sk": "claim"}


def create(account: Item, *also: Write) -> None:
    """The account and its name, or nothing. Raises ConditionFailed in the order: name, account, holder, also."""
    user_id = account["id"]
    name = Put(_TABLE, name_claim(account["username"]) | {"user_id": user_id}, condition=_NEW)
    holder = Put(_TABLE, email_holder(account["email"], user_id) | {"user_id": user_id})
    store.transact([name, Put(_TABLE, account, condition=_NEW), holder, *also])


def own_email(email: str, user_id: str) -> Put:
    """The write that makes the address this account's, unless it is another's."""
    mine = "attribute_not_exists(#pk) OR #user_id = :me"
    return Put(_TABLE, email_claim(email) | {"user_id": user_id}, condition=mine, values={"me": user_id})


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


def account(user_id: str) -> Account | None:
    item = store.get(_TABLE, profile(user_id))
    return Account.of(item) if item else None


def holders(address: str) -> list[Account]:
    """Whom a mail to the address (its claim's `pk`) may concern: its owner, or else the first that gave it."""
    owner = store.get(_TABLE, {"pk": address, "sk": "claim"})
    values = {"pk": address, "sk": _HOLDER}
    found, _ = ([owner], None) if owner else store.query(_TABLE, "#pk = :pk AND begins_with(#sk, :sk)", values)
    known = (account(one["user_id"]) for one in found[:_HOLDERS])
    return [one for one in known if one]


def account_of(claim: Mapping[str, str]) -> Account | None:
    """Two reads whether or not there is one: the time tells nothing."""
    item = store.get(_TABLE, claim)
    return account(item["user_id"] if item else _NOBODY)


def keep_locale(settings: SettingsChanged) -> None:
    """Keep the newest language; of an account that is gone, none."""
    newer = "attribute_not_exists(#settings_version) OR #settings_version < :version"
    update = Update(
        _TABLE,
        profile(settings.user_id),
        "SET #locale = :locale, #settings_version = :version",
        condition=f"attribute_exists(#pk) AND ({newer})",
        values={"locale": settings.locale, "version": settings.version},
    )
    with suppress(ConditionFailed):
        store.write(update)


def replace_password(account: Account, hashed: str, keep: str, *also: Write) -> None:
    """Raises ConditionFailed in the order: the account as it was read, also."""
    update = change(
        _TABLE,
        profile(account.id),
        trigger="change_password",
        actor=account.id,
        sets={"password": hashed, "sessions_from": account.version + 1, "kept_session": keep},
        condition="#version = :seen",
        values={"seen": account.version},
    )
    store.transact([update, *also])


def set_roles(before: Account, after: Account, actor: str) -> None:
    """Raises ChangedMeanwhile, LastAdmin, and RoleMissing where the actor is an admin by an old token only."""
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
        store.transact([update, _as_admin(before, after, actor)])
    except ConditionFailed as failure:
        if 0 in failure.failed:
            raise ChangedMeanwhile from None
        admins = (failure.old[1] or {}).get("user_ids", ())
        raise (LastAdmin if actor in admins else RoleMissing(Role.ADMIN)) from None


def _as_admin(before: Account, after: Account, actor: str) -> Write:
    # A token outlives its role by up to a minute: what gives roles away must not believe it so long.
    was, shall = Role.ADMIN in before.roles, Role.ADMIN in after.roles
    by, who = "contains(#user_ids, :actor)", {"who": {before.id}, "actor": actor}
    if was == shall:
        return Check(_TABLE, ADMINS, condition=by, values={"actor": actor})
    if shall:
        return Update(_TABLE, ADMINS, "ADD #user_ids :who", condition=by, values=who)
    left = f"{by} AND size(#user_ids) > :one"
    return Update(_TABLE, ADMINS, "DELETE #user_ids :who", condition=left, values=who | {"one": 1})


def profile(user_id: str) -> dict[str, str]:
    return {"pk": user_id, "sk": "profile"}
