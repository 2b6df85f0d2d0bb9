"""POST /sandbox/v1/checkout/sessions/{session_id}/expire: nothing shall be paid there any more."""

from common.api import RawRequest, endpoint
from sandbox.core import stripe_endpoints, stripe_http


@endpoint()
def handler(session_id: str, request: RawRequest, **_others: str) -> stripe_http.Document:
    """Expire the session, if it is open."""
    return stripe_http.respond_authenticated(request, lambda: stripe_endpoints.expire_session(session_id))
