"""Another password: for whoever knows the old one, or has the code of a mail."""

from auth.core import attempts, claims, codes, letters, passwords, repository, session_repository
from auth.core.errors import CodeInvalid, WrongPassword
from auth.core.letters import Matter
from auth.core.model import Account
from auth.core.schemas import PasswordRequest, ResetRequest
from common import clock, log
from common.api import Caller
from common.patience import NotNow
from common.store import ConditionFailed, Write

_TRIES = 4  # where something else of the account changes at the same moment


def change(request: PasswordRequest, caller: Caller) -> None:
    """End all sessions but the caller's. Raises WrongPassword, PasswordRefused, TooManyAttempts."""
    account = repository.account(caller.user_id)
    if account:
        attempts.charge(_name(account), clock.now())
    if not passwords.matches(account.password if account else None, request.old) or not account:
        raise WrongPassword(pointer="/old")
    attempts.forgive(_name(account))
    hashed = passwords.accept(request.new, email=account.email, user_name=account.username, pointer="/new")
    try:
        _replace(account, hashed, caller.session_id)
    except ConditionFailed:  # another change was quicker
        raise WrongPassword(pointer="/old") from None


def reset(request: ResetRequest) -> None:
    """End all sessions. Raises CodeInvalid, PasswordRefused."""
    code = codes.read(request.token, Matter.RESET)
    account = repository.account(code["account_id"])
    if not account or "used_at" in code or code["password_version"] != account.sessions_from:
        raise CodeInvalid(pointer="/token")
    hashed = passwords.accept(request.password, email=account.email, user_name=account.username)
    try:
        _replace(account, hashed, "", codes.spend(request.token))
    except ConditionFailed:  # another use, or another change, was quicker
        raise CodeInvalid(pointer="/token") from None
    attempts.forgive(_name(account))


def _replace(account: Account, hashed: str, keep: str, *also: Write) -> None:
    told = letters.wanted(Matter.CHANGED, account_id=account.id)
    for _ in range(_TRIES):
        try:
            repository.replace_password(account, hashed, keep, *also, told)
        except ConditionFailed as failure:
            found = repository.account(account.id)
            if failure.failed != (0,) or not found or found.password != account.password:
                raise
            account = found
            continue
        session_repository.end_older(account.id, account.version + 1, keep, clock.now())
        log.count("PasswordsChanged")
        return
    raise NotNow("the account changes all the time")


def _name(account: Account) -> str:
    return claims.of_name(account.username)["pk"]
