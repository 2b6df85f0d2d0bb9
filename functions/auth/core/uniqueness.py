"""Items that enforce uniqueness of user names, addresses, the first admin and registration requests."""

import hashlib
from datetime import datetime

from common.idempotency import IdempotentRequest
from common.store import Put

_TABLE = "auth"
NEW = "attribute_not_exists(#pk)"
HOLDER_PREFIX = "holder#"
ADMINS_KEY = {"pk": "claim#admin", "sk": "claim"}


def email_key(email: str) -> dict[str, str]:
    """Return the key of the item that holds who has verified the address; case-insensitive.

    Hashed: only the account stores the address itself.
    """
    return {"pk": f"claim#email#{hashlib.sha256(email.lower().encode()).hexdigest()}", "sk": "claim"}


def email_holder_key(email: str, user_id: str) -> dict[str, str]:
    """Return the key of the item that links the address to an account registered with it."""
    return email_key(email) | {"sk": f"{HOLDER_PREFIX}{user_id}"}


def username_key(user_name: str) -> dict[str, str]:
    return {"pk": f"claim#username#{user_name}", "sk": "claim"}


def claim_email(email: str, user_id: str) -> Put:
    """Return the write that assigns the address to the account; it fails if another account has it."""
    unclaimed_or_own = "attribute_not_exists(#pk) OR #user_id = :me"
    return Put(_TABLE, email_key(email) | {"user_id": user_id}, condition=unclaimed_or_own, values={"me": user_id})


def claim_first_admin(user_id: str) -> Put:
    """Return the write that registers the first admin; it fails if there is one."""
    return Put(_TABLE, ADMINS_KEY | {"user_ids": {user_id}}, condition="attribute_not_exists(#user_ids)")


def registration_receipt(idempotent_request: IdempotentRequest, password: str, expires_at: datetime) -> Put:
    """Return the write that records a request with an idempotency key; `password` is the hash."""
    attributes = {
        "request_hash": idempotent_request.request_hash,
        "password": password,
        "expires_at": int(expires_at.timestamp()),
    }
    return Put(_TABLE, registration_receipt_key(idempotent_request.id) | attributes, condition=NEW)


def registration_receipt_key(user_id: str) -> dict[str, str]:
    """Return the receipt's key; an account registered with an idempotency key has the request's id."""
    return {"pk": f"claim#registration#{user_id}", "sk": "claim"}
