"""GET /sandbox/v1/checkout/sessions/{session_id}: what has become of a session."""

from common.api import RawRequest, endpoint
from sandbox.core import stripe_endpoints, stripe_http


@endpoint()
def handler(session_id: str, request: RawRequest, **_others: str) -> stripe_http.Document:
    """The session as it is."""
    return stripe_http.respond_authenticated(request, lambda: stripe_endpoints.get_session(session_id))
