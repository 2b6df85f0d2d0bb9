"""The deployed system that the e2e tests share: an emulator of their own, on free ports, as `make up` starts it."""

import atexit
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from local.stack import Ports, Stack
from local.up import furnish

ADMIN = {"email": "admin@ticketing.example", "password": "correct horse battery staple"}


@contextmanager
def deployed(state: Path, ports: Ports | None = None, *, through: str | None = None) -> Iterator[Stack]:
    """A seeded system with one admin (`ADMIN`); it ends with the block, and with this process if that dies."""
    stack = Stack(ports or Ports.free(), state, with_parent=True, through=through)
    atexit.register(stack.stop)
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
