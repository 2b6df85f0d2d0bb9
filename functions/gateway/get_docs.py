"""GET /v1/docs: the API described for people, to read and to try."""

from common.api import Binary, endpoint
from gateway.core import pages


@endpoint()
def handler() -> Binary:
    """The interactive documentation, which loads nothing from anywhere else."""
    return Binary(pages.index(), pages.HTML, pages.PAGE)
