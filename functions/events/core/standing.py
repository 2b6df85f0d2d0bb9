"""How an event stands: with its category's present name, and with what booking says of its types.

That is not copied into the event. What booking says has items of its own beside it, one per type, of which each
fact keeps its newest: it comes at any time and in any order, and is no edit that could overtake an organiser's.
"""

import contextlib
from collections.abc import Mapping, Sequence
from itertools import islice

from common import clock, store
from common.bus.booking import AvailabilityChanged, CapacityChanged
from common.erasing import listed
from common.store import ConditionFailed, Item, Update
from events.core import promises
from events.core.model import Status

Key = tuple[str, str]

_SHOWN = 20


def learn(said: AvailabilityChanged | CapacityChanged) -> None:
    """Keep booking's word or number of a type, unless a newer one is known."""
    if isinstance(said, CapacityChanged):
        _keep(said, "capacity", {"value": said.capacity, "at": said.version})
    else:
        _keep(said, "word", {"value": said.word, "at": clock.iso(said.changed_at)})


def of(event: Item) -> Item:
    """The event as it stands."""
    return all_of([event])[0]


def all_of(events: Sequence[Item]) -> list[Item]:
    """The events as they stand, in their order."""
    keys = dict.fromkeys(key for event in events for key in _beside(event))
    found = store.batch_get("events", [{"pk": pk, "sk": sk} for pk, sk in keys])
    known = {(item["pk"], item["sk"]): item for item in found}
    return [_standing(event, known) for event in events]


def still_open(organiser_id: str) -> list[str]:
    """Events of the organiser's that people can still book or visit: some of them, where they are many."""
    found = listed("events", organiser_id, "by_organiser", "organiser_id")
    now = clock.now()
    open_ = (one["id"] for one in found if one["status"] == Status.PUBLISHED and not promises.over(one, now))
    return list(islice(open_, _SHOWN))


def _keep(said: AvailabilityChanged | CapacityChanged, name: str, values: Item) -> None:
    update = Update(
        "events",
        {"pk": said.event_id, "sk": _place(said.event_type_id)},
        f"SET #{name} = :value, #{name}_at = :at",
        condition=f"attribute_not_exists(#{name}_at) OR #{name}_at < :at",
        values=values,
    )
    with contextlib.suppress(ConditionFailed):
        store.write(update)


def _beside(event: Item) -> list[Key]:
    # Of a draft nobody says anything.
    types = [] if event["status"] == Status.DRAFT else event["types"]
    return [(event["category_id"], "category"), *((event["id"], _place(one["id"])) for one in types)]


def _standing(event: Item, known: Mapping[Key, Item]) -> Item:
    category = known.get((event["category_id"], "category"), {}).get("name", event["category"])
    types = [one | _said(known.get((event["id"], _place(one["id"])), {})) for one in event["types"]]
    return event | {"category": category, "types": types}


def _said(place: Item) -> Item:
    return {name: place[name] for name in ("capacity", "word") if name in place}


def _place(event_type_id: str) -> str:
    return f"type#{event_type_id}"
