"""GET /sandbox/pay/{session_id}: the hosted page of a session."""

from common.api import Binary, endpoint
from sandbox.core import checkout


@endpoint()
def handler(session_id: str) -> Binary:
    """Choose how the payment ends: paid, 3-D Secure, declined or abandoned."""
    return checkout.show(session_id)
