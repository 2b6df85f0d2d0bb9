"""Output of the commands: one line for each long step, one sentence for an error."""

import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


class CommandError(Exception):
    """A command failed; the message is one sentence with the remedy."""


@contextmanager
def step(name: str) -> Iterator[None]:
    """Print the step's name, then its duration."""
    started = time.monotonic()
    print(f"{name} … ", end="", flush=True)
    try:
        yield
    except BaseException:
        print("failed", flush=True)
        raise
    print(f"{time.monotonic() - started:.1f} s", flush=True)


@contextmanager
def silent_step(_name: str) -> Iterator[None]:
    """A step without output."""
    yield


def run_command(main: Callable[[], None]) -> None:
    """Run a command of the Makefile; an error is one sentence and exit code 1."""
    for signal_number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(signal_number, _interrupt)
    try:
        main()
    except CommandError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit("interrupted: everything was undone")


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    # Like Ctrl-C, so that context managers clean up.
    raise KeyboardInterrupt
