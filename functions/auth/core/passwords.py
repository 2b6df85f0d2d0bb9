"""Passwords: what is refused, and argon2id with OWASP's least parameters (19 MiB, 2 passes, 1 lane)."""

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError

from auth.core.errors import PasswordRefused

_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
# The hash of 32 random bytes that nobody kept: an unknown user costs as much as a known one.
_NOBODYS = "$argon2id$v=19$m=19456,t=2,p=1$flMm3xBpuyDQHxyim6u0iQ$lsJ5CY45NDdBBzO4dzAIP2k1QsbQqqg2eyCrMF17UJA"
_FEWEST_CHARACTERS = 5  # different ones
_SHORTEST_NAME = 4  # shorter names occur in honest passwords by chance
_COMMON = (
    "12345678901234", "abcdefghijklmn", "correcthorsebattery", "iloveyouiloveyou", "letmeinletmein",
    "passwordpassword", "password1234567", "qwertyqwerty", "qwertyuiopasdf", "1q2w3e4r5t6y7u", "ticketticket",
)  # fmt: skip


def accept(password: str, *, email: str, user_name: str, pointer: str = "/password") -> str:
    """The hash to keep. Raises PasswordRefused for a password that a guesser tries first."""
    folded = password.casefold()
    names = {email.casefold(), email.partition("@")[0].casefold(), user_name.casefold()}
    if any(name in folded for name in names if len(name) >= _SHORTEST_NAME):
        raise PasswordRefused("The password contains your name or address.", pointer=pointer)
    if len(set(folded)) < _FEWEST_CHARACTERS or any(common in folded for common in _COMMON):
        raise PasswordRefused(pointer=pointer)
    return _HASHER.hash(password)


def matches(kept: str | None, password: str) -> bool:
    """Whether it is the password; takes as long where there is no account to compare with."""
    try:
        _HASHER.verify(kept or _NOBODYS, password)
    except VerificationError:
        return False
    return True
