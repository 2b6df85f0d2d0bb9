"""Whose an address is: proved by the code of a mail, to the first account that brings one."""

import math
from datetime import timedelta

from auth.core import claims, codes, letters, repository
from auth.core.errors import AlreadyVerified, CodeInvalid, EmailTaken, TooManyMails
from auth.core.letters import Matter
from common import clock, log, store
from common.api import Caller
from common.outbox import change
from common.store import ConditionFailed, Update

_TABLE = "auth"
_PAUSE = timedelta(minutes=1)  # between two mails that an account asks for


def verify(code: str) -> None:
    """Raises CodeInvalid, EmailTaken. A code that has done its work does no more, and says the same."""
    found = codes.read(code, Matter.VERIFY)
    account = repository.account(found["account_id"])
    if not account:
        raise CodeInvalid(pointer="/token")
    if account.email_verified:
        return
    known = {"email_verified": True, "verified_at": clock.iso(clock.now())}
    told = change(_TABLE, repository.profile(account.id), trigger="verify_email", actor=account.id, sets=known)
    try:
        store.transact([claims.own_email(account.email, account.id), told])
    except ConditionFailed as failure:
        raise (EmailTaken if 0 in failure.failed else CodeInvalid) from None
    log.count("AddressesVerified")


def ask_again(caller: Caller) -> None:
    """Order another mail with a code. Raises AlreadyVerified, TooManyMails."""
    if caller.email_verified:
        raise AlreadyVerified
    now = clock.now()
    values = {"now": clock.iso(now), "before": clock.iso(now - _PAUSE), "gone": int((now + _PAUSE).timestamp())}
    once = Update(
        _TABLE,
        {"pk": caller.user_id, "sk": "verification"},
        "SET #asked_at = :now, #expires_at = :gone",
        condition="attribute_not_exists(#asked_at) OR #asked_at <= :before",
        values=values,
    )
    try:
        store.transact([once, letters.wanted(Matter.VERIFY, account_id=caller.user_id)])
    except ConditionFailed as failure:
        asked = clock.parse((failure.old[0] or {"asked_at": values["now"]})["asked_at"])
        raise TooManyMails(retry_after=max(1, math.ceil((asked + _PAUSE - now).total_seconds()))) from None
