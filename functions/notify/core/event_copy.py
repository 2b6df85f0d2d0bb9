"""Copies of events, as far as e-mails need them, and the event of each booking.

`as_published` is the first published version and `announced` the last announced one. Pending changes are the
difference between that and the current version.
"""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Self

from common import clock, store
from common.bus.events import EventCancelled, EventChanged, EventPublished
from common.store import ConditionFailed, Item, Put, Update
from notify.core.repository import TABLE

_SUMMARY_FIELDS = ("name", "venue", "city", "zone", "starts_at", "ends_at")
_IS_NEWER = "attribute_not_exists(#event_version) OR #event_version < :event_version"


class EventCopyMissing(Exception):
    """The copy of the event, or this version of it, has not arrived yet; retry later."""


@dataclass(frozen=True)
class EventSummary:
    """The event fields that e-mails show; times are ISO 8601 in UTC."""

    name: str
    venue: str
    city: str
    zone: str
    starts_at: str
    ends_at: str

    @classmethod
    def from_item(cls, item: dict[str, Any]) -> Self:
        return cls(**{name: item[name] for name in _SUMMARY_FIELDS})

    @property
    def start_time(self) -> datetime:
        return clock.parse(self.starts_at)


def upsert(event: EventPublished | EventChanged | EventCancelled) -> None:
    """Store the version if it is newer, and the first published version."""
    summary = _summary(event)
    if isinstance(event, EventPublished):
        publication = {"as_published": summary, "published_at": clock.iso(event.occurred_at)}
        assignments = ", ".join(f"#{name} = if_not_exists(#{name}, :{name})" for name in publication)
        store.write(Update(TABLE, _key(event.event_id), f"SET {assignments}", values=publication))
    currency = {"currency": event.types[0].currency} if event.types else {}
    values = summary | currency | {"status": event.status, "event_version": event.event_version}
    expression = f"SET {', '.join(f'#{name} = :{name}' for name in values)}"
    try:
        store.write(Update(TABLE, _key(event.event_id), expression, condition=_IS_NEWER, values=values))
    except ConditionFailed:
        return


def get(event_id: str) -> Item:
    """Return the newest version and the first published one. Raises EventCopyMissing."""
    item = store.get(TABLE, _key(event_id)) or {}
    if not {"event_version", "as_published"} <= item.keys():
        raise EventCopyMissing
    return item


def pending_changes(item: Item) -> dict[str, dict[str, str]]:
    """Return the last announced version (`was`) and the current one (`now`); empty if they are equal."""
    announced = EventSummary.from_item(item.get("announced") or item["as_published"])
    current = EventSummary.from_item(item)
    return {} if announced == current else {"was": asdict(announced), "now": asdict(current)}


def mark_announced(event_id: str, version: int, summary: dict[str, str]) -> None:
    """Store the version as announced, unless a newer one is."""
    is_newer = "attribute_not_exists(#announced_version) OR #announced_version < :version"
    values = {"announced": summary, "version": version}
    expression = "SET #announced = :announced, #announced_version = :version"
    try:
        store.write(Update(TABLE, _key(event_id), expression, condition=is_newer, values=values))
    except ConditionFailed:
        return


def link_booking(booking_id: str, event_id: str) -> None:
    """Store the event of the booking: PaymentRefunded names only the booking."""
    store.write(Put(TABLE, _booking_key(booking_id) | {"event_id": event_id}))


def event_id_for_booking(booking_id: str) -> str:
    """Return the id of the booking's event. Raises EventCopyMissing."""
    item = store.get(TABLE, _booking_key(booking_id))
    if item is None:
        raise EventCopyMissing
    return str(item["event_id"])


def _summary(event: EventPublished | EventChanged | EventCancelled) -> dict[str, Any]:
    times = {name: clock.iso(getattr(event, name)) for name in ("starts_at", "ends_at")}
    return event.model_dump(include=set(_SUMMARY_FIELDS)) | times


def _key(event_id: str) -> dict[str, str]:
    return {"pk": event_id, "sk": "event"}


def _booking_key(booking_id: str) -> dict[str, str]:
    return {"pk": booking_id, "sk": "booking"}
