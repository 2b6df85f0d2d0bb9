"""POST /v1/email/verify: the code of a mail proves whose the address is."""

from auth.core import verification
from auth.core.errors import CodeInvalid, EmailTaken
from auth.core.schemas import CodeRequest
from common.api import NoContent, endpoint


@endpoint(refuses=[CodeInvalid, EmailTaken])
def handler(request: CodeRequest) -> NoContent:
    """Verify the address of the account that the mail was about; the same code again changes nothing.

    Access tokens say so from the next login or refresh on. An address belongs to the first account that
    verifies it.
    """
    verification.verify(request.token)
    return NoContent()
