"""The local copy of published events: staff, times and status, each at its newest version."""

from common import clock, store
from common.bus.events import EventTerms
from common.store import ConditionFailed, Item, Put
from ticket.core.errors import NotIssued
from ticket.core.model import qr_payload_of
from ticket.core.repository import TABLE, key

_COPIED_FIELDS = {"name", "venue", "city", "zone", "organiser_id", "status", "event_version"}


def upsert(terms: EventTerms) -> None:
    """Store the copy unless a newer one is stored."""
    item = terms.model_dump(include=_COPIED_FIELDS) | {
        "pk": terms.event_id,
        "sk": "event",
        "staff": list(terms.staff),
        "starts_at": clock.iso(terms.starts_at),
        "ends_at": clock.iso(terms.ends_at),
        "doors_at": clock.iso(terms.doors_at) if terms.doors_at else None,
        "types": {one.id: one.name for one in terms.types},
    }
    is_newer = "attribute_not_exists(#event_version) OR #event_version < :event_version"
    try:
        store.write(Put(TABLE, item, condition=is_newer, values={"event_version": terms.event_version}))
    except ConditionFailed:
        return


def find(event_id: str) -> Item | None:
    return store.get(TABLE, key(event_id, "event"))


def get_for_ticket(ticket: Item) -> Item:
    """The event of an issued ticket. Raises TicketVoid or NotIssued."""
    qr_payload_of(ticket)
    event = find(ticket["event_id"])
    if event is None:
        raise NotIssued(retry_after=1)  # the copy has not arrived yet
    return event
