"""Sessions: open, refresh (with reuse detection), and description of their device."""

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta

from auth.core import access_tokens, repository, session_repository
from auth.core.errors import InvalidCredentials, InvalidRefreshToken
from auth.core.model import SESSION_DAYS, Account, Session, TokenUse
from auth.core.refresh_tokens import RefreshToken
from auth.core.schemas import TokensView
from common import clock, ids, log

# The first match wins: browsers also name the ones they descend from.
_CLIENTS = {
    "Edg": "Edge", "OPR/": "Opera", "Firefox/": "Firefox", "Chrome/": "Chrome", "Safari/": "Safari",
    "curl/": "curl", "python": "Python", "Python": "Python", "okhttp": "Android app",
}  # fmt: skip
_OPERATING_SYSTEMS = {
    "iPhone": "iPhone", "iPad": "iPad", "Android": "Android", "Windows": "Windows", "Mac OS X": "macOS",
    "CrOS": "ChromeOS", "Linux": "Linux",
}  # fmt: skip
_UNKNOWN_DEVICE = "unknown"


def open_session(account: Account, device: str) -> TokensView:
    """Open a session for an account whose password was verified. Returns its tokens. Raises InvalidCredentials."""
    now, session_id, family = clock.now(), ids.new(), secrets.token_urlsafe(16)
    first_token = RefreshToken.derive(account.id, session_id, family, 1)
    expires_at = int((now + timedelta(days=SESSION_DAYS)).timestamp())
    session_repository.create(first_token, family, now, expires_at, version=account.version, device=device)
    current = repository.find(account.id)  # read after the write, so that a later role removal sees the session
    if not current or current.min_session_version > account.version:  # password changed concurrently
        raise InvalidCredentials
    log.count("SessionsOpened")
    return _issue_tokens(current, first_token, now)


def refresh(refresh_token: str) -> TokensView:
    """Exchange a refresh token for the next tokens, with current roles. Raises InvalidRefreshToken."""
    now, presented = clock.now(), RefreshToken.parse(refresh_token)
    session = session_repository.find(presented.user_id, presented.session_id)
    successor = _successor(session, presented, now)
    account = repository.find(presented.user_id)
    if not account or not session or not account.accepts_session(session):
        raise InvalidRefreshToken
    return _issue_tokens(account, successor, now)


def _successor(session: Session | None, presented: RefreshToken, now: datetime) -> RefreshToken:
    if not session or not session.is_active(now) or not presented.belongs_to(session):
        raise InvalidRefreshToken
    use = session.classify_token(presented.hash, now)
    if use is TokenUse.REUSED:
        # Either copy may be stolen, so the session ends.
        session_repository.revoke(session.user_id, session.id, now)
        log.count("RefreshTokensReused")
        raise InvalidRefreshToken
    counter = session.counter + (use is TokenUse.CURRENT)
    successor = RefreshToken.derive(session.user_id, session.id, session.family, counter)
    if use is TokenUse.CURRENT:
        _rotate(session, successor, now)
    return successor


def _rotate(session: Session, successor: RefreshToken, now: datetime) -> None:
    # Of two concurrent refreshes, the second finds the same successor already stored.
    rotated = session_repository.rotate(session, successor, now)
    if not rotated or rotated.revoked or rotated.token_hash != successor.hash:
        raise InvalidRefreshToken


def _issue_tokens(account: Account, refresh_token: RefreshToken, now: datetime) -> TokensView:
    access_token = access_tokens.sign_token(account, refresh_token.session_id, now)
    return TokensView(
        access_token=access_token, refresh_token=str(refresh_token), email_verified=account.email_verified
    )


def describe_device(headers: Mapping[str, str]) -> str:
    """Return for example `Firefox on Linux`; consists of known terms only, not of client input."""
    user_agent = headers.get("user-agent", "")
    parts = [_first_match(user_agent, _CLIENTS), _first_match(user_agent, _OPERATING_SYSTEMS)]
    return " on ".join(part for part in parts if part) or _UNKNOWN_DEVICE


def _first_match(user_agent: str, names_by_token: Mapping[str, str]) -> str | None:
    return next((name for token, name in names_by_token.items() if token in user_agent), None)
