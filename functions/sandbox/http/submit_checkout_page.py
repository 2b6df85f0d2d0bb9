"""POST /sandbox/pay/{session_id}: what was chosen on the hosted page."""

from typing import Any

from common.api import RawRequest, endpoint
from common.responses import Response
from sandbox.core import checkout


@endpoint()
def handler(session_id: str, request: RawRequest) -> Response[Any]:
    """Carry it out, tell the merchant by a signed event, and lead the buyer back."""
    return checkout.submit(session_id, request)
