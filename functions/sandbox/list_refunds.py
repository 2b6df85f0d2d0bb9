"""GET /sandbox/v1/refunds: what went back of a payment."""

from common.api import RawRequest, endpoint
from sandbox.core import calls, wire


@endpoint()
def handler(request: RawRequest, payment_intent: str = "", **_others: str) -> wire.Document:
    """All of them at once: the sandbox knows no pages."""
    return wire.answer(request, lambda: calls.refunds_of(payment_intent))
