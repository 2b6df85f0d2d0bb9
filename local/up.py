"""`make up`: a fresh, seeded system, or the one that runs already."""

import fcntl
import json
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from local import seed
from local.cdk import ROOT
from local.client import Client
from local.digest import digest
from local.process import end
from local.progress import CannotGoOn, command, step
from local.stack import Ports, Stack

STATE = ROOT / ".local"


def up(state: Path = STATE) -> None:
    """Leave the system running and `endpoints.json` written, or nothing at all."""
    state.mkdir(parents=True, exist_ok=True)
    with alone(state):
        ports, known = Ports.from_environment(), record(state)
        stack, sources = Stack(ports, state, step=step), digest(str(ports))
        spare(ports, known, state)
        if known.get("ports") == vars(ports) and (state / "endpoints.json").exists() and stack.is_alive():
            if known.get("sources") != sources:
                renew(stack, state, sources)
        else:
            begin(stack, state, sources)
    told = json.loads((state / "endpoints.json").read_text())
    print(f"up: API {told['api']}  mailbox {told['mailbox']}  admin {told['admin']['email']} (.local/endpoints.json)")


def spare(ports: Ports, known: dict[str, Any], state: Path) -> None:
    """Nobody's data are lost because the ports were forgotten: a system that runs elsewhere is ended by hand."""
    before = known.get("ports")
    if before and before != vars(ports) and Stack(Ports(**before), state).is_alive():
        raise CannotGoOn(
            f"A system runs already, with its API on port {before['api']}: make down ends it, "
            f"or set the TICKETING_…_PORT variables as they were."
        )


def begin(stack: Stack, state: Path, sources: str) -> None:
    """A fresh system in place of whatever was left of another."""
    if end(state):
        print("ended what was left of an unfinished start")
    started = time.monotonic()
    admin = {"email": "admin@ticketing.example", "password": secrets.token_urlsafe(18)}
    with whole(stack):
        stack.launch()
        stack.deploy()
        furnish(stack, admin)
        write(state, stack, sources, admin)
    print(f"started in {time.monotonic() - started:.0f} s")


def renew(stack: Stack, state: Path, sources: str) -> None:
    """Deploy what has changed into the running system; its data stay."""
    admin = json.loads((state / "endpoints.json").read_text())["admin"]
    (state / "endpoints.json").unlink()
    with whole(stack):
        stack.deploy()
        furnish(stack, admin)
        write(state, stack, sources, admin)


@contextmanager
def whole(stack: Stack) -> Iterator[None]:
    """All of it, or nothing left running."""
    try:
        yield
    except BaseException as reason:
        stack.stop()
        if isinstance(reason, Exception) and not isinstance(reason, CannotGoOn):
            raise CannotGoOn(f"The system is deployed but not usable, and was ended: {reason}") from reason
        raise


def furnish(stack: Stack, admin: dict[str, str]) -> None:
    """What a system needs beside its code: a sender, one admin, and something to buy."""
    with stack.step("making the sender and the admin"):
        stack.client("sesv2").create_email_identity(EmailIdentity=stack.setting("SENDER"))
        names = {"user_name": "admin", "first_name": "Ada", "last_name": "Admin", "mobile_phone": "+10000000000"}
        stack.invoke("auth.ensure_admin", admin | names)
    with stack.step("adding sample events"):
        seed.seed(Client(stack.api), admin)


def record(state: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads((state / "started.json").read_text())
    except (OSError, ValueError):
        return {}
    return found


def write(state: Path, stack: Stack, sources: str, admin: dict[str, str]) -> None:
    """Last of all `endpoints.json`: that it is there means that the system is ready."""
    (state / "started.json").write_text(json.dumps({"ports": vars(stack.ports), "sources": sources}))
    endpoints = {"api": stack.api, "web": None, "ws": None, "mailbox": stack.mailbox, "admin": admin}
    fresh = state / "endpoints.json.new"
    fresh.touch(mode=0o600)
    fresh.write_text(json.dumps(endpoints, indent=2) + "\n")
    fresh.replace(state / "endpoints.json")


@contextmanager
def alone(state: Path) -> Iterator[None]:
    """Two starts at once would take each other's ports."""
    with (state / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CannotGoOn("Another `make up` or `make down` is at work here; wait for it to end.") from None
        yield


if __name__ == "__main__":
    command(up)
