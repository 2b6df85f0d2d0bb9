"""$default: a problem document for requests that match no route."""

from common.api import NoContent, RequestTarget, endpoint
from gateway.core import docs_site
from gateway.core.errors import MethodNotAllowed, RouteNotFound


@endpoint(errors=[RouteNotFound, MethodNotAllowed])
def handler(target: RequestTarget, **_parameters: str) -> NoContent:
    """Refuse what is no call of this API."""
    allowed = docs_site.allowed_methods(target.path)
    if allowed:
        raise MethodNotAllowed(allowed)
    raise RouteNotFound
