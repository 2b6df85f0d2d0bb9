"""`make logs`: what the stack and the functions print, as they print it."""

import os
import time
from contextlib import suppress
from pathlib import Path

from local.progress import CannotGoOn, command
from local.up import STATE

NAMES = ("emulator.log", "keeper.log")
CHARACTERS_SHOWN = 20_000


def logs() -> None:
    """The end of each log, then, if somebody watches, what is added."""
    paths = [path for path in (STATE / name for name in NAMES) if path.exists()]
    if not paths:
        raise CannotGoOn("There are no logs yet: make up starts the system.")
    positions = {path: max(0, path.stat().st_size - CHARACTERS_SHOWN) for path in paths}
    with suppress(KeyboardInterrupt, BrokenPipeError):
        while True:
            for path, position in positions.items():
                positions[path] = show(path, position)
            if not os.isatty(1):
                return
            time.sleep(0.5)


def show(path: Path, position: int) -> int:
    with path.open("rb") as file:
        file.seek(position)
        text = file.read()
    if text:
        print(text.decode(errors="replace"), end="", flush=True)
    return position + len(text)


if __name__ == "__main__":
    command(logs)
