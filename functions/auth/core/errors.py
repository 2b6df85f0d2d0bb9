"""Why auth refuses."""

from common.problems import Conflict, Invalid, NotFound, TooMany, Unauthenticated


class InvalidCredentials(Unauthenticated):
    """Nobody has this name and this password."""


class InvalidToken(Unauthenticated):
    """The refresh token is not valid: unknown, used before, or of a session that is over."""


class TooManyAttempts(TooMany):
    """Too many failed logins for this name; wait before the next one."""


class PasswordRefused(Invalid):
    """The password is easy to guess."""


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
