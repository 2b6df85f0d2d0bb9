"""Find and stop the processes of a stack."""

import json
import os
import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

GRACE_SECONDS = 10.0


def stack_marker(state: Path) -> str:
    """The marker in the command line of every process of the stack in `state`."""
    return f"ticketing-stack=[{state.resolve()}]"  # brackets, because one path may be a prefix of another


def command_line(pid: int) -> str:
    """The command line of a process; empty if it does not run."""
    proc = Path(f"/proc/{pid}/cmdline")
    if Path("/proc/self/cmdline").exists():
        try:
            return proc.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            return ""
    result = subprocess.run(
        ["ps", "-ww", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return result.stdout


@dataclass(frozen=True)
class Pids:
    """The process ids of one stack; the supervisor writes them."""

    supervisor: int
    emulator: int

    @classmethod
    def read(cls, state: Path) -> "Pids | None":
        try:
            return cls(**json.loads((state / "pids.json").read_text()))
        except (OSError, ValueError, TypeError):
            return None

    def write(self, state: Path) -> None:
        (state / "pids.json").write_text(json.dumps(vars(self)))

    def running(self, state: Path) -> list[int]:
        """The running processes of this stack, identified by its marker: the OS may have reused a pid."""
        return [pid for pid in (self.supervisor, self.emulator) if stack_marker(state) in command_line(pid)]


def stop_processes(state: Path) -> bool:
    """Stop the processes of this stack only. Returns whether any was running."""
    pids = Pids.read(state)
    running = pids.running(state) if pids else []
    for pid in running:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
    if pids and not wait_until_exited(pids, state, GRACE_SECONDS):
        for pid in pids.running(state):
            with suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)
    for name in ("pids.json", "endpoints.json"):
        (state / name).unlink(missing_ok=True)
    return bool(running)


def wait_until_exited(pids: Pids, state: Path, seconds: float) -> bool:
    """Wait up to `seconds`. Returns whether every process of the stack has exited."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not pids.running(state):
            return True
        time.sleep(0.05)
    return not pids.running(state)
