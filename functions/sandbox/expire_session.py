"""POST /sandbox/v1/checkout/sessions/{session_id}/expire: nothing shall be paid there any more."""

from common.api import RawRequest, endpoint
from sandbox.core import calls, wire


@endpoint()
def handler(session_id: str, request: RawRequest, **_others: str) -> wire.Document:
    """Expire the session, if it is open."""
    return wire.answer(request, lambda: calls.close(session_id))
