"""Issue, reject and void the tickets of a booking.

A booking's issuance is an item of its own; it and the booking's tickets change in one transaction.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from types import MappingProxyType
from typing import Any

from common import clock, env, log, outbox, store
from common.bus.booking import BookingConfirmed
from common.bus.ticket import TicketCreated, TicketPending, TicketRejected, TicketVoided
from common.outbox import event_entry, new_item, transition, versioned_update
from common.store import ConditionFailed, Item, Key, Put, Update, Write
from ticket.core import attendees, door_counters, event_copy, signature
from ticket.core.model import LIFECYCLE, Issuance, State, Ticket, Trigger
from ticket.core.repository import IS_NEW, TABLE, find_issuance, find_tickets, key

_ACTOR = "ticket"


def issue(booking: BookingConfirmed) -> None:
    """Write PENDING tickets in one transaction, sign and activate them in the next. A redelivery resumes."""
    issuance = Issuance.from_booking(booking)
    if create_pending(issuance) is not State.PENDING:
        return
    if is_booking_cancelled(issuance.booking_id):
        void(issuance.booking_id)
    elif _event_is_cancelled(issuance.event_id):
        reject(issuance, "event_cancelled")
    elif activate(issuance, {one.id: _credentials(one) for one in issuance.tickets}):
        log.count("TicketsIssued", len(issuance.tickets))


def reject_after_retries(booking: BookingConfirmed) -> None:
    """Reject the tickets because all attempts to issue them failed; booking then undoes the booking."""
    if reject(Issuance.from_booking(booking), "not_issued"):
        log.count("IssuancesFailed")


def reject(issuance: Issuance, reason: str) -> bool:
    """Reject the booking's tickets; False if they are no longer PENDING."""
    rejected = _write_rejection(issuance, reason)
    if rejected:
        log.count("TicketsRejected", len(issuance.tickets))
    return rejected


def cancel(booking_id: str) -> None:
    """Void the tickets of a cancelled booking, also those not issued yet."""
    mark_booking_cancelled(booking_id)
    void(booking_id)


def void(booking_id: str) -> None:
    """Void all tickets of the booking's issuance, if there is one to void."""
    issuance = find_issuance(booking_id)
    if issuance and LIFECYCLE.allows(State(issuance["status"]), Trigger.VOID) and _write_void(issuance):
        log.count("TicketsVoided", len(issuance["ticket_ids"]))


def mark_booking_cancelled(booking_id: str) -> None:
    """From here on no ticket of the booking becomes valid, in whatever order messages arrive."""
    store.write(Put(TABLE, key(booking_id, "cancelled")))


def is_booking_cancelled(booking_id: str) -> bool:
    return store.get(TABLE, key(booking_id, "cancelled")) is not None


def create_pending(issuance: Issuance) -> State:
    """Write issuance and tickets as PENDING unless they exist. Returns the issuance's state."""
    writes: list[Write] = [Put(TABLE, _new_issuance(issuance, TicketPending, State.PENDING), condition=IS_NEW)]
    writes += [Put(TABLE, _new_ticket(one), condition=IS_NEW) for one in issuance.tickets]
    writes += [door_counters.count(issuance.event_id, issuance.booking_id, issued=len(issuance.tickets))]
    try:
        store.transact(writes)
    except ConditionFailed as failure:
        if not failure.old_items[0]:
            raise
        return State(failure.old_items[0]["status"])
    return State.PENDING


def activate(issuance: Issuance, credentials: Mapping[str, Mapping[str, str]]) -> bool:
    """Make all tickets valid, each with its credentials; False if they are no longer PENDING."""
    created_entry = event_entry(TicketCreated, user_id=issuance.buyer_id)
    ticket_updates = {one.id: credentials[one.id] for one in issuance.tickets}
    return _transition_all(Trigger.ISSUE, issuance.booking_id, created_entry, ticket_updates)


def remove_ticket(ticket: Item, *, actor: str, publish: Sequence[dict[str, Any]]) -> Update:
    """The update that takes the ticket off its issuance, for a transaction."""
    return _update_ticket_ids(ticket, [], "withdraw", actor=actor, publish=publish)


def replace_ticket(ticket: Item, new_id: str, *, actor: str) -> Update:
    """The update that replaces the ticket in its issuance, for a transaction."""
    return _update_ticket_ids(ticket, [new_id], "transfer", actor=actor, publish=[])


def _update_ticket_ids(
    ticket: Item, replacements: list[str], trigger: str, *, actor: str, publish: Sequence[dict[str, Any]]
) -> Update:
    current_ids = (find_issuance(ticket["booking_id"]) or {"ticket_ids": []})["ticket_ids"]
    remaining_ids = [one for one in current_ids if one != ticket["id"]] + replacements
    return versioned_update(
        TABLE, key(ticket["booking_id"], "issue"),
        trigger=trigger, actor=actor, sets={"ticket_ids": remaining_ids}, publish=publish,
        condition="#ticket_ids = :listed AND #status = :created",
        values={"listed": current_ids, "created": str(State.CREATED)},
    )  # fmt: skip


def _write_rejection(issuance: Issuance, reason: str) -> bool:
    rejected_entry = event_entry(TicketRejected, user_id=issuance.buyer_id)
    if find_issuance(issuance.booking_id) is None:
        return _create_rejected(issuance, reason)
    counter_update = door_counters.count(issuance.event_id, issuance.booking_id, void=len(issuance.tickets))
    ticket_updates: dict[str, dict[str, str]] = {one.id: {} for one in issuance.tickets}
    return _transition_all(
        Trigger.REJECT, issuance.booking_id, rejected_entry, ticket_updates, [counter_update], reason=reason
    )


def _create_rejected(issuance: Issuance, reason: str) -> bool:
    item = _new_issuance(issuance, TicketRejected, State.REJECTED) | {"reason": reason, "ticket_ids": []}
    try:
        store.write(Put(TABLE, item, condition=IS_NEW))
    except ConditionFailed as failure:
        existing = outbox.own_write(failure)
        if existing is None or existing["status"] != State.REJECTED:
            return _write_rejection(issuance, reason)  # a concurrent delivery has created the issuance
    return True


def _write_void(issuance: Item) -> bool:
    """Void the issuance and its tickets; False if that is done already.

    The issuance's bus event is for the buyer and names no ticket: it concerns all of them. The owner of a
    transferred ticket gets a bus event that names it.
    """
    ticket_ids = issuance["ticket_ids"]
    buyer_entry = event_entry(TicketVoided, user_id=issuance["buyer_id"], ticket_ids=[])
    transferred = [one["id"] for one in find_tickets(ticket_ids) if one["user_id"] != issuance["buyer_id"]]
    extra_writes = [
        door_counters.revoke(issuance["event_id"], issuance["pk"], ticket_ids),
        door_counters.count(issuance["event_id"], issuance["pk"], void=len(ticket_ids)),
    ]
    owner_entries = {one: event_entry(TicketVoided, booking_id=issuance["pk"], ticket_ids=[one]) for one in transferred}
    return _transition_all(
        Trigger.VOID, issuance["pk"], buyer_entry, {one: {} for one in ticket_ids}, extra_writes, owner_entries
    )


def _transition_all(
    trigger: Trigger,
    booking_id: str,
    issuance_entry: dict[str, Any],
    ticket_updates: Mapping[str, Mapping[str, str]],
    extra_writes: Sequence[Write] = (),
    ticket_entries: Mapping[str, dict[str, Any]] = MappingProxyType({}),
    **issuance_updates: Any,
) -> bool:
    """Move issuance and tickets to the trigger's target in one transaction; False if the issuance has moved."""
    writes: list[Write] = [_transition_item(key(booking_id, "issue"), trigger, issuance_updates, [issuance_entry])]
    writes += [
        _transition_item(key(one, "ticket"), trigger, sets, [ticket_entries[one]] if one in ticket_entries else [])
        for one, sets in ticket_updates.items()
    ]
    writes += extra_writes
    try:
        store.transact(writes)
    except ConditionFailed as failure:
        if 0 in failure.failed_indexes:  # a concurrent delivery moved the issuance, and its tickets with it
            return False
        raise
    return True


def _transition_item(key: Key, trigger: Trigger, sets: Mapping[str, Any], publish: Sequence[dict[str, Any]]) -> Update:
    return transition(TABLE, key, LIFECYCLE, trigger, actor=_ACTOR, sets=sets, publish=publish)


def _new_issuance(issuance: Issuance, event_type: type[TicketPending | TicketRejected], state: State) -> Item:
    # The buyer is `buyer_id`: an item with `user_id` would be listed among the user's tickets.
    item = key(issuance.booking_id, "issue") | {
        "id": issuance.booking_id,
        "buyer_id": issuance.buyer_id,
        "event_id": issuance.event_id,
        "status": str(state),
        "ticket_ids": [one.id for one in issuance.tickets],
    }
    created_entry = event_entry(event_type, user_id=issuance.buyer_id)
    return new_item(item, actor=_ACTOR, publish=[created_entry], keep_correlation=True)


def _new_ticket(ticket: Ticket) -> Item:
    item = key(ticket.id, "ticket") | asdict(ticket)
    item |= attendees.list_keys(item) | {"status": str(State.PENDING)}
    return new_item(item, actor=_ACTOR, keep_correlation=True)


def _credentials(ticket: Ticket) -> dict[str, str]:
    credentials = signature.credentials(env.secret("ticket-seed"), asdict(ticket), ticket.serial)
    return credentials | {"issued_at": clock.iso(clock.now())}


def _event_is_cancelled(event_id: str) -> bool:
    # Signing does not need the event copy: one that has not arrived yet delays nothing.
    event = event_copy.find(event_id)
    return bool(event and event["status"] == "CANCELLED")
