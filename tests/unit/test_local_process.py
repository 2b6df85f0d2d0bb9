"""`make down` ends what is ours by pid, and only that."""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.process import Pids, command_line, stack_marker, stop_processes

SLEEP = "import time; time.sleep(600)"
SECONDS = 60  # a deadline: a busy machine starts and ends processes slowly


@pytest.fixture
def started() -> Iterator[list[subprocess.Popen[bytes]]]:
    processes: list[subprocess.Popen[bytes]] = []
    yield processes
    for process in processes:
        process.kill()
        process.wait()


def a_process(started: list[subprocess.Popen[bytes]], *options: str) -> int:
    started.append(subprocess.Popen([sys.executable, *options, "-c", SLEEP], start_new_session=True))
    pid, deadline = started[-1].pid, time.monotonic() + SECONDS
    while not command_line(pid) and time.monotonic() < deadline:
        time.sleep(0.001)  # for a moment after its start a process has no command line yet
    return pid


def test_marked_processes_are_stopped(tmp_path: Path, started: list[subprocess.Popen[bytes]]) -> None:
    supervisor, emulator = (a_process(started, "-X", stack_marker(tmp_path)) for _ in range(2))
    Pids(supervisor, emulator).write(tmp_path)

    assert stop_processes(tmp_path)

    assert [process.wait(SECONDS) for process in started] == [-15, -15]
    assert not (tmp_path / "pids.json").exists()


def test_reused_pid_is_not_stopped(tmp_path: Path, started: list[subprocess.Popen[bytes]]) -> None:
    foreign, other_stack = a_process(started), a_process(started, "-X", stack_marker(tmp_path / "other"))
    Pids(foreign, other_stack).write(tmp_path)

    assert not stop_processes(tmp_path)

    assert [process.poll() for process in started] == [None, None]


@pytest.mark.parametrize("left", ["", "{", "[]", '{"supervisor": 1}'])
def test_corrupt_pid_file_stops_nothing(tmp_path: Path, left: str) -> None:
    (tmp_path / "pids.json").write_text(left)

    assert not stop_processes(tmp_path)
