"""Sessions: opened by a login, renewed by refresh tokens, ended by a token's reuse."""

import secrets
from datetime import datetime, timedelta

from auth.core import access, repository, session_repository
from auth.core.errors import InvalidCredentials, InvalidToken
from auth.core.model import SESSION_DAYS, Account, Session, Use
from auth.core.refresh import RefreshToken
from auth.core.schemas import TokensView
from common import clock, ids, log


def opened(proved: Account, device: str) -> TokensView:
    """A new session's first tokens, for whoever gave this account's password. Raises InvalidCredentials."""
    now, session_id, family = clock.now(), ids.new(), secrets.token_urlsafe(16)
    first = RefreshToken.derived(proved.id, session_id, family, 1)
    until = int((now + timedelta(days=SESSION_DAYS)).timestamp())
    session_repository.begin(first, family, now, until, version=proved.version, device=device)
    account = repository.account(proved.id)  # not before: who takes a role away after this finds the session
    if not account or account.sessions_from > proved.version:  # the password was changed meanwhile
        raise InvalidCredentials
    log.count("SessionsOpened")
    return _tokens(account, first, now)


def renewed(text: str) -> TokensView:
    """The next tokens for the one given. Roles are read anew. Raises InvalidToken."""
    now, given = clock.now(), RefreshToken.parse(text)
    session = session_repository.get(given.user_id, given.session_id)
    successor = _successor(session, given, now)
    account = repository.account(given.user_id)
    if not account or not session or not account.admits(session):
        raise InvalidToken
    return _tokens(account, successor, now)


def _successor(session: Session | None, given: RefreshToken, now: datetime) -> RefreshToken:
    if not session or not session.live(now) or not given.of_family(session):
        raise InvalidToken
    use = session.use_of(given.hash, now)
    if use is Use.REUSED:
        # Either copy may be the thief's: both lose.
        session_repository.revoke(session.user_id, session.id, now)
        log.count("RefreshTokensReused")
        raise InvalidToken
    counter = session.counter + (use is Use.CURRENT)
    successor = RefreshToken.derived(session.user_id, session.id, session.family, counter)
    if use is Use.CURRENT:
        _rotate(session, successor, now)
    return successor


def _rotate(session: Session, successor: RefreshToken, now: datetime) -> None:
    # Two refreshes at once: the second finds that the first has brought the same successor.
    found = session_repository.rotate(session, successor, now)
    if not found or found.revoked or found.token_hash != successor.hash:
        raise InvalidToken


def _tokens(account: Account, refresh: RefreshToken, now: datetime) -> TokensView:
    signed = access.issue(account, refresh.session_id, now)
    return TokensView(access_token=signed, refresh_token=str(refresh), email_verified=account.email_verified)
