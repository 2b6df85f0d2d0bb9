"""What notify knows of events: a copy of what mails say, and which event a booking is for.

`first` is the event as it was published and `told` as its people were last told of it; what they have not
been told yet is the difference to what it is now.
"""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Self

from common import clock, store
from common.bus.events import EventCancelled, EventChanged, EventPublished
from common.store import ConditionFailed, Item, Put, Update
from notify.core.repository import TABLE

_SHOWN = ("name", "venue", "city", "zone", "starts_at", "ends_at")
_NEWER = "attribute_not_exists(#event_version) OR #event_version < :event_version"


class ShowMissing(Exception):
    """The event's copy, or that of this version, has not arrived yet; trying again will find it."""


@dataclass(frozen=True)
class Show:
    """An event as mails speak of it; the times are ISO 8601 in UTC."""

    name: str
    venue: str
    city: str
    zone: str
    starts_at: str
    ends_at: str

    @classmethod
    def of(cls, told: dict[str, Any]) -> Self:
        return cls(**{name: told[name] for name in _SHOWN})

    @property
    def starts(self) -> datetime:
        return clock.parse(self.starts_at)


def keep(event: EventPublished | EventChanged | EventCancelled) -> None:
    """Keep the newest version, and how the event was first published."""
    shown = _shown(event)
    if isinstance(event, EventPublished):
        told = {"first": shown, "published_at": clock.iso(event.occurred_at)}
        once = ", ".join(f"#{name} = if_not_exists(#{name}, :{name})" for name in told)
        store.write(Update(TABLE, _key(event.event_id), f"SET {once}", values=told))
    currency = {"currency": event.types[0].currency} if event.types else {}
    values = shown | currency | {"status": event.status, "event_version": event.event_version}
    expression = f"SET {', '.join(f'#{name} = :{name}' for name in values)}"
    try:
        store.write(Update(TABLE, _key(event.event_id), expression, condition=_NEWER, values=values))
    except ConditionFailed:
        return


def copy(event_id: str) -> Item:
    """The newest version that arrived, and how it was published. Raises ShowMissing."""
    found = store.get(TABLE, _key(event_id)) or {}
    if not {"event_version", "first"} <= found.keys():
        raise ShowMissing
    return found


def untold(found: Item) -> dict[str, dict[str, str]]:
    """What people were told and what is so now, where that differs."""
    was, now = Show.of(found.get("told") or found["first"]), Show.of(found)
    return {} if was == now else {"was": asdict(was), "now": asdict(now)}


def mark_told(event_id: str, version: int, now: dict[str, str]) -> None:
    """From here on people know this version."""
    newer = "attribute_not_exists(#told_version) OR #told_version < :version"
    values = {"told": now, "version": version}
    update = Update(
        TABLE, _key(event_id), "SET #told = :told, #told_version = :version", condition=newer, values=values
    )
    try:
        store.write(update)
    except ConditionFailed:
        return


def remember(booking_id: str, event_id: str) -> None:
    """Of what event the booking is: money that goes back names its booking only."""
    store.write(Put(TABLE, _booking(booking_id) | {"event_id": event_id}))


def event_of(booking_id: str) -> str:
    """The event that the booking is for. Raises ShowMissing."""
    found = store.get(TABLE, _booking(booking_id))
    if found is None:
        raise ShowMissing
    return str(found["event_id"])


def _shown(event: EventPublished | EventChanged | EventCancelled) -> dict[str, Any]:
    times = {name: clock.iso(getattr(event, name)) for name in ("starts_at", "ends_at")}
    return event.model_dump(include=set(_SHOWN)) | times


def _key(event_id: str) -> dict[str, str]:
    return {"pk": event_id, "sk": "event"}


def _booking(booking_id: str) -> dict[str, str]:
    return {"pk": booking_id, "sk": "booking"}
