"""One run of the reconciler: what it saw and did, and how long it may wait for others."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from common import clock, log

ASKING = timedelta(seconds=120)  # after which no run asks anybody: what is left to mend is met again next round
VAIN = 3  # calls in a row that were not answered, after which a run asks there no more
BROKEN = (LookupError, ValueError, TypeError, AttributeError)  # how items of another form than ours show themselves


@dataclass
class Run:
    """Counts, and how many of the last calls to each service were in vain."""

    grace: timedelta
    now: datetime
    judged: int = 0
    young: int = 0
    wrong: int = 0
    learnt: int = 0
    vain: Counter[str] = field(default_factory=Counter)

    def may_ask(self, service: str) -> bool:
        """Whether there is time to wait for it, and it answers: one call in vain may be its subject's own fault."""
        return self.vain[service] < VAIN and clock.now() < self.now + ASKING

    def asked(self, service: str, *, answered: bool) -> None:
        self.vain[service] = 0 if answered else self.vain[service] + 1

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
