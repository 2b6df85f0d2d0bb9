"""Storage of accounts."""

from collections.abc import Mapping
from contextlib import suppress

from auth.core import uniqueness
from auth.core.errors import LastAdmin
from auth.core.model import Account, Role
from common import store
from common.bus.auth import RolesChanged
from common.bus.user import SettingsChanged
from common.caller import RoleMissing
from common.outbox import event_entry, versioned_update
from common.problems import ConcurrentModification
from common.store import ConditionCheck, ConditionFailed, Item, Put, Update, Write

_TABLE = "auth"
_NO_USER_ID = "nobody"
_MAX_HOLDERS = 5  # accounts with the same unverified address that one e-mail covers


def create(account: Item, *other_writes: Write) -> None:
    """Create the account with its user name and address items. Raises ConditionFailed, in the order:

    user name, account, e-mail holder, other writes.
    """
    user_id = account["id"]
    name = Put(_TABLE, uniqueness.username_key(account["username"]) | {"user_id": user_id}, condition=uniqueness.NEW)
    email_holder = Put(_TABLE, uniqueness.email_holder_key(account["email"], user_id) | {"user_id": user_id})
    store.transact([name, Put(_TABLE, account, condition=uniqueness.NEW), email_holder, *other_writes])


def admin_ids() -> set[str]:
    item = store.get(_TABLE, uniqueness.ADMINS_KEY)
    return set(item["user_ids"]) if item and "user_ids" in item else set()


def find(user_id: str) -> Account | None:
    item = store.get(_TABLE, profile_key(user_id))
    return Account.from_item(item) if item else None


def accounts_with_email(email_key: str) -> list[Account]:
    """Return the account that verified the address, or else the first accounts registered with it.

    `email_key` is the `pk` of the address's uniqueness item.
    """
    owner = store.get(_TABLE, {"pk": email_key, "sk": "claim"})
    values = {"pk": email_key, "sk": uniqueness.HOLDER_PREFIX}
    items, _ = ([owner], None) if owner else store.query(_TABLE, "#pk = :pk AND begins_with(#sk, :sk)", values)
    accounts = (find(item["user_id"]) for item in items[:_MAX_HOLDERS])
    return [account for account in accounts if account]


def find_by_key(key: Mapping[str, str]) -> Account | None:
    """Find the account of a uniqueness item. Always two reads, so that timing reveals nothing."""
    item = store.get(_TABLE, key)
    return find(item["user_id"] if item else _NO_USER_ID)


def update_locale(settings: SettingsChanged) -> None:
    """Store the locale unless a newer one is stored or the account is gone."""
    is_newer = "attribute_not_exists(#settings_version) OR #settings_version < :version"
    update = Update(
        _TABLE,
        profile_key(settings.user_id),
        "SET #locale = :locale, #settings_version = :version",
        condition=f"attribute_exists(#pk) AND ({is_newer})",
        values={"locale": settings.locale, "version": settings.version},
    )
    with suppress(ConditionFailed):
        store.write(update)


def replace_password(account: Account, password_hash: str, exempt_session_id: str, *other_writes: Write) -> None:
    """Replace the password unless the account has changed. Raises ConditionFailed: account, other writes."""
    update = versioned_update(
        _TABLE,
        profile_key(account.id),
        trigger="change_password",
        actor=account.id,
        sets={
            "password": password_hash,
            "min_session_version": account.version + 1,
            "exempt_session_id": exempt_session_id,
        },
        condition="#version = :seen",
        values={"seen": account.version},
    )
    store.transact([update, *other_writes])


def set_roles(before: Account, after: Account, actor: str) -> None:
    """Replace the roles. Raises ConcurrentModification, LastAdmin.

    Raises RoleMissing if the actor is no longer an admin.
    """
    update = versioned_update(
        _TABLE,
        profile_key(before.id),
        trigger="set_roles",
        actor=actor,
        sets={"roles": list(after.roles), "min_token_version": after.min_token_version},
        publish=[event_entry(RolesChanged)],
        condition="#version = :seen",
        values={"seen": before.version},
    )
    try:
        store.transact([update, _admin_set_write(before, after, actor)])
    except ConditionFailed as failure:
        if 0 in failure.failed_indexes:
            raise ConcurrentModification from None
        current_admins = (failure.old_items[1] or {}).get("user_ids", ())
        raise (LastAdmin if actor in current_admins else RoleMissing(Role.ADMIN)) from None


def _admin_set_write(before: Account, after: Account, actor: str) -> Write:
    # A token may outlive its role by a minute, so the actor's current role is checked.
    was_admin, becomes_admin = Role.ADMIN in before.roles, Role.ADMIN in after.roles
    actor_is_admin, values = "contains(#user_ids, :actor)", {"who": {before.id}, "actor": actor}
    if was_admin == becomes_admin:
        return ConditionCheck(_TABLE, uniqueness.ADMINS_KEY, condition=actor_is_admin, values={"actor": actor})
    if becomes_admin:
        return Update(_TABLE, uniqueness.ADMINS_KEY, "ADD #user_ids :who", condition=actor_is_admin, values=values)
    another_remains = f"{actor_is_admin} AND size(#user_ids) > :one"
    return Update(
        _TABLE, uniqueness.ADMINS_KEY, "DELETE #user_ids :who", condition=another_remains, values=values | {"one": 1}
    )


def profile_key(user_id: str) -> dict[str, str]:
    return {"pk": user_id, "sk": "profile"}
