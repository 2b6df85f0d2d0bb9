"""Events joined with live data: the current category name, and capacity and availability as booking publishes them.

Live data is not stored in the event item, so that it never conflicts with an organiser's edit. Booking's values have
one item per event type; each attribute keeps its newest value, in whatever order the bus events arrive.
"""

import contextlib
from collections.abc import Mapping, Sequence
from itertools import islice

from common import clock, store
from common.bus.booking import AvailabilityChanged, CapacityChanged
from common.erasure import items_of_user
from common.store import ConditionFailed, Item, Update
from events.core import edit_rules
from events.core.model import Status

ItemKey = tuple[str, str]

_MAX_LISTED = 20


def apply_live_update(change: AvailabilityChanged | CapacityChanged) -> None:
    """Store the availability or capacity of a type unless a newer value is stored."""
    if isinstance(change, CapacityChanged):
        _save_if_newer(change, "capacity", {"value": change.capacity, "at": change.version})
    else:
        _save_if_newer(change, "availability", {"value": change.availability, "at": clock.iso(change.changed_at)})


def with_live_data(event: Item) -> Item:
    """Return the event with its live data."""
    return all_with_live_data([event])[0]


def all_with_live_data(events: Sequence[Item]) -> list[Item]:
    """Return the events with their live data, in the same order."""
    keys = dict.fromkeys(key for event in events for key in _live_keys(event))
    items = store.batch_get("events", [{"pk": pk, "sk": sk} for pk, sk in keys])
    live_items = {(item["pk"], item["sk"]): item for item in items}
    return [_with_live_values(event, live_items) for event in events]


def open_event_ids(organiser_id: str) -> list[str]:
    """Return the ids of the organiser's published events that are not over, at most `_MAX_LISTED`."""
    events = items_of_user("events", organiser_id, "by_organiser", "organiser_id")
    now = clock.now()
    open_ids = (one["id"] for one in events if one["status"] == Status.PUBLISHED and not edit_rules.is_over(one, now))
    return list(islice(open_ids, _MAX_LISTED))


def _save_if_newer(change: AvailabilityChanged | CapacityChanged, attribute: str, values: Item) -> None:
    update = Update(
        "events",
        {"pk": change.event_id, "sk": _live_sk(change.event_type_id)},
        f"SET #{attribute} = :value, #{attribute}_at = :at",
        condition=f"attribute_not_exists(#{attribute}_at) OR #{attribute}_at < :at",
        values=values,
    )
    with contextlib.suppress(ConditionFailed):
        store.write(update)


def _live_keys(event: Item) -> list[ItemKey]:
    # Booking publishes nothing about drafts.
    types = [] if event["status"] == Status.DRAFT else event["types"]
    return [(event["category_id"], "category"), *((event["id"], _live_sk(one["id"])) for one in types)]


def _with_live_values(event: Item, live_items: Mapping[ItemKey, Item]) -> Item:
    category = live_items.get((event["category_id"], "category"), {}).get("name", event["category"])
    types = [one | _live_fields(live_items.get((event["id"], _live_sk(one["id"])), {})) for one in event["types"]]
    return event | {"category": category, "types": types}


def _live_fields(live_item: Item) -> Item:
    return {name: live_item[name] for name in ("capacity", "availability") if name in live_item}


def _live_sk(event_type_id: str) -> str:
    return f"type#{event_type_id}"
