"""How the gateway refuses."""

from collections.abc import Sequence

from common.problems import DomainError, NotFound


class UnknownRoute(NotFound):
    """There is no such call: the path or its method is not one of this API."""


class MethodUnknown(DomainError):
    """The path is one of this API, but not with this method."""

    status = 405

    def __init__(self, allowed: Sequence[str]) -> None:
        super().__init__(f"This path takes {', '.join(allowed)}.", allowed=list(allowed))

    @property
    def headers(self) -> dict[str, str]:
        return {"allow": ", ".join(self.members["allowed"])}


class UnknownFile(NotFound):
    """The documentation has no such file."""


class UnknownProblem(NotFound):
    """No call answers a problem of this name."""
