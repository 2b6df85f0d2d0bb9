"""Identifiers: random, or derived deterministically for idempotent writes."""

import re
import uuid
from collections.abc import Callable

_NAMESPACE = uuid.UUID("8d3f7f0e-6f0c-4bb1-9b86-0f5f9f6f2a11")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def _random_uuid() -> str:
    return str(uuid.uuid4())


_override: list[Callable[[], str]] = []  # replaces random UUIDs in tests


def new() -> str:
    """A fresh random UUID (122 random bits)."""
    return (_override or [_random_uuid])[-1]()


def derive(*parts: str | int) -> str:
    """The UUID of these parts: equal parts, equal id (RFC 9562, version 5)."""
    return str(uuid.uuid5(_NAMESPACE, "\x1f".join(map(str, parts))))


def is_well_formed(text: str) -> bool:
    """Whether the text is a UUID in lower case (RFC 9562, section 4), as all our ids are."""
    return _UUID.fullmatch(text) is not None


def use(source: Callable[[], str] | None = None) -> None:
    """Take new ids from `source`; random UUIDs if None."""
    _override[:] = [source] if source else []
