"""The items of the tickets table, and the conditions on which tickets and scans are written.

pk           sk         item
event id     event      copy of a published event, newest version only (event_copy.py)
booking id   issue      issuance: the tickets of a booking (issuance.py)
booking id   cancelled  marker: the booking is cancelled and gets no valid tickets
ticket id    ticket     a ticket
ticket id    code#n     the code of serial n > 1, for the index
scan id      scan       a check-in; the id is derived from the caller and the nonce
transfer id  transfer   an offer of a ticket to another person (transfers.py)

Counts and revocations per event have items of their own: door_counters.py.
"""

from collections.abc import Sequence
from typing import Any

from common import clock, store
from common.bus.ticket import TicketCheckedIn, TicketCheckInUndone
from common.outbox import event_entry, transition
from common.pagination.paginator import IndexPaginator
from common.store import Item, Put, Update
from ticket.core import door_counters
from ticket.core.errors import TicketNotFound
from ticket.core.model import LIFECYCLE, Trigger

TABLE = "tickets"
BY_USER = IndexPaginator(TABLE, "by_user", "user_id", "created_at")

IS_NEW = "attribute_not_exists(#pk)"


def find_issuance(booking_id: str) -> Item | None:
    return store.get(TABLE, key(booking_id, "issue"))


def find_tickets(ticket_ids: Sequence[str]) -> list[Item]:
    return store.batch_get(TABLE, [key(one, "ticket") for one in ticket_ids])


def find_ticket(ticket_id: str) -> Item | None:
    return store.get(TABLE, key(ticket_id, "ticket"))


def get_owned(ticket_id: str, user_id: str) -> Item:
    """The ticket, if the user owns it. Raises TicketNotFound."""
    ticket = find_ticket(ticket_id)
    if not ticket or ticket["user_id"] != user_id:
        raise TicketNotFound
    return ticket


def find_by_code(code: str) -> Item | None:
    """The ticket whose current code this is; the index also finds tickets by revoked codes."""
    keys, _ = store.query(TABLE, "#code = :code", {"code": code}, index="by_code")
    ticket = find_ticket(keys[0]["pk"]) if keys else None
    return ticket if ticket and current_code(ticket) == code else None


def current_code(ticket: Item) -> str:
    """The code of the ticket's latest serial."""
    return str(ticket.get("latest_code") or ticket["code"])


def find_scan(scan_id: str) -> Item | None:
    return store.get(TABLE, key(scan_id, "scan"))


def create_check_in(ticket: Item, scan: Item, *, actor: str) -> None:
    """Check the ticket in, once, and store the scan. Raises ConditionFailed; items 0, 1: ticket, scan."""
    checked_in_at = scan["checked_in_at"]
    ticket_update = transition(
        TABLE, key(ticket["pk"], "ticket"), LIFECYCLE, Trigger.ADMIT,
        actor=actor,
        sets={"checked_in_at": checked_in_at, "checked_in_by": actor, "scan_id": scan["id"]},
        publish=[event_entry(TicketCheckedIn)],
        extra_condition="#serial = :serial",
        values={"serial": ticket["serial"]},
    )  # fmt: skip
    counter_update = door_counters.count(scan["event_id"], ticket["pk"], checked_in=1)
    store.transact([ticket_update, Put(TABLE, scan | key(scan["id"], "scan"), condition=IS_NEW), counter_update])


def undo_check_in(scan: Item, *, actor: str) -> None:
    """Make the ticket valid again and mark the scan undone. Raises ConditionFailed; items 0, 1: ticket, scan."""
    ticket_update = transition(
        TABLE, key(scan["ticket_id"], "ticket"), LIFECYCLE, Trigger.UNDO,
        actor=actor,
        removes=("checked_in_at", "checked_in_by", "scan_id"),
        publish=[event_entry(TicketCheckInUndone)],
        extra_condition="#scan_id = :scan_id",
        values={"scan_id": scan["id"]},
    )  # fmt: skip
    undo_fields = {"undone_at": clock.iso(clock.now()), "undone_by": actor}
    scan_update = Update(
        TABLE, key(scan["id"], "scan"), "SET #undone_at = :undone_at, #undone_by = :undone_by",
        condition="attribute_not_exists(#undone_at)", values=undo_fields,
    )  # fmt: skip
    store.transact(
        [ticket_update, scan_update, door_counters.count(scan["event_id"], scan["ticket_id"], checked_in=-1)]
    )


def key(pk: str, sk: str) -> dict[str, Any]:
    return {"pk": pk, "sk": sk}
