"""Why user refuses."""

from common.problems import Conflict, NotFound


class UserUnknown(NotFound):
    """There is no such user, or it is not you."""


class AdminStays(Conflict):
    """An admin gives up the role before the account."""
