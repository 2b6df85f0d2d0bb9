"""Auth's domain errors."""

from common.problems import Conflict, NotFound, TooManyRequests, Unauthenticated, Unprocessable


class InvalidCredentials(Unauthenticated):
    """Nobody has this name and this password; an address is a name once it is verified."""


class InvalidCode(Unprocessable):
    """The code is not valid: unknown, used before, replaced or too old."""


class EmailTaken(Conflict):
    """The address has been verified for another account."""


class AlreadyVerified(Conflict):
    """The address is verified; there is nothing to ask for."""


class TooManyEmails(TooManyRequests):
    """A mail was asked for a moment ago; wait before the next one."""


class InvalidRefreshToken(Unauthenticated):
    """The refresh token is not valid: unknown, used before, or of a session that is over."""


class TooManyAttempts(TooManyRequests):
    """Too many failed logins for this name; wait before the next one."""


class WeakPassword(Unprocessable):
    """The password is easy to guess."""


class WrongPassword(Unprocessable):
    """The old password is not the password."""


class UserNameTaken(Conflict):
    """Somebody else has this user name."""


class SessionNotFound(NotFound):
    """There is no such session, or it is not yours."""


class UserNotFound(NotFound):
    """There is no such user, or it is not you."""


class LastAdmin(Conflict):
    """The last admin cannot give up the role."""
