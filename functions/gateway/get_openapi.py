"""GET /v1/openapi.json: the API described for programs, as docs/openapi.json has it."""

from common.api import Binary, IfNoneMatch, NotModified, endpoint
from gateway.core import pages


@endpoint()
def handler(known: IfNoneMatch) -> Binary | NotModified:
    """The OpenAPI 3.1 document of this API."""
    content, tag = pages.document()
    headers = {"etag": tag, "cache-control": pages.CACHE}
    return NotModified(headers) if known.has(tag) else Binary(content, pages.JSON, headers)
