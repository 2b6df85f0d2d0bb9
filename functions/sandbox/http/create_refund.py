"""POST /sandbox/v1/refunds: money of a payment goes back."""

from common.api import RawRequest, endpoint
from sandbox.core import stripe_endpoints, stripe_http


@endpoint()
def handler(request: RawRequest, **_others: str) -> stripe_http.Document:
    """Refund at most what is left, once per idempotency key."""
    return stripe_http.respond_authenticated(request, lambda: stripe_endpoints.create_refund(request))
