"""State of one run: its counts, and its budget for calls to other services."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from common import clock, log

CALL_BUDGET = timedelta(seconds=120)  # no calls after this; the next sweep finds the rest again
MAX_FAILED_CALLS = 3  # consecutive failed calls after which a run stops calling that service
UNREADABLE = (LookupError, ValueError, TypeError, AttributeError)  # what malformed items raise


@dataclass
class Run:
    """Counts of one run; `failed_calls` counts consecutive failures by service."""

    grace: timedelta
    now: datetime
    checked: int = 0
    skipped: int = 0
    violated: int = 0
    synced: int = 0
    failed_calls: Counter[str] = field(default_factory=Counter)

    def can_call(self, service: str) -> bool:
        """Whether the service may be called: there is time left, and it has not failed repeatedly."""
        return self.failed_calls[service] < MAX_FAILED_CALLS and clock.now() < self.now + CALL_BUDGET

    def record_call(self, service: str, *, answered: bool) -> None:
        self.failed_calls[service] = 0 if answered else self.failed_calls[service] + 1

    @contextmanager
    def guard(self, name: str) -> Iterator[None]:
        """Process one subject within the block: a malformed one is reported and does not stop the others."""
        try:
            yield
        except UNREADABLE:
            self.violated += 1
            log.count("InvariantViolations")
            log.logger.exception("unreadable", extra={"subject": name})

    def summary(self, *, finished: bool) -> dict[str, Any]:
        counts = {name: getattr(self, name) for name in ("checked", "skipped", "violated", "synced")}
        return counts | {"finished": finished}
