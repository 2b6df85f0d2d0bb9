"""Erasure of an account: deletes its sessions, codes and profile, and releases its user name and address."""

from contextlib import suppress

from auth.core import email_requests, login_throttle, repository, uniqueness
from auth.core.model import Account, Role
from common import clock, log, store
from common.dead_letters import purge_user_messages
from common.store import ConditionFailed, Delete, Item, Key, Put, Update, Write

_TABLE = "auth"


def erase_user_data(user_id: str) -> None:
    """Delete all items of the user. Idempotent.

    The profile is deleted last, because it holds the identifiers. Sessions are deleted before it, so that access
    ends at once, and after it: a login that had read the profile may have created one concurrently.
    """
    purge_user_messages(user_id)
    _delete_other_items(user_id)
    account = repository.find(user_id)
    if account:
        _release_identifiers(account)
        store.transact(_account_deletion(account))
        log.count("AccountsErased")
    _delete_other_items(user_id)


def _release_identifiers(account: Account) -> None:
    store.write(Delete(_TABLE, uniqueness.email_holder_key(account.email, account.id)))
    email_requests.delete_for_account(uniqueness.email_key(account.email)["pk"], account.id)
    for key in (uniqueness.email_key(account.email), uniqueness.username_key(account.username)):
        store.write(Delete(_TABLE, login_throttle.key(key["pk"])))
        with suppress(ConditionFailed):  # another account has claimed it since
            store.write(Delete(_TABLE, key, condition="#user_id = :mine", values={"mine": account.id}))


def _account_deletion(account: Account) -> list[Write]:
    # The account's id derives from the registration's idempotency key: the receipt blocks that key for ever.
    receipt = {"request_hash": "erased", "password": "", "erased_at": clock.iso(clock.now())}
    writes: list[Write] = [
        Delete(_TABLE, repository.profile_key(account.id)),
        Put(_TABLE, uniqueness.registration_receipt_key(account.id) | receipt),
    ]
    if Role.ADMIN in account.roles:
        writes.append(Update(_TABLE, uniqueness.ADMINS_KEY, "DELETE #user_ids :who", values={"who": {account.id}}))
    return writes


def _delete_other_items(user_id: str) -> None:
    for item in _other_items(user_id):
        store.write(Delete(_TABLE, {"pk": item["pk"], "sk": item["sk"]}))


def _other_items(user_id: str) -> list[Item]:
    # All items of the account's partition except the profile, now only sessions.
    items: list[Item] = []
    start: Key | None = None
    while True:
        page, start = store.query(_TABLE, "#pk = :pk", {"pk": user_id}, start=start)
        items += [item for item in page if item["sk"] != repository.profile_key(user_id)["sk"]]
        if start is None:
            return items
