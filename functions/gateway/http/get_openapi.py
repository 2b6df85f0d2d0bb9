"""GET /v1/openapi.json: the OpenAPI document, as in docs/openapi.json."""

from common.api import BinaryResponse, IfNoneMatch, NotModified, endpoint
from gateway.core import docs_site


@endpoint()
def handler(if_none_match: IfNoneMatch) -> BinaryResponse | NotModified:
    """The OpenAPI 3.1 document of this API."""
    content, tag = docs_site.openapi_document()
    headers = {"etag": tag, "cache-control": docs_site.CACHE_CONTROL}
    return NotModified(headers) if if_none_match.matches(tag) else BinaryResponse(content, docs_site.JSON_TYPE, headers)
