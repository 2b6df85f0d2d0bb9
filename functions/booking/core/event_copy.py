"""Booking's copy of published events: their sale terms, and the inventory these create."""

import contextlib
from datetime import datetime
from typing import Any

from booking.core import inventory
from booking.core.errors import EventNotFound
from booking.core.sale_terms import Terms, TypeOnSale
from common import clock, store
from common.api import Caller
from common.bus.events import EventTerms, TypeTerms
from common.store import ConditionFailed, Put

TABLE = "bookings"


def upsert(event: EventTerms) -> None:
    """Store the event's terms and update every inventory shard in one transaction; older versions are ignored.

    Only the terms carry a version condition: the shards follow them unconditionally.
    """
    newer = "attribute_not_exists(#terms_version) OR #terms_version < :version"
    terms_put = Put(TABLE, _to_item(event), condition=newer, values={"version": event.terms_version})
    shard_updates = [_shard_update(event, one) for one in event.types]
    counter_updates = [
        inventory.upsert_counter(one.id, event_id=event.event_id, currency=one.currency) for one in event.types
    ]
    with contextlib.suppress(ConditionFailed):  # these terms, or newer ones, are stored
        store.transact([terms_put, *shard_updates, *counter_updates])


def get_terms(event_id: str) -> Terms:
    """The terms of a published event. Raises EventNotFound."""
    item = store.get(TABLE, _terms_key(event_id))
    if item is None:
        raise EventNotFound
    types = {type_id: _type_from_item(type_id, one) for type_id, one in item["types"].items()}
    names = ("organiser_id", "status", "max_per_user", "hold_seconds", "refund_percent", "refund_hours")
    fixed = {name: item[name] for name in names}
    fixed |= {name: clock.parse(item[name]) for name in ("starts_at", "ends_at")}
    return Terms(event_id=event_id, version=item["terms_version"], types=types, **fixed)


def get_managed_terms(event_id: str, caller: Caller) -> Terms:
    """The terms of an event that the caller may manage. Raises EventNotFound."""
    terms = get_terms(event_id)
    if not caller.can_manage(terms.organiser_id):
        raise EventNotFound
    return terms


def _type_from_item(type_id: str, item: dict[str, Any]) -> TypeOnSale:
    windows: dict[str, Any] = {name: clock.parse(item[name]) for name in ("sale_from", "sale_until") if name in item}
    return TypeOnSale(**item | windows | {"id": type_id})


def _shard_update(event: EventTerms, event_type: TypeTerms) -> store.Update:
    on_sale = event.status == "PUBLISHED" and event_type.status == "ON_SALE"
    return inventory.upsert_shard(
        event_type.id, capacity=event_type.capacity, on_sale=on_sale, terms_version=event.terms_version
    )


def _terms_key(event_id: str) -> dict[str, str]:
    return {"pk": event_id, "sk": "terms"}


def _to_item(event: EventTerms) -> store.Item:
    names = ("organiser_id", "status", "max_per_user", "hold_seconds", "refund_percent", "refund_hours")
    times = {"starts_at": clock.iso(event.starts_at), "ends_at": clock.iso(event.ends_at)}
    fixed = {name: getattr(event, name) for name in names} | {"terms_version": event.terms_version}
    return _terms_key(event.event_id) | fixed | times | {"types": {one.id: _type_to_item(one) for one in event.types}}


def _type_to_item(event_type: TypeTerms) -> store.Item:
    fixed = {name: getattr(event_type, name) for name in ("name", "prices", "currency", "status")}
    return (
        fixed | _optional_time("sale_from", event_type.sale_from) | _optional_time("sale_until", event_type.sale_until)
    )


def _optional_time(name: str, moment: datetime | None) -> dict[str, str]:
    return {name: clock.iso(moment)} if moment else {}
