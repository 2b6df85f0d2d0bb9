"""GET /v1/docs/{file}: a file of the documentation page."""

from common.api import BinaryResponse, endpoint
from gateway.core import docs_site
from gateway.core.errors import FileNotFound


@endpoint(errors=[FileNotFound])
def handler(file: str) -> BinaryResponse:
    """A script, style sheet or picture of the interactive documentation."""
    content, kind = docs_site.read_file(file)
    return BinaryResponse(content, kind, docs_site.FILE_HEADERS)
