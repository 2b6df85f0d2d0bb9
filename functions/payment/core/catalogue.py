"""The copy of published events: who organises them, and what their places are called."""

from common import store
from common.bus.events import EventTerms
from common.store import ConditionFailed, Item, Put

TABLE = "payments"


def keep(terms: EventTerms) -> None:
    """Keep the copy of an event unless a newer one is here already."""
    item = {
        **_key(terms.event_id),
        "organiser_id": terms.organiser_id,
        "name": terms.name,
        "types": {one.id: one.name for one in terms.types},
        "event_version": terms.event_version,
    }
    newer = "attribute_not_exists(#event_version) OR #event_version < :event_version"
    try:
        store.write(Put(TABLE, item, condition=newer, values={"event_version": terms.event_version}))
    except ConditionFailed:
        return


def find(event_id: str) -> Item | None:
    return store.get(TABLE, _key(event_id))


def _key(event_id: str) -> dict[str, str]:
    return {"pk": event_id, "sk": "show"}
