"""GET /sandbox/pay/{session_id}: the hosted page of a session."""

from common.api import BinaryResponse, endpoint
from sandbox.core import checkout


@endpoint()
def handler(session_id: str) -> BinaryResponse:
    """Choose how the payment ends: paid, 3-D Secure, declined or abandoned."""
    return checkout.render(session_id)
