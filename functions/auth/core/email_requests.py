"""Requested e-mails: written with the change that causes them, sent by a consumer, deleted after a day."""

from contextlib import suppress
from datetime import timedelta
from enum import StrEnum
from typing import Any

from auth.core import uniqueness
from common import clock, ids, store
from common.bus.auth import EmailRequested
from common.outbox import event_entry, new_item
from common.store import ConditionFailed, Delete, Item, Key, Put, Update

_TABLE = "auth"
_RETENTION = timedelta(days=1)
_MAX_PER_HOUR = 5  # per kind and address, so that strangers cannot flood a mailbox


class EmailKind(StrEnum):
    """What an e-mail is about."""

    EMAIL_VERIFICATION = "EMAIL_VERIFICATION"  # with a code that verifies the address
    PASSWORD_RESET = "PASSWORD_RESET"  # with a code that sets a new password
    PASSWORD_CHANGED = "PASSWORD_CHANGED"  # informs the owner


def request_email(kind: EmailKind, **attributes: Any) -> Put:
    """Return the write that requests an e-mail to an `account_id`, or to an `email_key` (a uniqueness item's `pk`)."""
    email_request_id, expires_at = ids.new(), int((clock.now() + _RETENTION).timestamp())
    item = _key(email_request_id) | {"id": email_request_id, "kind": str(kind), "expires_at": expires_at} | attributes
    return Put(_TABLE, new_item(item, actor="auth", publish=[event_entry(EmailRequested)]))


def request_password_reset(email: str) -> None:
    """Request a code for the address; the same single write whether or not an account has it."""
    store.write(request_email(EmailKind.PASSWORD_RESET, email_key=uniqueness.email_key(email)["pk"]))


def pending(email_request_id: str) -> Item | None:
    """Return the e-mail request, or None if it was sent, has failed or does not exist."""
    item = store.get(_TABLE, _key(email_request_id))
    return item if item and "sent_at" not in item and "failed_at" not in item else None


def mark(email_request_id: str, timestamp_attribute: str) -> bool:
    """Set `sent_at` or `failed_at`. Returns False if either is set already."""
    still_pending = "attribute_exists(#pk) AND attribute_not_exists(#sent_at) AND attribute_not_exists(#failed_at)"
    values = {"now": clock.iso(clock.now())}
    try:
        store.write(
            Update(
                _TABLE,
                _key(email_request_id),
                f"SET #{timestamp_attribute} = :now",
                condition=still_pending,
                values=values,
            )
        )
    except ConditionFailed:
        return False
    return True


def within_rate_limit(email_request: Item, email_key: str) -> bool:
    """Count the e-mail, once however often it is tried. Returns False above `_MAX_PER_HOUR` for the address."""
    counter_key = {"pk": email_key, "sk": f"email_requests#{email_request['kind']}#{email_request['created_at'][:13]}"}
    values = {
        "this": {email_request["id"]},
        "id": email_request["id"],
        "most": _MAX_PER_HOUR,
        "gone": email_request["expires_at"],
    }
    below_limit = (
        "attribute_not_exists(#email_requests) OR contains(#email_requests, :id) OR size(#email_requests) < :most"
    )
    try:
        store.write(
            Update(
                _TABLE,
                counter_key,
                "ADD #email_requests :this SET #expires_at = :gone",
                condition=below_limit,
                values=values,
            )
        )
    except ConditionFailed:
        return False
    return True


def delete_for_account(email_key: str, account_id: str) -> None:
    """Delete the address's counters and e-mail requests, except requests for other accounts."""
    values = {"pk": email_key, "sk": "email_requests#"}
    counters, _ = store.query(_TABLE, "#pk = :pk AND begins_with(#sk, :sk)", values)  # at most a day's: one page
    for counter in counters:
        for email_request_id in counter["email_requests"]:
            _delete_if(
                _key(email_request_id), "attribute_exists(#email_key) OR #account_id = :mine", {"mine": account_id}
            )
        store.write(Delete(_TABLE, {"pk": counter["pk"], "sk": counter["sk"]}))


def _delete_if(key: Key, condition: str, values: dict[str, Any]) -> None:
    with suppress(ConditionFailed):  # already deleted, or another account's
        store.write(Delete(_TABLE, key, condition=condition, values=values))


def _key(email_request_id: str) -> dict[str, str]:
    return {"pk": email_request_id, "sk": "email_request"}
