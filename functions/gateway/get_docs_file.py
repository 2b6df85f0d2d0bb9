"""GET /v1/docs/{file}: what the documentation's page is made of."""

from common.api import Binary, endpoint
from gateway.core import pages
from gateway.core.errors import UnknownFile


@endpoint(refuses=[UnknownFile])
def handler(file: str) -> Binary:
    """A script, style sheet or picture of the interactive documentation."""
    content, kind = pages.file(file)
    return Binary(content, kind, pages.SHOWN)
