"""E-mailed codes, and e-mail verification. Codes expire, and only their hashes are stored."""

import base64
import hashlib
import hmac
import math
from contextlib import suppress
from datetime import timedelta

from auth.core import email_requests, repository, uniqueness
from auth.core.email_requests import EmailKind
from auth.core.errors import AlreadyVerified, EmailTaken, InvalidCode, TooManyEmails
from auth.core.model import Account
from common import clock, env, log, store
from common.api import Caller
from common.outbox import versioned_update
from common.store import ConditionFailed, Item, Put, Update

_TABLE = "auth"
_LIFETIMES = {EmailKind.EMAIL_VERIFICATION: timedelta(hours=24), EmailKind.PASSWORD_RESET: timedelta(hours=1)}
_RESEND_INTERVAL = timedelta(minutes=1)  # between two resends of an account


def issue(email_request: Item, account: Account) -> str:
    """Store and return the e-mail's code for the account: deterministic, so that an e-mail may be composed again."""
    kind = EmailKind(email_request["kind"])
    expires_at = clock.parse(email_request["created_at"]) + _LIFETIMES[kind]
    code = _derive(email_request["id"], account.id)
    item = _key(code) | {"kind": str(kind), "account_id": account.id, "expires_at": int(expires_at.timestamp())}
    # A later password change invalidates the code, and issuing it again does not renew it.
    item |= {"password_version": account.min_session_version}
    with suppress(ConditionFailed):
        store.write(Put(_TABLE, item, condition="attribute_not_exists(#pk)"))
    return code


def get_valid(code: str, kind: EmailKind) -> Item:
    """Return the stored item of an unexpired code, used or not. Raises InvalidCode."""
    item = store.get(_TABLE, _key(code))
    if not item or item["kind"] != kind or clock.now().timestamp() >= item["expires_at"]:
        raise InvalidCode(pointer="/token")
    return item


def consume(code: str) -> Update:
    """Return the write that marks the code as used; it fails for a used code."""
    unused = "attribute_exists(#pk) AND attribute_not_exists(#used_at)"
    values = {"now": clock.iso(clock.now())}
    return Update(_TABLE, _key(code), "SET #used_at = :now", condition=unused, values=values)


def _derive(*parts: str) -> str:
    digest = hmac.new(env.secret("email-code").encode(), "/".join(parts).encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def _key(code: str) -> dict[str, str]:
    return {"pk": f"code#{hashlib.sha256(code.encode()).hexdigest()}", "sk": "code"}


def verify_email(code: str) -> None:
    """Mark the account's address as verified; no-op if it is. Raises InvalidCode, EmailTaken."""
    item = get_valid(code, EmailKind.EMAIL_VERIFICATION)
    account = repository.find(item["account_id"])
    if not account:
        raise InvalidCode(pointer="/token")
    if account.email_verified:
        return
    attributes = {"email_verified": True, "verified_at": clock.iso(clock.now())}
    update = versioned_update(
        _TABLE, repository.profile_key(account.id), trigger="verify_email", actor=account.id, sets=attributes
    )
    try:
        store.transact([uniqueness.claim_email(account.email, account.id), update])
    except ConditionFailed as failure:
        raise (EmailTaken if 0 in failure.failed_indexes else InvalidCode) from None
    log.count("EmailsVerified")


def resend(caller: Caller) -> None:
    """Request another verification e-mail. Raises AlreadyVerified, TooManyEmails."""
    if caller.email_verified:
        raise AlreadyVerified
    now = clock.now()
    values = {
        "now": clock.iso(now),
        "before": clock.iso(now - _RESEND_INTERVAL),
        "gone": int((now + _RESEND_INTERVAL).timestamp()),
    }
    throttle = Update(
        _TABLE,
        {"pk": caller.user_id, "sk": "verification"},
        "SET #asked_at = :now, #expires_at = :gone",
        condition="attribute_not_exists(#asked_at) OR #asked_at <= :before",
        values=values,
    )
    try:
        store.transact(
            [throttle, email_requests.request_email(EmailKind.EMAIL_VERIFICATION, account_id=caller.user_id)]
        )
    except ConditionFailed as failure:
        last_requested_at = clock.parse((failure.old_items[0] or {"asked_at": values["now"]})["asked_at"])
        raise TooManyEmails(
            retry_after=max(1, math.ceil((last_requested_at + _RESEND_INTERVAL - now).total_seconds()))
        ) from None
