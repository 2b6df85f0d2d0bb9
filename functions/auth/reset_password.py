"""POST /v1/password/reset: another password for whoever has the code of the mail."""

from auth.core import password_changes
from auth.core.errors import CodeInvalid, PasswordRefused
from auth.core.schemas import ResetRequest
from common.api import NoContent, endpoint


@endpoint(refuses=[CodeInvalid, PasswordRefused])
def handler(request: ResetRequest) -> NoContent:
    """Set the password, once; every session ends, and access tokens within a minute.

    All codes of before are worth nothing then. The owner is told by mail.
    """
    password_changes.reset(request)
    return NoContent()
