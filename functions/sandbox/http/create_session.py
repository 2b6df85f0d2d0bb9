"""POST /sandbox/v1/checkout/sessions: a page on which an amount can be paid."""

from common.api import RawRequest, endpoint
from sandbox.core import stripe_endpoints, stripe_http


@endpoint()
def handler(request: RawRequest, **_others: str) -> stripe_http.Document:
    """Create a session, or answer that of the same idempotency key."""
    return stripe_http.respond_authenticated(request, lambda: stripe_endpoints.create_session(request))
