"""`make down`: stop the processes that `make up` started."""

from local.process import stop_processes
from local.progress import run_command
from local.up import STATE, exclusive_lock


def down() -> None:
    STATE.mkdir(parents=True, exist_ok=True)
    with exclusive_lock(STATE):
        print("down" if stop_processes(STATE) else "nothing is running")


if __name__ == "__main__":
    run_command(down)
