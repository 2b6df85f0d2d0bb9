"""Correlation: the ids of the request or message in progress, for logs, outbox entries, invocations and e-mails."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True)
class CorrelationContext:
    """`correlation_id` identifies the whole chain of requests and messages, `operation` the current one."""

    correlation_id: str
    operation: str


_NO_CONTEXT = CorrelationContext("none", "none")
_current: ContextVar[CorrelationContext] = ContextVar("trace", default=_NO_CONTEXT)


def current() -> CorrelationContext:
    return _current.get()


def current_id() -> str | None:
    """The current correlation id; None outside of any scope."""
    context = current()
    return None if context is _NO_CONTEXT else context.correlation_id


@contextmanager
def scope(correlation_id: str, operation: str) -> Iterator[None]:
    """Set the correlation context for the block."""
    token = _current.set(CorrelationContext(correlation_id, operation))
    try:
        yield
    finally:
        _current.reset(token)
