"""`make demo`: the whole journey over HTTP as admin, organiser, buyers and staff, then a check of the invariants."""

import contextlib
import json
import time

from local.actors import wait_for
from local.client import Client
from local.demo_checks import check, timed_step
from local.demo_scenes import DemoActors
from local.progress import CommandError, run_command
from local.stack import Ports, Stack
from local.tables import scan_tables
from local.up import STATE, last_start
from reconcile.core.invariants import violations


def demo() -> None:
    """Run the demo on the system that `make up` has started. Raises CommandError at the first failed step."""
    endpoints = json.loads((STATE / "endpoints.json").read_text())
    stack = Stack(Ports(**last_start(STATE)["ports"]), STATE)
    started = time.monotonic()
    try:
        run_demo(
            Client(endpoints["api"], mailbox=endpoints["mailbox"]),
            Client(endpoints["mailbox"]),
            endpoints["admin"],
            stack,
        )
    except Exception as error:
        raise CommandError(f"demo: {type(error).__name__}: {error}") from error
    print(f"demo: all steps passed in {time.monotonic() - started:.1f} s")


def run_demo(api: Client, mailbox: Client, admin: dict[str, str], stack: Stack, *, pace: int = 1) -> None:
    """Run every scene, then check the tables. Raises DemoFailed. `pace` multiplies the hold times."""
    actors = DemoActors(api, mailbox, admin, pace)
    actors.publish_events()
    actors.buy_tickets()
    actors.check_in_ticket()
    actors.book_single_type()
    actors.book_free_type()
    actors.exceed_limits()
    actors.decline_payment()
    actors.let_hold_expire()
    actors.pay_late_with_places_left()
    actors.pay_late_when_sold_out()
    with timed_step("the invariants hold on every table"):
        broken: list[str] = []

        def find_no_violations() -> bool | None:
            broken[:] = violations(scan_tables(stack))
            return None if broken else True

        with contextlib.suppress(TimeoutError):
            wait_for(find_no_violations, "tables without violations")
        check(not broken, "; ".join(broken))


if __name__ == "__main__":
    run_command(demo)
