"""One schedule: tasks that yield at every call, a simulated clock, and a random generator that picks the next task.

A task is a function's invocation or an actor. It runs until it makes a call (`checkpoint`) or waits; then any
ready task may run next. The seed alone decides, so equal seeds give equal schedules.
"""

import heapq
import itertools
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from greenlet import getcurrent, greenlet  # type: ignore[import-untyped] # its stubs are thin

from tests.support.faults.fault_points import Crash, Livelock

START = datetime(2031, 5, 1, 9, tzinfo=UTC)


class Task:
    """A coroutine of the schedule."""

    def __init__(self, name: str, work: Callable[[], Any], hub: greenlet) -> None:
        self.name = name
        self.done = False
        self.result: Any = None
        self.error: BaseException | None = None
        self.clock_skew_seconds = 0.0  # added to `Schedule.now`
        self.row: Any = None  # the topology row of the running function
        self.faulted = False  # a fault was injected
        self.may_answer_500 = False  # a fault was injected that may cause a 500
        self.failing_operation: str | None = None  # bus event id: the next call while handling it fails
        self.waiters: list[Task] = []
        self.coroutine = greenlet(self._run, parent=hub)
        self._work = work

    def _run(self) -> None:
        try:
            self.result = self._work()
        except Crash as crash:
            self.error = crash
        except Exception as error:  # noqa: BLE001 - the waiting task handles it
            self.error = error
        self.done = True


class Schedule:
    """The tasks, the clock and the random generator."""

    def __init__(self, seed: int | str) -> None:
        self.draw = random.Random(seed)
        self.seconds = 0.0
        self.steps = 0
        self.max_steps = 200_000
        self.max_call_seconds = 0.003  # longest duration of a call
        self.current: Task | None = None
        self.trace: list[str] = []
        self.failed: list[Task] = []  # actors whose assertion failed
        self._ready: list[Task] = []
        self._callbacks: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = itertools.count()
        self._hub = getcurrent()

    @property
    def now(self) -> datetime:
        """The time on the running task's clock."""
        skew = self.current.clock_skew_seconds if self.current else 0.0
        return START + timedelta(seconds=self.seconds + skew)

    def record(self, text: str) -> None:
        """Add a line to the trace."""
        prefix = f"{self.current.name}: " if self.current else ""
        self.trace.append(f"{self.seconds:10.3f} {prefix}{text}")

    def start(self, name: str, work: Callable[[], Any]) -> Task:
        task = Task(name, work, self._hub)
        self._ready.append(task)
        return task

    def call_at(self, seconds: float, callback: Callable[[], None]) -> None:
        """Schedule a callback, in seconds since the start of the schedule."""
        heapq.heappush(self._callbacks, (max(seconds, self.seconds), next(self._numbers), callback))

    def next_number(self) -> int:
        """A unique number."""
        return next(self._numbers)

    def call_later(self, seconds: float, callback: Callable[[], None]) -> None:
        self.call_at(self.seconds + seconds, callback)

    # -- within a task ----------------------------------------------------------------------------

    def checkpoint(self) -> None:
        """A call begins or ends: time passes, and other tasks may run."""
        self.seconds += self.draw.random() * self.max_call_seconds
        if self._is_callback_due() or (self._ready and self.draw.random() < 0.5):
            self._ready.append(self._current_task())
            self._hub.switch()

    def sleep(self, seconds: float) -> None:
        task = self._current_task()
        self.call_later(seconds, lambda: self._ready.append(task))
        self._hub.switch()

    def wait(self, task: Task) -> None:
        """Wait until the task is done."""
        if not task.done:
            task.waiters.append(self._current_task())
            self._hub.switch()

    def _current_task(self) -> Task:
        assert self.current is not None, "only a task can wait"
        return self.current

    # -- the loop -----------------------------------------------------------------------------------

    def run(self, until: float | None = None) -> None:
        """Run until idle, or until that time in seconds since the start; raises Livelock."""
        while True:
            if self._ready and not self._is_callback_due():
                self._step()
                continue
            if not self._callbacks or (until is not None and not self._ready and self._callbacks[0][0] > until):
                break
            seconds, _, callback = heapq.heappop(self._callbacks)
            self.seconds = max(self.seconds, seconds)
            callback()
        if until is not None:
            self.seconds = max(self.seconds, until)

    def _is_callback_due(self) -> bool:
        """Whether a callback is due now: callbacks run before ready tasks."""
        return bool(self._callbacks) and self._callbacks[0][0] <= self.seconds

    def _step(self) -> None:
        self.steps += 1
        if self.steps > self.max_steps:
            raise Livelock(f"{self.max_steps} steps")
        ready = self._ready
        index = int(self.draw.random() * len(ready)) if len(ready) > 1 else 0
        task = ready[index]
        ready[index] = ready[-1]
        ready.pop()
        self.seconds += self.draw.random() * self.max_call_seconds
        self.current = task
        try:
            task.coroutine.switch()
        finally:
            self.current = None
        if task.done:
            self._ready += task.waiters
            task.waiters = []
            if isinstance(task.error, AssertionError):
                self.failed.append(task)
