"""`make reconcile`: one whole round of the reconciler over the running system, which the clock makes on AWS."""

import os
from collections import Counter
from typing import Any

from local.progress import CannotGoOn, command
from local.stack import Ports, Stack
from local.up import STATE, record

GRACE_SECONDS = 30  # nobody waits half an hour on one's own machine


def reconcile() -> None:
    """Wake the reconciler until it has looked at everything, and say what it found."""
    known = record(STATE)
    if "ports" not in known:
        raise CannotGoOn("Nothing is running: make up starts the system.")
    told = whole_round(Stack(Ports(**known["ports"]), STATE), int(os.environ.get("GRACE") or GRACE_SECONDS))
    print("reconcile: " + ", ".join(f"{many} {name}" for name, many in told.items()))


def whole_round(stack: Stack, grace_seconds: int) -> dict[str, int]:
    """How many subjects were judged, too young, or wrong, and of how many payments the provider knew more."""
    counts: Counter[str] = Counter()
    while True:
        told: dict[str, Any] = stack.invoke("reconcile.make_round", {"grace_seconds": grace_seconds})
        finished = told.pop("finished")
        counts.update(told)
        if finished:
            return dict(counts)


if __name__ == "__main__":
    command(reconcile)
