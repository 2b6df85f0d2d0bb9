"""What booking copies of the catalogue: the terms of published events, and the stock they open."""

import contextlib
from datetime import datetime
from typing import Any

from booking.core import stock
from booking.core.errors import EventUnknown
from booking.core.terms import Terms, TypeOnSale
from common import clock, store
from common.api import Caller
from common.bus.events import EventTerms, TypeTerms
from common.store import ConditionFailed, Put

TABLE = "bookings"


def learn(event: EventTerms) -> None:
    """Keep the newest terms, in one transaction with every shard: an order meets them whole or not at all.

    The terms alone decide which are newer. No shard has a condition: it follows, wherever it stood.
    """
    newer = "attribute_not_exists(#terms_version) OR #terms_version < :version"
    copied = Put(TABLE, _item(event), condition=newer, values={"version": event.terms_version})
    opened = [_shard(event, one) for one in event.types]
    shown = [stock.open_tally(one.id, event_id=event.event_id, currency=one.currency) for one in event.types]
    with contextlib.suppress(ConditionFailed):  # these terms, or newer ones, are known
        store.transact([copied, *opened, *shown])


def terms(event_id: str) -> Terms:
    """The terms of a published event. Raises EventUnknown."""
    stored = store.get(TABLE, _key(event_id))
    if stored is None:
        raise EventUnknown
    types = {type_id: _type(type_id, one) for type_id, one in stored["types"].items()}
    names = ("organiser_id", "status", "max_per_user", "hold_seconds", "refund_percent", "refund_hours")
    fixed = {name: stored[name] for name in names}
    fixed |= {name: clock.parse(stored[name]) for name in ("starts_at", "ends_at")}
    return Terms(event_id=event_id, version=stored["terms_version"], types=types, **fixed)


def organised(event_id: str, caller: Caller) -> Terms:
    """The terms of an event that is the caller's to manage. Raises EventUnknown."""
    found = terms(event_id)
    if not caller.manages(found.organiser_id):
        raise EventUnknown
    return found


def _type(type_id: str, stored: dict[str, Any]) -> TypeOnSale:
    windows: dict[str, Any] = {
        name: clock.parse(stored[name]) for name in ("sale_from", "sale_until") if name in stored
    }
    return TypeOnSale(**stored | windows | {"id": type_id})


def _shard(event: EventTerms, one: TypeTerms) -> store.Update:
    on_sale = event.status == "PUBLISHED" and one.status == "ON_SALE"
    return stock.open_shard(one.id, capacity=one.capacity, on_sale=on_sale, terms_version=event.terms_version)


def _key(event_id: str) -> dict[str, str]:
    return {"pk": event_id, "sk": "terms"}


def _item(event: EventTerms) -> store.Item:
    names = ("organiser_id", "status", "max_per_user", "hold_seconds", "refund_percent", "refund_hours")
    times = {"starts_at": clock.iso(event.starts_at), "ends_at": clock.iso(event.ends_at)}
    fixed = {name: getattr(event, name) for name in names} | {"terms_version": event.terms_version}
    return _key(event.event_id) | fixed | times | {"types": {one.id: _type_item(one) for one in event.types}}


def _type_item(one: TypeTerms) -> store.Item:
    fixed = {name: getattr(one, name) for name in ("name", "prices", "currency", "status")}
    return fixed | _time("sale_from", one.sale_from) | _time("sale_until", one.sale_until)


def _time(name: str, moment: datetime | None) -> dict[str, str]:
    return {name: clock.iso(moment)} if moment else {}
