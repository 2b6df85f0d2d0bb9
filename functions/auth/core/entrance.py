"""The way in: a name and a password against a session."""

from auth.core import attempts, claims, passwords, repository, sessions
from auth.core.errors import InvalidCredentials
from auth.core.schemas import LoginRequest, TokensView
from common import clock, log


def log_in(request: LoginRequest, device: str) -> TokensView:
    """Raises InvalidCredentials and TooManyAttempts, alike for names that nobody has."""
    claim = claims.of_email(request.email) if request.email else claims.of_name(request.username or "")
    attempts.charge(claim["pk"], clock.now())
    account = repository.account_of(claim)
    if not passwords.matches(account.password if account else None, request.password) or not account:
        log.count("LoginsRefused")
        raise InvalidCredentials
    attempts.forgive(claim["pk"])
    return sessions.opened(account, device)
