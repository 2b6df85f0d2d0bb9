"""Errors of the gateway."""

from collections.abc import Sequence

from common.problems import DomainError, NotFound


class RouteNotFound(NotFound):
    """There is no such call: the path or its method is not one of this API."""


class MethodNotAllowed(DomainError):
    """The path is one of this API, but not with this method."""

    status = 405

    def __init__(self, allowed: Sequence[str]) -> None:
        super().__init__(f"This path takes {', '.join(allowed)}.", allowed=list(allowed))

    @property
    def headers(self) -> dict[str, str]:
        return {"allow": ", ".join(self.members["allowed"])}


class FileNotFound(NotFound):
    """The documentation has no such file."""


class ProblemNotFound(NotFound):
    """No call answers a problem of this name."""
