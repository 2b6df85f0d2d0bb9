"""What became of an item, and what it told: every history is one that may be (I3, I10)."""

from collections.abc import Iterable, Iterator
from typing import Any

from common import outbox
from common.statemachine import StateMachine
from common.states import booking, notify, payment, ticket
from reconcile.core.snapshot import Item, Tables, of

_MACHINES: dict[tuple[str, str], StateMachine[Any, Any]] = {
    ("bookings", "booking"): booking.LIFECYCLE,
    ("payments", "payment"): payment.LIFECYCLE,
    ("tickets", "issue"): ticket.LIFECYCLE,
    ("tickets", "ticket"): ticket.LIFECYCLE,
    ("notifications", "notification"): notify.LIFECYCLE,
}


def histories_are_paths(tables: Tables) -> Iterator[str]:
    """I3: every history is a path of the state table, and each step counts one version."""
    for (table, kind), machine in _MACHINES.items():
        for one in of(tables, table, kind):
            if one["version"] != len(one["logs"]):
                yield f"I3 {kind} {one['pk']}: version {one['version']} after {len(one['logs'])} steps"
            state = _walked(machine, _birth(kind, one), [log["did"] for log in one["logs"][1:]])
            if state != one["status"]:
                yield f"I3 {kind} {one['pk']}: {one['status']}, but its history leads to {state}"


def outboxes_are_sound(tables: Tables) -> Iterator[str]:
    """I10: what was published belongs to one version of one item, under an id of its own."""
    seen: set[str] = set()
    for items in tables.values():
        for one in items:
            if "outbox_version" not in one:
                continue
            if not 1 <= one["outbox_version"] <= one["version"]:
                yield f"I10 {one['pk']}: published version {one['outbox_version']} of {one['version']}"
            told = [event.bus_event_id for event in outbox.published(dict(one))]
            if seen & set(told) or not told:
                yield f"I10 {one['pk']}: its bus events have no ids of their own"
            seen |= set(told)


def _birth(kind: str, one: Item) -> str:
    """The state that an item begins in.

    A free payment is paid, a ticket taken over from somebody valid, an issue without tickets rejected at once.
    """
    if kind == "payment" and one["method"] == "free":
        return "SUCCEEDED"
    if kind == "ticket" and "transferred_from" in one:
        return "CREATED"
    return "REJECTED" if kind == "issue" and one["status"] == "REJECTED" and not one["ticket_ids"] else "PENDING"


def _walked(machine: StateMachine[Any, Any], state: str, steps: Iterable[str]) -> str:
    """Where the steps lead; steps that change no state are none of the machine's."""
    triggers = {str(trigger): trigger for _, trigger in machine.table}
    for did in steps:
        if did in triggers:
            step = (state, triggers[did])
            if step not in machine.table:
                return f"nowhere from {state} by {did}"
            state = str(machine.table[step])
    return str(state)
