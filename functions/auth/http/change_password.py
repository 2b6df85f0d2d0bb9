"""PUT /v1/password: another password for whoever knows the old one."""

from auth.core import passwords
from auth.core.errors import TooManyAttempts, WeakPassword, WrongPassword
from auth.core.schemas import ChangePasswordRequest
from common.api import Caller, NoContent, endpoint


@endpoint(errors=[WrongPassword, WeakPassword, TooManyAttempts])
def handler(request: ChangePasswordRequest, caller: Caller) -> NoContent:
    """Set the password; every other session ends, and its access tokens within a minute.

    A wrong old password counts as a failed login. The owner is told by mail.
    """
    passwords.change(request, caller)
    return NoContent()
