"""POST /sandbox/v1/refunds: money of a payment goes back."""

from common.api import RawRequest, endpoint
from sandbox.core import calls, wire


@endpoint()
def handler(request: RawRequest, **_others: str) -> wire.Document:
    """Refund at most what is left, once per idempotency key."""
    return wire.answer(request, lambda: calls.refund(request))
