"""The deployed system that the e2e tests share: their own emulator on free ports, started like `make up`."""

import atexit
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from local import actors
from local.stack import Ports, Stack
from local.up import bootstrap

ADMIN = {"email": "admin@ticketing.example", "password": "correct horse battery staple"}
# Seconds. On a busy machine a function may time out; its queue redelivers the message after up to 300 s.
DEADLINE = 400.0


@contextmanager
def deployed_stack(state: Path, ports: Ports | None = None, *, aws_proxy: str | None = None) -> Iterator[Stack]:
    """Run a seeded system with one admin (`ADMIN`) within the block; it also stops when this process exits."""
    stack = Stack(ports or Ports.find_free(), state, with_parent=True, aws_proxy=aws_proxy)
    atexit.register(stack.stop)
    actors.DEFAULT_TIMEOUT_SECONDS = DEADLINE
    try:
        stack.start()
        bootstrap(stack, ADMIN)
        yield stack
    finally:
        stack.stop()
        atexit.unregister(stack.stop)


def interrupt_on_sigterm() -> None:
    """Handle SIGTERM like Ctrl-C, so that fixtures clean up."""

    def interrupt(_signal: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)
