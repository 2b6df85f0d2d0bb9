"""The items that make names, addresses, admins and requests unique, each an account's that came first."""

import hashlib
from datetime import datetime

from common.idempotency import Claim
from common.store import Put

_TABLE = "auth"
NEW = "attribute_not_exists(#pk)"
HOLDER = "holder#"
ADMINS = {"pk": "claim#admin", "sk": "claim"}


def of_email(email: str) -> dict[str, str]:
    """The key of the item whose owner has verified this address; its case does not matter.

    Hashed: the address itself is in the account alone.
    """
    return {"pk": f"claim#email#{hashlib.sha256(email.lower().encode()).hexdigest()}", "sk": "claim"}


def holder(email: str, user_id: str) -> dict[str, str]:
    """The key of the item that says whose address this may be: of every account that was opened with it."""
    return of_email(email) | {"sk": f"{HOLDER}{user_id}"}


def of_name(user_name: str) -> dict[str, str]:
    return {"pk": f"claim#username#{user_name}", "sk": "claim"}


def own_email(email: str, user_id: str) -> Put:
    """The write that makes the address this account's, unless it is another's."""
    mine = "attribute_not_exists(#pk) OR #user_id = :me"
    return Put(_TABLE, of_email(email) | {"user_id": user_id}, condition=mine, values={"me": user_id})


def first_admin(user_id: str) -> Put:
    """The write that only the first admin's registration can make."""
    return Put(_TABLE, ADMINS | {"user_ids": {user_id}}, condition="attribute_not_exists(#user_ids)")


def receipt(claim: Claim, password: str, until: datetime) -> Put:
    """What remembers the request that came with a key; `password` is its hash."""
    kept = {"request_hash": claim.request_hash, "password": password, "expires_at": int(until.timestamp())}
    return Put(_TABLE, receipt_key(claim.id) | kept, condition=NEW)


def receipt_key(claim_id: str) -> dict[str, str]:
    """An account that was opened with a key has its claim's id."""
    return {"pk": f"claim#registration#{claim_id}", "sk": "claim"}
