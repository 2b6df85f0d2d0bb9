"""`make logs`: follow the output of the stack and the functions."""

import os
import time
from contextlib import suppress
from pathlib import Path

from local.progress import CommandError, run_command
from local.up import STATE

LOG_FILES = ("emulator.log", "supervisor.log")
TAIL_BYTES = 20_000


def logs() -> None:
    """Print the tail of each log; on a terminal, follow it."""
    paths = [path for path in (STATE / name for name in LOG_FILES) if path.exists()]
    if not paths:
        raise CommandError("There are no logs: start the system with make up.")
    positions = {path: max(0, path.stat().st_size - TAIL_BYTES) for path in paths}
    with suppress(KeyboardInterrupt, BrokenPipeError):
        while True:
            for path, position in positions.items():
                positions[path] = print_new_text(path, position)
            if not os.isatty(1):
                return
            time.sleep(0.5)


def print_new_text(path: Path, position: int) -> int:
    with path.open("rb") as file:
        file.seek(position)
        text = file.read()
    if text:
        print(text.decode(errors="replace"), end="", flush=True)
    return position + len(text)


if __name__ == "__main__":
    run_command(logs)
