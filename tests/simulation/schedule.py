"""One schedule: tasks that stop at every call they make, a clock of their own, and a draw that decides who goes on.

A task is a function's invocation or a person. It runs until it makes a call (`boundary`) or waits; then any
task that can go on may be the next. Nothing but the seed decides, so the same seed gives the same schedule.
"""

import heapq
import itertools
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from greenlet import getcurrent, greenlet  # type: ignore[import-untyped] # its stubs are thin

START = datetime(2031, 5, 1, 9, tzinfo=UTC)


class Crash(BaseException):
    """The task's process ends here: no code of ours may catch it."""


class Stuck(AssertionError):
    """The schedule does not come to rest."""


class Task:
    """Something that runs beside others."""

    def __init__(self, name: str, work: Callable[[], Any], hub: greenlet) -> None:
        self.name = name
        self.done = False
        self.result: Any = None
        self.error: BaseException | None = None
        self.skew = 0.0  # seconds by which its clock is wrong
        self.row: Any = None  # of the topology, for a function
        self.hindered = False  # by something that was made to go wrong
        self.struck = False  # by something after which it may know no answer
        self.victim: str | None = None  # the operation on which it shall fail
        self.waiting: list[Task] = []
        self.thread = greenlet(self._run, parent=hub)
        self._work = work

    def _run(self) -> None:
        try:
            self.result = self._work()
        except Crash as crash:
            self.error = crash
        except Exception as error:  # noqa: BLE001 - whoever waits for the task judges it
            self.error = error
        self.done = True


class Schedule:
    """Tasks, time and draw."""

    def __init__(self, seed: int | str) -> None:
        self.draw = random.Random(seed)
        self.seconds = 0.0
        self.steps = 0
        self.limit = 200_000
        self.tick = 0.003  # seconds that a call takes, at the most
        self.current: Task | None = None
        self.story: list[str] = []
        self.failed: list[Task] = []  # people who found something that cannot be
        self._ready: list[Task] = []
        self._later: list[tuple[float, int, Callable[[], None]]] = []
        self._places = itertools.count()
        self._hub = getcurrent()

    @property
    def now(self) -> datetime:
        """What the running task's clock shows."""
        skew = self.current.skew if self.current else 0.0
        return START + timedelta(seconds=self.seconds + skew)

    def tell(self, text: str) -> None:
        """A line of the story."""
        who = f"{self.current.name}: " if self.current else ""
        self.story.append(f"{self.seconds:10.3f} {who}{text}")

    def start(self, name: str, work: Callable[[], Any]) -> Task:
        task = Task(name, work, self._hub)
        self._ready.append(task)
        return task

    def at(self, seconds: float, what: Callable[[], None]) -> None:
        """Let it happen at that time."""
        heapq.heappush(self._later, (max(seconds, self.seconds), next(self._places), what))

    def place(self) -> int:
        """A number that comes once."""
        return next(self._places)

    def after(self, seconds: float, what: Callable[[], None]) -> None:
        self.at(self.seconds + seconds, what)

    # -- within a task ----------------------------------------------------------------------------

    def boundary(self) -> None:
        """A call begins or ends: it takes its time, and others may run meanwhile."""
        self.seconds += self.draw.random() * self.tick
        if self._due() or (self._ready and self.draw.random() < 0.5):
            self._ready.append(self._me())
            self._hub.switch()

    def sleep(self, seconds: float) -> None:
        task = self._me()
        self.after(seconds, lambda: self._ready.append(task))
        self._hub.switch()

    def wait(self, task: Task) -> None:
        """Until the task is done."""
        if not task.done:
            task.waiting.append(self._me())
            self._hub.switch()

    def _me(self) -> Task:
        assert self.current is not None, "only a task can wait"
        return self.current

    # -- the loop -----------------------------------------------------------------------------------

    def run(self, until: float | None = None) -> None:
        """Until nothing is left to do, or that time."""
        while True:
            if self._ready and not self._due():
                self._step()
                continue
            if not self._later or (until is not None and not self._ready and self._later[0][0] > until):
                break
            seconds, _, what = heapq.heappop(self._later)
            self.seconds = max(self.seconds, seconds)
            what()
        if until is not None:
            self.seconds = max(self.seconds, until)

    def _due(self) -> bool:
        """Whether something is to happen now: it does not wait for those who are at work."""
        return bool(self._later) and self._later[0][0] <= self.seconds

    def _step(self) -> None:
        self.steps += 1
        if self.steps > self.limit:
            raise Stuck(f"{self.limit} steps")
        ready = self._ready
        at = int(self.draw.random() * len(ready)) if len(ready) > 1 else 0
        task = ready[at]
        ready[at] = ready[-1]
        ready.pop()
        self.seconds += self.draw.random() * self.tick
        self.current = task
        try:
            task.thread.switch()
        finally:
            self.current = None
        if task.done:
            self._ready += task.waiting
            task.waiting = []
            if isinstance(task.error, AssertionError):
                self.failed.append(task)
