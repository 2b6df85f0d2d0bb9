"""An account that is given up: its sessions end, what proves it goes, and its names are free again."""

from contextlib import suppress

from auth.core import attempts, claims, letters, repository
from auth.core.model import Account, Role
from common import clock, log, store
from common.dead_letters import sweep
from common.store import ConditionFailed, Delete, Item, Key, Put, Update, Write

_TABLE = "auth"


def forget(user_id: str) -> None:
    """Delete all that there is of the user; what is done already is no hindrance.

    The profile goes last, for it tells the names. Sessions go before, so that access ends at once, and
    after: a login that had seen the profile may have opened one meanwhile.
    """
    sweep(user_id)
    _empty(user_id)
    account = repository.account(user_id)
    if account:
        _release(account)
        store.transact(_farewell(account))
        log.count("AccountsErased")
    _empty(user_id)


def _release(account: Account) -> None:
    store.write(Delete(_TABLE, claims.holder(account.email, account.id)))
    letters.forget(claims.of_email(account.email)["pk"], account.id)
    for claim in (claims.of_email(account.email), claims.of_name(account.username)):
        store.write(Delete(_TABLE, attempts.key(claim["pk"])))
        with suppress(ConditionFailed):  # somebody else has the name by now
            store.write(Delete(_TABLE, claim, condition="#user_id = :mine", values={"mine": account.id}))


def _farewell(account: Account) -> list[Write]:
    # A registration's key gave the account its id: that key never opens an account again.
    spent = {"request_hash": "erased", "password": "", "erased_at": clock.iso(clock.now())}
    writes: list[Write] = [
        Delete(_TABLE, repository.profile(account.id)),
        Put(_TABLE, claims.receipt_key(account.id) | spent),
    ]
    if Role.ADMIN in account.roles:
        writes.append(Update(_TABLE, claims.ADMINS, "DELETE #user_ids :who", values={"who": {account.id}}))
    return writes


def _empty(user_id: str) -> None:
    for item in _kept(user_id):
        store.write(Delete(_TABLE, {"pk": item["pk"], "sk": item["sk"]}))


def _kept(user_id: str) -> list[Item]:
    # Everything beside the account but the profile itself: sessions, and whatever is kept there later.
    found: list[Item] = []
    start: Key | None = None
    while True:
        page, start = store.query(_TABLE, "#pk = :pk", {"pk": user_id}, start=start)
        found += [one for one in page if one["sk"] != repository.profile(user_id)["sk"]]
        if start is None:
            return found
