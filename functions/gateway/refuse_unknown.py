"""$default: whatever no other route takes gets a problem document, like every other refusal."""

from common.api import Address, NoContent, endpoint
from gateway.core import pages
from gateway.core.errors import MethodUnknown, UnknownRoute


@endpoint(refuses=[UnknownRoute, MethodUnknown])
def handler(asked: Address, **_parameters: str) -> NoContent:
    """Refuse what is no call of this API."""
    allowed = pages.methods(asked.path)
    if allowed:
        raise MethodUnknown(allowed)
    raise UnknownRoute
