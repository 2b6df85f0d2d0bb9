"""GET /problems/{slug}: the page that the `type` of a problem links to."""

from common.api import BinaryResponse, endpoint
from gateway.core import docs_site
from gateway.core.errors import ProblemNotFound


@endpoint(errors=[ProblemNotFound])
def handler(slug: str) -> BinaryResponse:
    """What a problem means, and which calls answer it."""
    return BinaryResponse(docs_site.problem_page(slug), docs_site.HTML_TYPE, docs_site.PAGE_HEADERS)
