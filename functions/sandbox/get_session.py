"""GET /sandbox/v1/checkout/sessions/{session_id}: what has become of a session."""

from common.api import RawRequest, endpoint
from sandbox.core import calls, wire


@endpoint()
def handler(session_id: str, request: RawRequest, **_others: str) -> wire.Document:
    """The session as it is."""
    return wire.answer(request, lambda: calls.look_at(session_id))
