"""Inventory: conditional writes of places per event type and shard, and of each buyer's purchase limit.

Invariant per event type: Σ available + Σ quantity of PENDING and CONFIRMED bookings = capacity.
"""

from collections.abc import Mapping, Sequence

from booking.core.errors import NotOnSale, Shortage, SoldOut, TermsConflict
from booking.core.model import Booking
from booking.core.sale_terms import Terms
from common import store
from common.problems import DomainError
from common.store import ConditionFailed, Item, Update

TABLE = "bookings"
QuantitiesByShard = Mapping[tuple[str, str], int]  # quantity by (event type, shard)


def shard_key(event_type_id: str, shard: str = "0") -> dict[str, str]:
    return {"pk": event_type_id, "sk": f"stock#{shard}"}


def counter_key(event_type_id: str) -> dict[str, str]:
    """Key of the type's sales counters: for display only, no write depends on them."""
    return {"pk": event_type_id, "sk": "tally"}


def upsert_shard(event_type_id: str, *, capacity: int, on_sale: bool, terms_version: int) -> Update:
    """Create the shard, or update its terms; `available` and `capacity` of an existing shard stay."""
    return Update(
        TABLE,
        shard_key(event_type_id),
        "SET #available = if_not_exists(#available, :capacity), #capacity = if_not_exists(#capacity, :capacity),"
        " #on_sale = :on_sale, #terms_version = :version",
        values={"capacity": capacity, "on_sale": on_sale, "version": terms_version},
    )


def upsert_counter(event_type_id: str, *, event_id: str, currency: str) -> Update:
    """Create the type's counters with nothing sold and status `available`; existing counts stay."""
    counts = ("sold", "revenue", "version")
    sets = [f"#{name} = if_not_exists(#{name}, :zero)" for name in counts]
    sets += [
        "#id = :id",
        "#event_id = :event_id",
        "#currency = :currency",
        "#availability = if_not_exists(#availability, :availability)",
    ]
    values = {"zero": 0, "id": event_type_id, "event_id": event_id, "currency": currency, "availability": "available"}
    return Update(TABLE, counter_key(event_type_id), f"SET {', '.join(sets)}", values=values)


def reserve(quantities: QuantitiesByShard, terms: Terms) -> list[Update]:
    """Take places that are on sale under exactly these terms."""
    condition = "#available >= :qty AND #on_sale = :yes AND #terms_version = :version"
    return [_reservation(shard, qty, condition, terms) for shard, qty in quantities.items()]


def reserve_late(quantities: QuantitiesByShard, terms: Terms) -> list[Update]:
    """Take places for a late payment: a paused sale does not matter, the terms must match."""
    return [
        _reservation(shard, qty, "#available >= :qty AND #terms_version = :version", terms)
        for shard, qty in quantities.items()
    ]


def release(quantities: QuantitiesByShard) -> list[Update]:
    """Return places to the shards they were taken from."""
    return [
        Update(TABLE, shard_key(*shard), "SET #available = #available + :qty", values={"qty": qty})
        for shard, qty in quantities.items()
    ]


def resize(event_type_id: str, *, before: int, after: int) -> Update:
    """Change the capacity by adding or removing available places; the condition keeps held and sold ones."""
    return Update(
        TABLE,
        shard_key(event_type_id),
        "SET #capacity = :after, #available = #available + :more",
        condition="#capacity = :before AND #available >= :fewer",
        values={"before": before, "after": after, "more": after - before, "fewer": max(0, before - after)},
    )


def available_by_type(event_type_ids: Sequence[str]) -> dict[str, tuple[int, int]]:
    """(available, capacity) by event type."""
    found = store.batch_get(TABLE, [shard_key(one) for one in event_type_ids])
    return {item["pk"]: (item["available"], item["capacity"]) for item in found}


def counters(event_type_ids: Sequence[str]) -> dict[str, Item]:
    """Counter items by event type id."""
    return {item["pk"]: item for item in store.batch_get(TABLE, [counter_key(one) for one in event_type_ids])}


def explain_failure(
    failure: ConditionFailed, quantities: QuantitiesByShard, terms: Terms, *, first: int
) -> DomainError:
    """The error for failed reservations; `first` is the index of their first write in the transaction.

    SoldOut means a shortage here: `availability.sold_out_or_held` tells whether holds may still release places.
    """
    requests = [(shard[0], qty, failure.old_items[at]) for at, (shard, qty) in enumerate(quantities.items(), first)]
    shortages = [
        Shortage(event_type_id, qty, old["available"], old["capacity"])
        for event_type_id, qty, old in requests
        if old and old["terms_version"] == terms.version and old["on_sale"]
    ]
    if shortages:
        return SoldOut(shortages)
    return TermsConflict() if has_stale_terms(failure, terms, first=first) else NotOnSale()


def has_stale_terms(failure: ConditionFailed, terms: Terms, *, first: int) -> bool:
    """Whether a reservation failed because the shard is missing or has other terms."""
    failed_items = [failure.old_items[at] for at in failure.failed_indexes if at >= first]
    return any(old is None or old["terms_version"] != terms.version for old in failed_items)


def _reservation(shard: tuple[str, str], qty: int, condition: str, terms: Terms) -> Update:
    values = {"qty": qty, "yes": True, "version": terms.version}
    return Update(TABLE, shard_key(*shard), "SET #available = #available - :qty", condition=condition, values=values)


def consume_limit(booking: Booking, max_per_user: int) -> Update:
    """Count the booking's places against the buyer's limit; fails if that would exceed it."""
    return Update(
        TABLE,
        limit_key(booking),
        "ADD #held :more",
        condition="attribute_not_exists(#held) OR #held <= :room",
        values={"more": booking.quantity, "room": max_per_user - booking.quantity},
    )


def restore_limit(booking: Booking) -> Update:
    """Subtract the booking's places from the buyer's count."""
    return Update(TABLE, limit_key(booking), "ADD #held :less", values={"less": -booking.quantity})


def limit_key(booking: Booking) -> dict[str, str]:
    return {"pk": f"{booking.event_id}#{booking.user_id}", "sk": "limit"}
