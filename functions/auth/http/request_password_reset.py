"""POST /v1/password/forgot: a mail with a code that sets another password."""

from auth.core import email_requests
from auth.core.schemas import ForgotPasswordRequest
from common.api import Accepted, endpoint


@endpoint()
def handler(request: ForgotPasswordRequest) -> Accepted:
    """Send the address a code for one hour, if it is anybody's: that is not told, and takes no longer.

    No more than five such mails go to one address in an hour.
    """
    email_requests.request_password_reset(request.email)
    return Accepted()
