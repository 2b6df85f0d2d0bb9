"""What booking copies of the catalogue: the terms of published events, and the stock they open."""

import contextlib

from booking.core import stock
from booking.core.errors import EventUnknown
from booking.core.terms import Terms, TypeOnSale
from common import clock, store
from common.bus.events import EventTerms, TypeTerms
from common.store import ConditionFailed, Put

TABLE = "bookings"


def learn(event: EventTerms) -> None:
    """Keep the newest terms, in one transaction with every shard: an order meets them whole or not at all.

    The terms alone decide which are newer. No shard has a condition: it follows, wherever it stood.
    """
    newer = "attribute_not_exists(#terms_version) OR #terms_version < :version"
    copied = Put(TABLE, _item(event), condition=newer, values={"version": event.terms_version})
    with contextlib.suppress(ConditionFailed):  # these terms, or newer ones, are known
        store.transact([copied, *(_shard(event, one) for one in event.types)])


def terms(event_id: str) -> Terms:
    """The terms of a published event. Raises EventUnknown."""
    stored = store.get(TABLE, _key(event_id))
    if stored is None:
        raise EventUnknown
    types = {type_id: TypeOnSale(id=type_id, **one) for type_id, one in stored["types"].items()}
    fixed = {name: stored[name] for name in ("open", "max_per_user", "hold_seconds")}
    fixed |= {name: clock.parse(stored[name]) for name in ("starts_at", "ends_at")}
    return Terms(event_id=event_id, version=stored["terms_version"], types=types, **fixed)


def _shard(event: EventTerms, one: TypeTerms) -> store.Update:
    return stock.open_shard(
        one.id, capacity=one.capacity, on_sale=_on_sale(event, one), terms_version=event.terms_version
    )


def _on_sale(event: EventTerms, one: TypeTerms) -> bool:
    return event.status == "PUBLISHED" and one.status == "ON_SALE"


def _key(event_id: str) -> dict[str, str]:
    return {"pk": event_id, "sk": "terms"}


def _item(event: EventTerms) -> store.Item:
    return _key(event.event_id) | {
        "terms_version": event.terms_version,
        "open": event.status == "PUBLISHED",
        "max_per_user": event.max_per_user,
        "hold_seconds": event.hold_seconds,
        "starts_at": clock.iso(event.starts_at),
        "ends_at": clock.iso(event.ends_at),
        "types": {
            one.id: {
                "name": one.name,
                "prices": one.prices,
                "currency": one.currency,
                "on_sale": _on_sale(event, one),
            }
            for one in event.types
        },
    }
