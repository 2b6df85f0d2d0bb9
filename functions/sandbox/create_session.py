"""POST /sandbox/v1/checkout/sessions: a page on which an amount can be paid."""

from common.api import RawRequest, endpoint
from sandbox.core import calls, wire


@endpoint()
def handler(request: RawRequest, **_others: str) -> wire.Document:
    """Create a session, or answer that of the same idempotency key."""
    return wire.answer(request, lambda: calls.open_session(request))
