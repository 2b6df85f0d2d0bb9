"""Identifiers: random, or derived so that a repetition gives the same one."""

import uuid
from collections.abc import Callable

_NAMESPACE = uuid.UUID("8d3f7f0e-6f0c-4bb1-9b86-0f5f9f6f2a11")


def _random() -> str:
    return str(uuid.uuid4())


_source: list[Callable[[], str]] = []  # what stands in for it, in tests


def new() -> str:
    """A fresh random UUID (122 random bits)."""
    return (_source or [_random])[-1]()


def derive(*parts: str | int) -> str:
    """The UUID of these parts: equal parts, equal id (RFC 9562, version 5)."""
    return str(uuid.uuid5(_NAMESPACE, "\x1f".join(map(str, parts))))


def use(source: Callable[[], str] | None = None) -> None:
    """Take new ids from `source`, or from the system again."""
    _source[:] = [source] if source else []
