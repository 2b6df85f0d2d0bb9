"""The copy of published events: organiser, name, and the names of the event types."""

from common import store
from common.bus.events import EventTerms
from common.store import ConditionFailed, Item, Put

TABLE = "payments"


def upsert(terms: EventTerms) -> None:
    """Store the copy of an event unless a newer version is stored."""
    item = {
        **_key(terms.event_id),
        "organiser_id": terms.organiser_id,
        "name": terms.name,
        "types": {event_type.id: event_type.name for event_type in terms.types},
        "event_version": terms.event_version,
    }
    is_newer = "attribute_not_exists(#event_version) OR #event_version < :event_version"
    try:
        store.write(Put(TABLE, item, condition=is_newer, values={"event_version": terms.event_version}))
    except ConditionFailed:
        return


def find(event_id: str) -> Item | None:
    return store.get(TABLE, _key(event_id))


def _key(event_id: str) -> dict[str, str]:
    return {"pk": event_id, "sk": "show"}
