"""The deployed system that the e2e tests share: an emulator of their own, on free ports, as `make up` starts it."""

import atexit
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from local import people
from local.stack import Ports, Stack
from local.up import furnish

ADMIN = {"email": "admin@ticketing.example", "password": "correct horse battery staple"}
# Seconds. On a busy machine a function may run into its time-out; its queue gives the message again after up to 300 s.
DEADLINE = 400.0


@contextmanager
def deployed(state: Path, ports: Ports | None = None, *, through: str | None = None) -> Iterator[Stack]:
    """A seeded system with one admin (`ADMIN`); it ends with the block, and with this process if that dies."""
    stack = Stack(ports or Ports.free(), state, with_parent=True, through=through)
    atexit.register(stack.stop)
    people.PATIENCE = DEADLINE
    try:
        stack.start()
        furnish(stack, ADMIN)
        yield stack
    finally:
        stack.stop()
        atexit.unregister(stack.stop)


def end_politely() -> None:
    """Let SIGTERM unwind as Ctrl-C does, so that fixtures end what they started."""

    def interrupt(_signal: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)
