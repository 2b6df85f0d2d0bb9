"""API Gateway's Lambda authorizer: verify the bearer token."""

from typing import Any

from auth.core import authorizer
from common import log


def handler(event: dict[str, Any], _context: Any = None) -> dict[str, Any]:
    """Return the user, session and roles, or a denial. Raises if the token cannot be verified."""
    try:
        return authorizer.authorize(event)
    finally:
        log.flush()
