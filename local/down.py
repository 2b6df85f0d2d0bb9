"""`make down`: end what `make up` started, and nothing else."""

from local.process import end
from local.progress import command
from local.up import STATE, alone


def down() -> None:
    STATE.mkdir(parents=True, exist_ok=True)
    with alone(STATE):
        print("down" if end(STATE) else "nothing is running")


if __name__ == "__main__":
    command(down)
