"""The issue of a booking's tickets, written with its tickets in one transaction each time."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from types import MappingProxyType
from typing import Any

from common import outbox, store
from common.bus.ticket import TicketCreated, TicketPending, TicketRejected, TicketVoided
from common.outbox import born, change, entry, transition
from common.store import ConditionFailed, Item, Key, Put, Update, Write
from ticket.core import attendees, ledger
from ticket.core.model import LIFECYCLE, Issue, State, Ticket, Trigger
from ticket.core.repository import NEW, TABLE, key, tickets

_WE = "ticket"


def find(booking_id: str) -> Item | None:
    return store.get(TABLE, key(booking_id, "issue"))


def begin(new: Issue) -> State:
    """Write the issue and its tickets PENDING, unless they are there. Returns the issue's state."""
    writes: list[Write] = [Put(TABLE, _issue(new, TicketPending, State.PENDING), condition=NEW)]
    writes += [Put(TABLE, _ticket(one), condition=NEW) for one in new.tickets]
    writes += [ledger.counted(new.event_id, new.booking_id, issued=len(new.tickets))]
    try:
        store.transact(writes)
    except ConditionFailed as failure:
        if not failure.old[0]:
            raise
        return State(failure.old[0]["status"])
    return State.PENDING


def finish(new: Issue, shown: Mapping[str, Mapping[str, str]]) -> bool:
    """Make all tickets valid, each with what it shows at the door; False if they are not PENDING any more."""
    told = entry(TicketCreated, user_id=new.buyer_id)
    return _end(Trigger.ISSUE, new.booking_id, told, {one.id: shown[one.id] for one in new.tickets})


def reject(new: Issue, reason: str) -> bool:
    """The booking gets no tickets; False if that is decided already."""
    told = entry(TicketRejected, user_id=new.buyer_id)
    if find(new.booking_id) is None:
        return _reject_unborn(new, reason)
    counted = ledger.counted(new.event_id, new.booking_id, void=len(new.tickets))
    return _end(Trigger.REJECT, new.booking_id, told, {one.id: {} for one in new.tickets}, [counted], reason=reason)


def void(found: Item) -> bool:
    """None of the issue's tickets admits anybody any more; False if that is so already.

    The bus event of the issue is for the buyer and names no ticket, for it is all of them. Whoever took one over has
    a bus event of their own, which names it.
    """
    told, dead = entry(TicketVoided, user_id=found["buyer_id"], ticket_ids=[]), found["ticket_ids"]
    passed_on = [one["id"] for one in tickets(dead) if one["user_id"] != found["buyer_id"]]
    also = [
        ledger.revoked(found["event_id"], found["pk"], dead),
        ledger.counted(found["event_id"], found["pk"], void=len(dead)),
    ]
    theirs = {one: entry(TicketVoided, booking_id=found["pk"], ticket_ids=[one]) for one in passed_on}
    return _end(Trigger.VOID, found["pk"], told, {one: {} for one in dead}, also, theirs)


def without(ticket: Item, *, by: str, publish: Sequence[dict[str, Any]]) -> Update:
    """The issue no longer has this ticket among those that are valid. For a transaction."""
    return _relisted(ticket, [], "withdraw", by=by, publish=publish)


def instead(ticket: Item, new_id: str, *, by: str) -> Update:
    """The issue has another ticket in the place of this one. For a transaction."""
    return _relisted(ticket, [new_id], "transfer", by=by, publish=[])


def _relisted(ticket: Item, instead: list[str], trigger: str, *, by: str, publish: Sequence[dict[str, Any]]) -> Update:
    listed = (find(ticket["booking_id"]) or {"ticket_ids": []})["ticket_ids"]
    left = [one for one in listed if one != ticket["id"]] + instead
    return change(
        TABLE, key(ticket["booking_id"], "issue"),
        trigger=trigger, actor=by, sets={"ticket_ids": left}, publish=publish,
        condition="#ticket_ids = :listed AND #status = :created",
        values={"listed": listed, "created": str(State.CREATED)},
    )  # fmt: skip


def remember_cancelled(booking_id: str) -> None:
    """From here on no tickets of the booking become valid, whatever arrives later."""
    store.write(Put(TABLE, key(booking_id, "cancelled")))


def is_cancelled(booking_id: str) -> bool:
    return store.get(TABLE, key(booking_id, "cancelled")) is not None


def _end(
    trigger: Trigger,
    booking_id: str,
    told: dict[str, Any],
    sets: Mapping[str, Mapping[str, str]],
    also: Sequence[Write] = (),
    theirs: Mapping[str, dict[str, Any]] = MappingProxyType({}),
    **facts: Any,
) -> bool:
    writes: list[Write] = [_move(key(booking_id, "issue"), trigger, facts, [told])]
    writes += [
        _move(key(one, "ticket"), trigger, shown, [theirs[one]] if one in theirs else []) for one, shown in sets.items()
    ]
    writes += also
    try:
        store.transact(writes)
    except ConditionFailed as failure:
        # The issue was moved on by another delivery, and its tickets with it: nothing is left to do.
        if 0 in failure.failed:
            return False
        raise
    return True


def _reject_unborn(new: Issue, reason: str) -> bool:
    item = _issue(new, TicketRejected, State.REJECTED) | {"reason": reason, "ticket_ids": []}
    try:
        store.write(Put(TABLE, item, condition=NEW))
    except ConditionFailed as failure:
        found = outbox.mine(failure)
        if found is None or found["status"] != State.REJECTED:
            return reject(new, reason)  # another delivery has begun the issue meanwhile
    return True


def _move(key: Key, trigger: Trigger, sets: Mapping[str, Any], publish: Sequence[dict[str, Any]]) -> Update:
    return transition(TABLE, key, LIFECYCLE, trigger, actor=_WE, sets=sets, publish=publish)


def _issue(new: Issue, told: type[TicketPending | TicketRejected], state: State) -> Item:
    # The buyer stands in `buyer_id`: an item with `user_id` would be listed among the user's tickets.
    item = key(new.booking_id, "issue") | {
        "id": new.booking_id,
        "buyer_id": new.buyer_id,
        "event_id": new.event_id,
        "status": str(state),
        "ticket_ids": [one.id for one in new.tickets],
    }
    return born(item, actor=_WE, publish=[entry(told, user_id=new.buyer_id)], followed=True)


def _ticket(new: Ticket) -> Item:
    item = key(new.id, "ticket") | asdict(new)
    return born(item | attendees.place(item) | {"status": str(State.PENDING)}, actor=_WE, followed=True)
