"""One run of the reconciler: what it saw and did, and how long it may wait for others."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from common import clock, log

ASKING = timedelta(seconds=120)  # after which no run asks anybody: what is left to mend is met again next round
BROKEN = (LookupError, ValueError, TypeError, AttributeError)  # how items of another form than ours show themselves


@dataclass
class Run:
    """Counts, and whether everybody who was asked has `answered`."""

    grace: timedelta
    now: datetime
    judged: int = 0
    young: int = 0
    wrong: int = 0
    learnt: int = 0
    answered: bool = True

    def may_ask(self) -> bool:
        """Whether there is time to wait for others, and nobody has let this run wait in vain."""
        return self.answered and clock.now() < self.now + ASKING

    @contextmanager
    def reading(self, name: str) -> Iterator[None]:
        """Within the block this subject is dealt with: one of a form that cannot be is for people, and stops nobody."""
        try:
            yield
        except BROKEN:
            self.wrong += 1
            log.count("InvariantViolations")
            log.logger.exception("unreadable", extra={"subject": name})

    def told(self, *, finished: bool) -> dict[str, Any]:
        counts = {name: getattr(self, name) for name in ("judged", "young", "wrong", "learnt")}
        return counts | {"finished": finished}
