"""The one place that knows what time it is; tests set `now`."""

from collections.abc import Callable
from datetime import UTC, datetime


def _system() -> datetime:
    return datetime.now(UTC)


_source: list[Callable[[], datetime]] = []  # what stands in for the system, in tests


def now() -> datetime:
    """The present moment, in UTC, to the millisecond (what the tables hold)."""
    moment = (_source or [_system])[-1]()
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def use(source: Callable[[], datetime] | None = None) -> None:
    """Take the time from `source`, or from the system again."""
    _source[:] = [source] if source else []


def iso(moment: datetime) -> str:
    """ISO 8601 in UTC with milliseconds: sorts as text, 24 characters."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse(text: str) -> datetime:
    """The inverse of `iso`."""
    return datetime.fromisoformat(text)
