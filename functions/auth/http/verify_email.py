"""POST /v1/email/verify: the code of a mail proves whose the address is."""

from auth.core import email_codes
from auth.core.errors import EmailTaken, InvalidCode
from auth.core.schemas import VerifyEmailRequest
from common.api import NoContent, endpoint


@endpoint(errors=[InvalidCode, EmailTaken])
def handler(request: VerifyEmailRequest) -> NoContent:
    """Verify the address of the account that the mail was about; the same code again changes nothing.

    Access tokens say so from the next login or refresh on. An address belongs to the first account that
    verifies it.
    """
    email_codes.verify_email(request.token)
    return NoContent()
