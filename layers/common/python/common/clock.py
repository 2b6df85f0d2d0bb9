"""The system's only clock; tests replace it by `use`."""

from collections.abc import Callable
from datetime import UTC, datetime


def _system_time() -> datetime:
    return datetime.now(UTC)


_override: list[Callable[[], datetime]] = []  # replaces the system clock in tests


def now() -> datetime:
    """The current time in UTC, truncated to milliseconds like stored times."""
    moment = (_override or [_system_time])[-1]()
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def use(source: Callable[[], datetime] | None = None) -> None:
    """Read the time from `source`; from the system clock if None."""
    _override[:] = [source] if source else []


def iso(moment: datetime) -> str:
    """ISO 8601 in UTC with milliseconds: sorts as text, 24 characters."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse(text: str) -> datetime:
    """The inverse of `iso`."""
    return datetime.fromisoformat(text)
