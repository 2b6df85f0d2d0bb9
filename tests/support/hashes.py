"""Password hashes that are made once: hashing is meant to be slow, and is most of an account's time."""

import contextlib
from collections.abc import Iterator
from functools import cache
from unittest import mock

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError

_hash, _verify = PasswordHasher.hash, PasswordHasher.verify


@cache
def _hashed(hasher: PasswordHasher, password: str) -> str:
    return _hash(hasher, password)


def _made(hasher: PasswordHasher, password: str) -> str:
    return _hashed(hasher, password)


@cache
def _matches(hasher: PasswordHasher, kept: str, password: str) -> bool:
    try:
        return bool(_verify(hasher, kept, password))
    except VerificationError:
        return False


def _verified(hasher: PasswordHasher, kept: str, password: str) -> bool:
    if not _matches(hasher, kept, password):
        raise VerificationError
    return True


@contextlib.contextmanager
def remembered() -> Iterator[None]:
    """Within the block no password is hashed or compared twice."""
    with (
        mock.patch.object(PasswordHasher, "hash", _made),
        mock.patch.object(PasswordHasher, "verify", _verified),
    ):
        yield
