"""How the gateway refuses."""

from common.problems import NotFound


class UnknownRoute(NotFound):
    """There is no such call: the path or its method is not one of this API."""
