"""User's domain errors."""

from collections.abc import Sequence

from common.problems import Conflict, NotFound


class UserNotFound(NotFound):
    """There is no such user, or it is not you."""


class HasOpenEvents(Conflict):
    """Events that they organise are published and not over: these take place, or are cancelled, first."""

    def __init__(self, event_ids: Sequence[str]) -> None:
        super().__init__(event_ids=list(event_ids))


class AdminCannotBeErased(Conflict):
    """An admin gives up the role before the account."""
