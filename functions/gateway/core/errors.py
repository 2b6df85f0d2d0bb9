"""How the gateway refuses."""

from common.problems import NotFound


class UnknownRoute(NotFound):
    """There is no such call: the path or its method is not one of this API."""


class UnknownFile(NotFound):
    """The documentation has no such file."""


class UnknownProblem(NotFound):
    """No call answers a problem of this name."""
