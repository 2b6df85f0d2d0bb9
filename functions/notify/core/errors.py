"""Domain errors of the notify service."""

from common.problems import Conflict, NotFound, TooManyRequests


class NotificationNotFound(NotFound):
    """There is no such notification, or it is not yours."""


class NotResendable(Conflict):
    """Only what could not be sent, and tickets, are sent again."""


class ResendTooSoon(TooManyRequests):
    """It was asked for a moment ago: a mail is sent again once in five minutes."""
