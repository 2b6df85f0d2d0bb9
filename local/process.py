"""The keeper's process as its starter sees it: is it alive, is it ours, end it."""

import json
import os
import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

GRACE_SECONDS = 10.0


def mark(state: Path) -> str:
    """What stands in the command line of every process of the stack that lives in `state`."""
    return f"ticketing-stack=[{state.resolve()}]"  # closed: one path may begin another


def command_line(pid: int) -> str:
    """The command line of a process, empty when there is none."""
    proc = Path(f"/proc/{pid}/cmdline")
    if Path("/proc/self/cmdline").exists():
        try:
            return proc.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            return ""
    found = subprocess.run(["ps", "-ww", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return found.stdout


@dataclass(frozen=True)
class Pids:
    """The processes of one stack; written by the keeper, read by whoever ends it."""

    keeper: int
    emulator: int

    @classmethod
    def read(cls, state: Path) -> "Pids | None":
        try:
            return cls(**json.loads((state / "pids.json").read_text()))
        except (OSError, ValueError, TypeError):
            return None

    def write(self, state: Path) -> None:
        (state / "pids.json").write_text(json.dumps(vars(self)))

    def ours(self, state: Path) -> list[int]:
        """Those that run and were started for this stack: a pid may have gone to somebody else."""
        return [pid for pid in (self.keeper, self.emulator) if mark(state) in command_line(pid)]


def end(state: Path) -> bool:
    """End what was started for this stack, and nothing else; False when nothing ran."""
    pids = Pids.read(state)
    running = pids.ours(state) if pids else []
    for pid in running:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
    if pids and not gone(pids, state, GRACE_SECONDS):
        for pid in pids.ours(state):
            with suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)
    for name in ("pids.json", "endpoints.json"):
        (state / name).unlink(missing_ok=True)
    return bool(running)


def gone(pids: Pids, state: Path, seconds: float) -> bool:
    """Whether every process of the stack ended within that time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not pids.ours(state):
            return True
        time.sleep(0.05)
    return not pids.ours(state)
