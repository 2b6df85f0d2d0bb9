"""POST /v1/register: open an account."""

from auth.core import registration
from auth.core.errors import PasswordRefused, UserNameTaken
from auth.core.schemas import RegisteredView, RegisterRequest
from common.api import Created, IdempotencyKey, endpoint
from common.idempotency import KeyReused


@endpoint(refuses=[UserNameTaken, PasswordRefused, KeyReused])
def handler(request: RegisterRequest, idempotency_key: IdempotencyKey) -> Created[RegisteredView]:
    """Open an account; the profile at `Location` follows within a moment.

    A mail brings a code that proves whose the address is: `POST /v1/email/verify`. Whether the address
    has an account already is told in that mail only. User names are public, so a taken one is refused.
    An Idempotency-Key belongs to the address that it came with, and is remembered for a day.
    """
    view, replayed = registration.register(request, idempotency_key)
    return Created(view, f"/v1/users/{view.id}", replayed=replayed)
