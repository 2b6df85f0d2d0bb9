"""$default: whatever no other route takes gets a problem document, like every other refusal."""

from common.api import NoContent, endpoint
from gateway.core.errors import UnknownRoute


@endpoint(refuses=[UnknownRoute])
def handler(**_parameters: str) -> NoContent:
    """Refuse what is no call of this API."""
    raise UnknownRoute
