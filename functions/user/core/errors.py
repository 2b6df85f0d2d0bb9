"""Why user refuses."""

from common.problems import NotFound


class UserUnknown(NotFound):
    """There is no such user, or it is not you."""
