"""Login with a user name or verified address, and a password."""

from auth.core import login_throttle, passwords, repository, sessions, uniqueness
from auth.core.errors import InvalidCredentials
from auth.core.schemas import LoginRequest, TokensView
from common import clock, log


def login(request: LoginRequest, device: str) -> TokensView:
    """Open a session. Raises InvalidCredentials and TooManyAttempts, for unknown names too."""
    key = uniqueness.email_key(request.email) if request.email else uniqueness.username_key(request.username or "")
    login_throttle.record_attempt(key["pk"], clock.now())
    account = repository.find_by_key(key)
    if not passwords.verify(account.password if account else None, request.password) or not account:
        log.count("LoginsRejected")
        raise InvalidCredentials
    login_throttle.reset(key["pk"])
    return sessions.open_session(account, device)
