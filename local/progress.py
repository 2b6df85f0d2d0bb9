"""What a person sees while the stack starts: one line for each long step, one sentence when it cannot go on."""

import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


class CannotGoOn(Exception):
    """The reason, in one sentence that says what to do."""


@contextmanager
def step(name: str) -> Iterator[None]:
    """Print the step's name, then the seconds it took."""
    started = time.monotonic()
    print(f"{name} … ", end="", flush=True)
    try:
        yield
    except BaseException:
        print("failed", flush=True)
        raise
    print(f"{time.monotonic() - started:.1f} s", flush=True)


@contextmanager
def quiet(_name: str) -> Iterator[None]:
    """The step of a stack that nobody watches."""
    yield


def command(main: Callable[[], None]) -> None:
    """Run a command of the Makefile: a reason not to go on is one sentence and exit code 1."""
    for sign in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(sign, _interrupt)
    try:
        main()
    except CannotGoOn as reason:
        sys.exit(str(reason))
    except KeyboardInterrupt:
        sys.exit("interrupted: nothing was left half done")


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    # As Ctrl-C does: what was begun is undone on the way out.
    raise KeyboardInterrupt
