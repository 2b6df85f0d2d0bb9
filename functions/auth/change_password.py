"""PUT /v1/password: another password for whoever knows the old one."""

from auth.core import password_changes
from auth.core.errors import PasswordRefused, TooManyAttempts, WrongPassword
from auth.core.schemas import PasswordRequest
from common.api import Caller, NoContent, endpoint


@endpoint(refuses=[WrongPassword, PasswordRefused, TooManyAttempts])
def handler(request: PasswordRequest, caller: Caller) -> NoContent:
    """Set the password; every other session ends, and its access tokens within a minute.

    A wrong old password counts as a failed login. The owner is told by mail.
    """
    password_changes.change(request, caller)
    return NoContent()
