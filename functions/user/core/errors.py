"""Why user refuses."""

from collections.abc import Sequence

from common.problems import Conflict, NotFound


class UserUnknown(NotFound):
    """There is no such user, or it is not you."""


class StillOrganising(Conflict):
    """Events that they organise are published and not over: these take place, or are cancelled, first."""

    def __init__(self, event_ids: Sequence[str]) -> None:
        super().__init__(event_ids=list(event_ids))


class AdminStays(Conflict):
    """An admin gives up the role before the account."""
