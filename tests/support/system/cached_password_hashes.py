"""A cache of password hashes: hashing is slow by design and dominates the time to create an account."""

import contextlib
from collections.abc import Iterator
from functools import cache
from unittest import mock

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError

_hash, _verify = PasswordHasher.hash, PasswordHasher.verify


@cache
def _cached_hash(hasher: PasswordHasher, password: str) -> str:
    return _hash(hasher, password)


def _hash_once(hasher: PasswordHasher, password: str) -> str:
    return _cached_hash(hasher, password)


@cache
def _matches(hasher: PasswordHasher, stored_hash: str, password: str) -> bool:
    try:
        return bool(_verify(hasher, stored_hash, password))
    except VerificationError:
        return False


def _verify_once(hasher: PasswordHasher, stored_hash: str, password: str) -> bool:
    if not _matches(hasher, stored_hash, password):
        raise VerificationError
    return True


@contextlib.contextmanager
def cached_password_hashes() -> Iterator[None]:
    """Cache password hashes and comparisons within the block."""
    with (
        mock.patch.object(PasswordHasher, "hash", _hash_once),
        mock.patch.object(PasswordHasher, "verify", _verify_once),
    ):
        yield
