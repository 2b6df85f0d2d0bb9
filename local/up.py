"""`make up`: start a new system with sample data, or update the running one."""

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
from local.process import stop_processes
from local.progress import CommandError, run_command, step
from local.source_digest import digest
from local.stack import Ports, Stack

STATE = ROOT / ".local"


def up(state: Path = STATE) -> None:
    """Start or update the system and write `endpoints.json`; after a failure nothing runs."""
    state.mkdir(parents=True, exist_ok=True)
    with exclusive_lock(state):
        ports, start_record = Ports.from_environment(), last_start(state)
        stack, sources = Stack(ports, state, step=step), digest(str(ports))
        reject_second_system(ports, start_record, state)
        if start_record.get("ports") == vars(ports) and (state / "endpoints.json").exists() and stack.is_alive():
            if start_record.get("sources") != sources:
                redeploy(stack, state, sources)
        else:
            start_fresh(stack, state, sources)
    endpoints = json.loads((state / "endpoints.json").read_text())
    admin = endpoints["admin"]["email"]
    print(f"up: API {endpoints['api']}  mailbox {endpoints['mailbox']}  admin {admin} (.local/endpoints.json)")


def reject_second_system(ports: Ports, start_record: dict[str, Any], state: Path) -> None:
    """Raises CommandError if a system runs on other ports: its data would be lost."""
    previous_ports = start_record.get("ports")
    if previous_ports and previous_ports != vars(ports) and Stack(Ports(**previous_ports), state).is_alive():
        raise CommandError(
            f"A system already runs with its API on port {previous_ports['api']}: stop it with make down, "
            f"or set the TICKETING_…_PORT variables to its ports."
        )


def start_fresh(stack: Stack, state: Path, sources: str) -> None:
    """Stop the processes of an unfinished start, then start a new system."""
    if stop_processes(state):
        print("stopped an unfinished start")
    started = time.monotonic()
    admin = {"email": "admin@ticketing.example", "password": secrets.token_urlsafe(18)}
    with stop_on_failure(stack):
        stack.launch()
        stack.deploy()
        bootstrap(stack, admin)
        write_endpoints(state, stack, sources, admin)
    print(f"started in {time.monotonic() - started:.0f} s")


def redeploy(stack: Stack, state: Path, sources: str) -> None:
    """Deploy the changed sources to the running system, which keeps its data."""
    admin = json.loads((state / "endpoints.json").read_text())["admin"]
    (state / "endpoints.json").unlink()
    with stop_on_failure(stack):
        stack.deploy()
        bootstrap(stack, admin)
        write_endpoints(state, stack, sources, admin)


@contextmanager
def stop_on_failure(stack: Stack) -> Iterator[None]:
    """Stop the stack if the block fails. Raises CommandError."""
    try:
        yield
    except BaseException as error:
        stack.stop()
        if isinstance(error, Exception) and not isinstance(error, CommandError):
            raise CommandError(f"The system is deployed but not usable, and was stopped: {error}") from error
        raise


def bootstrap(stack: Stack, admin: dict[str, str]) -> None:
    """Create the sender identity, the admin and the sample events."""
    with stack.step("creating the sender and the admin"):
        stack.client("sesv2").create_email_identity(EmailIdentity=stack.environment_value("SENDER"))
        names = {"user_name": "admin", "first_name": "Ada", "last_name": "Admin", "mobile_phone": "+10000000000"}
        stack.invoke("auth.ensure_admin", admin | names)
    with stack.step("adding sample events"):
        seed.seed(Client(stack.api), admin)


def last_start(state: Path) -> dict[str, Any]:
    try:
        start_record: dict[str, Any] = json.loads((state / "started.json").read_text())
    except (OSError, ValueError):
        return {}
    return start_record


def write_endpoints(state: Path, stack: Stack, sources: str, admin: dict[str, str]) -> None:
    """Write `started.json`, then `endpoints.json`, which marks the system as ready."""
    (state / "started.json").write_text(json.dumps({"ports": vars(stack.ports), "sources": sources}))
    endpoints = {"api": stack.api, "web": None, "ws": None, "mailbox": stack.mailbox, "admin": admin}
    temporary = state / "endpoints.json.new"
    temporary.touch(mode=0o600)
    temporary.write_text(json.dumps(endpoints, indent=2) + "\n")
    temporary.replace(state / "endpoints.json")


@contextmanager
def exclusive_lock(state: Path) -> Iterator[None]:
    """Prevent concurrent starts, which would compete for the ports. Raises CommandError."""
    with (state / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CommandError("Another `make up` or `make down` is running here; wait until it finishes.") from None
        yield


if __name__ == "__main__":
    run_command(up)
