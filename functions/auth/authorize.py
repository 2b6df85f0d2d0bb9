"""The gateway's question: whose is this bearer token?"""

from typing import Any

from auth.core import gate
from common import log


def handler(event: dict[str, Any], _context: Any = None) -> dict[str, Any]:
    """Answer with the user, session and roles, or no. Raises what hinders the check."""
    try:
        return gate.answer(event)
    finally:
        log.flush()
