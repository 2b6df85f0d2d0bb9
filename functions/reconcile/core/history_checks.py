"""History checks: logs follow the state machines, outboxes are consistent (I3, I10)."""

from collections.abc import Iterable, Iterator
from typing import Any

from common import outbox
from common.statemachine import StateMachine
from common.states import booking, notify, payment, ticket
from reconcile.core.snapshot import Item, Tables, select

_MACHINES: dict[tuple[str, str], StateMachine[Any, Any]] = {
    ("bookings", "booking"): booking.LIFECYCLE,
    ("payments", "payment"): payment.LIFECYCLE,
    ("tickets", "issue"): ticket.LIFECYCLE,
    ("tickets", "ticket"): ticket.LIFECYCLE,
    ("notifications", "notification"): notify.LIFECYCLE,
}


def histories_follow_state_machine(tables: Tables) -> Iterator[str]:
    """I3: every history is a path through the state table, one version per step."""
    for (table, kind), machine in _MACHINES.items():
        for one in select(tables, table, kind):
            if one["version"] != len(one["logs"]):
                yield f"I3 {kind} {one['pk']}: version {one['version']} after {len(one['logs'])} steps"
            state = _final_state(machine, _initial_state(kind, one), [log["action"] for log in one["logs"][1:]])
            if state != one["status"]:
                yield f"I3 {kind} {one['pk']}: {one['status']}, but its history ends in {state}"


def outboxes_are_consistent(tables: Tables) -> Iterator[str]:
    """I10: published events belong to an existing version of one item and have unique ids."""
    seen: set[str] = set()
    for items in tables.values():
        for one in items:
            if "outbox_version" not in one:
                continue
            if not 1 <= one["outbox_version"] <= one["version"]:
                yield f"I10 {one['pk']}: published version {one['outbox_version']} of {one['version']}"
            event_ids = [event.bus_event_id for event in outbox.outbox_events(dict(one))]
            if seen & set(event_ids) or not event_ids:
                yield f"I10 {one['pk']}: its bus events have no unique ids"
            seen |= set(event_ids)


def _initial_state(kind: str, one: Item) -> str:
    """The state that an item is created in.

    A free payment is created SUCCEEDED, a transferred ticket CREATED, an issue without tickets REJECTED.
    """
    if kind == "payment" and one["method"] == "free":
        return "SUCCEEDED"
    if kind == "ticket" and "transferred_from" in one:
        return "CREATED"
    return "REJECTED" if kind == "issue" and one["status"] == "REJECTED" and not one["ticket_ids"] else "PENDING"


def _final_state(machine: StateMachine[Any, Any], state: str, steps: Iterable[str]) -> str:
    """The state after all steps; steps that are no triggers of the machine change nothing."""
    triggers = {str(trigger): trigger for _, trigger in machine.table}
    for action in steps:
        if action in triggers:
            step = (state, triggers[action])
            if step not in machine.table:
                return f"no state: {action} is not allowed in {state}"
            state = str(machine.table[step])
    return str(state)
