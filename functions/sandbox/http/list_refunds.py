"""GET /sandbox/v1/refunds: what went back of a payment."""

from common.api import RawRequest, endpoint
from sandbox.core import stripe_endpoints, stripe_http


@endpoint()
def handler(request: RawRequest, payment_intent: str = "", **_others: str) -> stripe_http.Document:
    """All of them at once: the sandbox knows no pages."""
    return stripe_http.respond_authenticated(request, lambda: stripe_endpoints.list_refunds(payment_intent))
