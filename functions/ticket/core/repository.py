"""Where tickets, their issues, copies of events and scans are kept, and on what conditions.

pk           sk         what
event id     event      the copy of a published event, the newest terms only
booking id   issue      the tickets of a booking, told of together
booking id   cancelled  the booking is cancelled: it gets no valid tickets any more
ticket id    ticket     a ticket
ticket id    code#n     the code of a later serial, for the index
scan id      scan       an admission, by its nonce
transfer id  transfer   an offer of a ticket to another person

What the door knows beside them: ledger.py.
"""

from collections.abc import Sequence
from typing import Any

from common import clock, store
from common.bus.events import EventTerms
from common.bus.ticket import TicketCheckedIn, TicketCheckInUndone
from common.cursor import Listing
from common.outbox import entry, transition
from common.store import ConditionFailed, Item, Put, Update
from ticket.core import ledger
from ticket.core.errors import TicketUnknown
from ticket.core.model import LIFECYCLE, Trigger

TABLE = "tickets"
MINE = Listing(TABLE, "by_user", "user_id", "created_at")

NEW = "attribute_not_exists(#pk)"


def keep_event(terms: EventTerms) -> None:
    """Keep the copy of an event unless a newer one is here already."""
    copied = {"name", "venue", "city", "zone", "organiser_id", "status", "event_version"}
    item = terms.model_dump(include=copied) | {
        "pk": terms.event_id,
        "sk": "event",
        "staff": list(terms.staff),
        "starts_at": clock.iso(terms.starts_at),
        "ends_at": clock.iso(terms.ends_at),
        "doors_at": clock.iso(terms.doors_at) if terms.doors_at else None,
        "types": {one.id: one.name for one in terms.types},
    }
    newer = "attribute_not_exists(#event_version) OR #event_version < :event_version"
    try:
        store.write(Put(TABLE, item, condition=newer, values={"event_version": terms.event_version}))
    except ConditionFailed:
        return


def event(event_id: str) -> Item | None:
    return store.get(TABLE, key(event_id, "event"))


def tickets(ticket_ids: Sequence[str]) -> list[Item]:
    return store.batch_get(TABLE, [key(one, "ticket") for one in ticket_ids])


def ticket(ticket_id: str) -> Item | None:
    return store.get(TABLE, key(ticket_id, "ticket"))


def owned(ticket_id: str, user_id: str) -> Item:
    """The user's own ticket. Raises TicketUnknown."""
    found = ticket(ticket_id)
    if not found or found["user_id"] != user_id:
        raise TicketUnknown
    return found


def by_code(code: str) -> Item | None:
    """The ticket that has this code now; the index only tells where to look."""
    keys, _ = store.query(TABLE, "#code = :code", {"code": code}, index="by_code")
    found = ticket(keys[0]["pk"]) if keys else None
    return found if found and code_of(found) == code else None


def code_of(ticket: Item) -> str:
    """The code that admits now: that of the latest issue."""
    return str(ticket.get("latest_code") or ticket["code"])


def scan(scan_id: str) -> Item | None:
    return store.get(TABLE, key(scan_id, "scan"))


def admit(admitted: Item, scan: Item, *, by: str) -> None:
    """Admit the ticket, once, and remember the scan. Raises ConditionFailed (ticket, scan)."""
    at = scan["checked_in_at"]
    update = transition(
        TABLE, key(admitted["pk"], "ticket"), LIFECYCLE, Trigger.ADMIT,
        actor=by,
        sets={"checked_in_at": at, "checked_in_by": by, "scan_id": scan["id"]},
        publish=[entry(TicketCheckedIn)],
        also="#serial = :serial",
        values={"serial": admitted["serial"]},
    )  # fmt: skip
    counted = ledger.counted(scan["event_id"], admitted["pk"], checked_in=1)
    store.transact([update, Put(TABLE, scan | key(scan["id"], "scan"), condition=NEW), counted])


def take_back(scan: Item, *, by: str) -> None:
    """The ticket admits again, and the scan is remembered as undone. Raises ConditionFailed (ticket, scan)."""
    update = transition(
        TABLE, key(scan["ticket_id"], "ticket"), LIFECYCLE, Trigger.UNDO,
        actor=by,
        removes=("checked_in_at", "checked_in_by", "scan_id"),
        publish=[entry(TicketCheckInUndone)],
        also="#scan_id = :scan_id",
        values={"scan_id": scan["id"]},
    )  # fmt: skip
    undone = {"undone_at": clock.iso(clock.now()), "undone_by": by}
    mark = Update(
        TABLE, key(scan["id"], "scan"), "SET #undone_at = :undone_at, #undone_by = :undone_by",
        condition="attribute_not_exists(#undone_at)", values=undone,
    )  # fmt: skip
    store.transact([update, mark, ledger.counted(scan["event_id"], scan["ticket_id"], checked_in=-1)])


def key(pk: str, sk: str) -> dict[str, Any]:
    return {"pk": pk, "sk": sk}
