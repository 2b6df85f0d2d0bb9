"""POST /v1/password/reset: another password for whoever has the code of the mail."""

from auth.core import passwords
from auth.core.errors import InvalidCode, WeakPassword
from auth.core.schemas import ResetPasswordRequest
from common.api import NoContent, endpoint


@endpoint(errors=[InvalidCode, WeakPassword])
def handler(request: ResetPasswordRequest) -> NoContent:
    """Set the password, once; every session ends, and access tokens within a minute.

    All codes of before are worth nothing then. The owner is told by mail.
    """
    passwords.reset(request)
    return NoContent()
