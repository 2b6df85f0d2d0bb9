"""Passwords: validation, argon2id hashing (OWASP's minimum: 19 MiB, 2 passes, 1 lane), change and reset."""

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError

from auth.core import email_codes, email_requests, login_throttle, repository, session_repository, uniqueness
from auth.core.email_requests import EmailKind
from auth.core.errors import InvalidCode, WeakPassword, WrongPassword
from auth.core.model import Account
from auth.core.schemas import ChangePasswordRequest, ResetPasswordRequest
from common import clock, log
from common.api import Caller
from common.retries import Contention
from common.store import ConditionFailed, Write

_TRIES = 4  # if other attributes of the account change concurrently
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
# The hash of 32 discarded random bytes: verification takes as long for an unknown user as for a known one.
_DUMMY_HASH = "$argon2id$v=19$m=19456,t=2,p=1$flMm3xBpuyDQHxyim6u0iQ$lsJ5CY45NDdBBzO4dzAIP2k1QsbQqqg2eyCrMF17UJA"
_MIN_DISTINCT_CHARACTERS = 5
_MIN_NAME_LENGTH = 4  # shorter names occur in strong passwords by chance
_COMMON_FRAGMENTS = (
    "12345678901234", "abcdefghijklmn", "correcthorsebattery", "iloveyouiloveyou", "letmeinletmein",
    "passwordpassword", "password1234567", "qwertyqwerty", "qwertyuiopasdf", "1q2w3e4r5t6y7u", "ticketticket",
)  # fmt: skip


def hash_validated(password: str, *, email: str, user_name: str, pointer: str = "/password") -> str:
    """Return the password's hash. Raises WeakPassword for a password that is easy to guess."""
    folded = password.casefold()
    names = {email.casefold(), email.partition("@")[0].casefold(), user_name.casefold()}
    if any(name in folded for name in names if len(name) >= _MIN_NAME_LENGTH):
        raise WeakPassword("The password contains your name or address.", pointer=pointer)
    if len(set(folded)) < _MIN_DISTINCT_CHARACTERS or any(fragment in folded for fragment in _COMMON_FRAGMENTS):
        raise WeakPassword(pointer=pointer)
    return _HASHER.hash(password)


def verify(stored_hash: str | None, password: str) -> bool:
    """Return whether the password matches; takes as long without a stored hash."""
    try:
        _HASHER.verify(stored_hash or _DUMMY_HASH, password)
    except VerificationError:
        return False
    return True


def change(request: ChangePasswordRequest, caller: Caller) -> None:
    """Replace the password; end all other sessions. Raises WrongPassword, WeakPassword, TooManyAttempts."""
    account = repository.find(caller.user_id)
    if account:
        login_throttle.record_attempt(_throttle_key(account), clock.now())
    if not verify(account.password if account else None, request.old) or not account:
        raise WrongPassword(pointer="/old")
    login_throttle.reset(_throttle_key(account))
    password_hash = hash_validated(request.new, email=account.email, user_name=account.username, pointer="/new")
    try:
        _replace_with_retry(account, password_hash, caller.session_id)
    except ConditionFailed:  # changed concurrently
        raise WrongPassword(pointer="/old") from None


def reset(request: ResetPasswordRequest) -> None:
    """Replace the password by a reset code; end all sessions. Raises InvalidCode, WeakPassword."""
    code = email_codes.get_valid(request.token, EmailKind.PASSWORD_RESET)
    account = repository.find(code["account_id"])
    if not account or "used_at" in code or code["password_version"] != account.min_session_version:
        raise InvalidCode(pointer="/token")
    password_hash = hash_validated(request.password, email=account.email, user_name=account.username)
    try:
        _replace_with_retry(account, password_hash, "", email_codes.consume(request.token))
    except ConditionFailed:  # used or changed concurrently
        raise InvalidCode(pointer="/token") from None
    login_throttle.reset(_throttle_key(account))


def _replace_with_retry(account: Account, password_hash: str, exempt_session_id: str, *other_writes: Write) -> None:
    email_request = email_requests.request_email(EmailKind.PASSWORD_CHANGED, account_id=account.id)
    for _ in range(_TRIES):
        try:
            repository.replace_password(account, password_hash, exempt_session_id, *other_writes, email_request)
        except ConditionFailed as failure:
            current = repository.find(account.id)
            if failure.failed_indexes != (0,) or not current or current.password != account.password:
                raise
            account = current
            continue
        session_repository.revoke_older_than(account.id, account.version + 1, exempt_session_id, clock.now())
        log.count("PasswordsChanged")
        return
    raise Contention("the account keeps changing")


def _throttle_key(account: Account) -> str:
    return uniqueness.username_key(account.username)["pk"]
