"""Which request or message is being worked on: the ids that follow a journey everywhere."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True)
class Trace:
    """`correlation_id` names the whole journey, `operation` the request or message at hand."""

    correlation_id: str
    operation: str


_NOTHING = Trace("none", "none")
_current: ContextVar[Trace] = ContextVar("trace", default=_NOTHING)


def current() -> Trace:
    return _current.get()


def correlation() -> str | None:
    """The journey of what is being worked on, if anything is."""
    now = current()
    return None if now is _NOTHING else now.correlation_id


@contextmanager
def following(correlation_id: str, operation: str) -> Iterator[None]:
    """Work within the block belongs to this journey and operation."""
    token = _current.set(Trace(correlation_id, operation))
    try:
        yield
    finally:
        _current.reset(token)
