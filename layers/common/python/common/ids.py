"""Identifiers: random, or derived so that a repetition gives the same one."""

import re
import uuid
from collections.abc import Callable

_NAMESPACE = uuid.UUID("8d3f7f0e-6f0c-4bb1-9b86-0f5f9f6f2a11")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def _random() -> str:
    return str(uuid.uuid4())


_source: list[Callable[[], str]] = []  # what stands in for it, in tests


def new() -> str:
    """A fresh random UUID (122 random bits)."""
    return (_source or [_random])[-1]()


def derive(*parts: str | int) -> str:
    """The UUID of these parts: equal parts, equal id (RFC 9562, version 5)."""
    return str(uuid.uuid5(_NAMESPACE, "\x1f".join(map(str, parts))))


def possible(text: str) -> bool:
    """Whether an id of ours, of whatever kind, can look like this: a UUID as it is written (RFC 9562, section 4)."""
    return _UUID.fullmatch(text) is not None


def use(source: Callable[[], str] | None = None) -> None:
    """Take new ids from `source`, or from the system again."""
    _source[:] = [source] if source else []
