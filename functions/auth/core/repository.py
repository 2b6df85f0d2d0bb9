"""Where auth keeps accounts."""

from collections.abc import Mapping
from contextlib import suppress

from auth.core import claims
from auth.core.errors import ChangedMeanwhile, LastAdmin
from auth.core.model import Account, Role
from common import store
from common.bus.auth import RolesChanged
from common.bus.user import SettingsChanged
from common.caller import RoleMissing
from common.outbox import change, entry
from common.store import Check, ConditionFailed, Item, Put, Update, Write

_TABLE = "auth"
_NOBODY = "nobody"
_HOLDERS = 5  # accounts with one unverified address that a mail speaks of


def create(account: Item, *also: Write) -> None:
    """The account and its name, or nothing. Raises ConditionFailed in the order: name, account, holder, also."""
    user_id = account["id"]
    name = Put(_TABLE, claims.of_name(account["username"]) | {"user_id": user_id}, condition=claims.NEW)
    holder = Put(_TABLE, claims.holder(account["email"], user_id) | {"user_id": user_id})
    store.transact([name, Put(_TABLE, account, condition=claims.NEW), holder, *also])


def admins() -> set[str]:
    found = store.get(_TABLE, claims.ADMINS)
    return set(found["user_ids"]) if found and "user_ids" in found else set()


def account(user_id: str) -> Account | None:
    item = store.get(_TABLE, profile(user_id))
    return Account.of(item) if item else None


def holders(address: str) -> list[Account]:
    """Whom a mail to the address (its claim's `pk`) may concern: its owner, or else the first that gave it."""
    owner = store.get(_TABLE, {"pk": address, "sk": "claim"})
    values = {"pk": address, "sk": claims.HOLDER}
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
        return Check(_TABLE, claims.ADMINS, condition=by, values={"actor": actor})
    if shall:
        return Update(_TABLE, claims.ADMINS, "ADD #user_ids :who", condition=by, values=who)
    left = f"{by} AND size(#user_ids) > :one"
    return Update(_TABLE, claims.ADMINS, "DELETE #user_ids :who", condition=left, values=who | {"one": 1})


def profile(user_id: str) -> dict[str, str]:
    return {"pk": user_id, "sk": "profile"}
