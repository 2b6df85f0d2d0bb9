"""POST /v1/email/verification: another mail with a code."""

from auth.core import verification
from auth.core.errors import AlreadyVerified, TooManyMails
from common.api import Accepted, Caller, endpoint


@endpoint(refuses=[AlreadyVerified, TooManyMails])
def handler(caller: Caller) -> Accepted:
    """Send the caller's address another code, once a minute; earlier codes stay good for their 24 hours."""
    verification.ask_again(caller)
    return Accepted()
