"""POST /v1/register: open an account."""

from auth.core import registration
from auth.core.errors import UserNameTaken, WeakPassword
from auth.core.schemas import AccountView, RegisterRequest
from common.api import Created, IdempotencyKey, endpoint
from common.idempotency import IdempotencyKeyReused


@endpoint(errors=[UserNameTaken, WeakPassword, IdempotencyKeyReused])
def handler(request: RegisterRequest, idempotency_key: IdempotencyKey) -> Created[AccountView]:
    """Open an account; the profile at `Location` follows within a moment.

    A mail brings a code that proves whose the address is: `POST /v1/email/verify`. Whether the address
    has an account already is told in that mail only. User names are public, so a taken one is refused.
    An Idempotency-Key belongs to the address that it came with, and is remembered for a day.
    """
    account, replayed = registration.register(request, idempotency_key)
    return Created(account, f"/v1/users/{account.id}", replayed=replayed)
