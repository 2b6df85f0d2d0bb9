"""`make down` ends what is ours by pid, and only that."""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.process import Pids, command_line, end, mark

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


def test_processes_that_bear_the_stacks_mark_are_ended(tmp_path: Path, started: list[subprocess.Popen[bytes]]) -> None:
    keeper, emulator = (a_process(started, "-X", mark(tmp_path)) for _ in range(2))
    Pids(keeper, emulator).write(tmp_path)

    assert end(tmp_path)

    assert [process.wait(SECONDS) for process in started] == [-15, -15]
    assert not (tmp_path / "pids.json").exists()


def test_a_pid_that_has_gone_to_somebody_else_is_left_alone(
    tmp_path: Path, started: list[subprocess.Popen[bytes]]
) -> None:
    foreign, other_stack = a_process(started), a_process(started, "-X", mark(tmp_path / "other"))
    Pids(foreign, other_stack).write(tmp_path)

    assert not end(tmp_path)

    assert [process.poll() for process in started] == [None, None]


@pytest.mark.parametrize("left", ["", "{", "[]", '{"keeper": 1}'])
def test_a_torn_pid_file_ends_nothing(tmp_path: Path, left: str) -> None:
    (tmp_path / "pids.json").write_text(left)

    assert not end(tmp_path)
