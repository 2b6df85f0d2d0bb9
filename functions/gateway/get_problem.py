"""GET /problems/{slug}: what the `type` of a refusal leads to."""

from common.api import Binary, endpoint
from gateway.core import pages
from gateway.core.errors import UnknownProblem


@endpoint(refuses=[UnknownProblem])
def handler(slug: str) -> Binary:
    """What a problem means, and which calls answer it."""
    return Binary(pages.problem(slug), pages.HTML, pages.PAGE)
