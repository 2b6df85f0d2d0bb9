"""POST /v1/email/verification: another mail with a code."""

from auth.core import email_codes
from auth.core.errors import AlreadyVerified, TooManyEmails
from common.api import Accepted, Caller, endpoint


@endpoint(errors=[AlreadyVerified, TooManyEmails])
def handler(caller: Caller) -> Accepted:
    """Send the caller's address another code, once a minute; earlier codes stay good for their 24 hours."""
    email_codes.resend(caller)
    return Accepted()
