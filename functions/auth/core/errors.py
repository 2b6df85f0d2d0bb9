"""Why auth refuses."""

from common.problems import Conflict, Invalid, NotFound, TooMany, Unauthenticated


class InvalidCredentials(Unauthenticated):
    """Nobody has this name and this password; an address is a name once it is verified."""


class CodeInvalid(Invalid):
    """The code is not valid: unknown, used before, replaced or too old."""


class EmailTaken(Conflict):
    """The address has been verified for another account."""


class AlreadyVerified(Conflict):
    """The address is verified; there is nothing to ask for."""


class TooManyMails(TooMany):
    """A mail was asked for a moment ago; wait before the next one."""


class InvalidToken(Unauthenticated):
    """The refresh token is not valid: unknown, used before, or of a session that is over."""


class TooManyAttempts(TooMany):
    """Too many failed logins for this name; wait before the next one."""


class PasswordRefused(Invalid):
    """The password is easy to guess."""


class WrongPassword(Invalid):
    """The old password is not the password."""


class UserNameTaken(Conflict):
    """Somebody else has this user name."""


class SessionUnknown(NotFound):
    """There is no such session, or it is not yours."""


class UserUnknown(NotFound):
    """There is no such user, or it is not you."""


class LastAdmin(Conflict):
    """The last admin cannot give up the role."""


class ChangedMeanwhile(Conflict):
    """Somebody else changed it at the same moment; read it again."""
