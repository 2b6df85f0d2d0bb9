"""GET /v1/docs: the interactive API documentation."""

from common.api import BinaryResponse, endpoint
from gateway.core import docs_site


@endpoint()
def handler() -> BinaryResponse:
    """The interactive documentation, which loads nothing from anywhere else."""
    return BinaryResponse(docs_site.index_page(), docs_site.HTML_TYPE, docs_site.PAGE_HEADERS)
