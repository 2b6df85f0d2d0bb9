"""Availability status of event types, the sales counters behind it, and its publication."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Self

from booking.core import event_copy, inventory
from booking.core.errors import AllHeld, Shortage, SoldOut
from booking.core.model import Booking, State
from booking.core.sale_terms import Terms, TypeOnSale
from common import clock, outbox, store
from common.bus.booking import AvailabilityChanged
from common.outbox import event_entry
from common.problems import DomainError
from common.retries import Contention
from common.store import ConditionFailed, Item, Put, Update

TABLE = "bookings"
AvailabilityStatus = Literal["available", "few_left", "all_held", "sold_out", "paused", "not_on_sale_yet", "ended"]
_FEW_LEFT_DIVISOR = 10  # few_left: at most a tenth of the capacity is available
_BATCH_SIZE = 20  # bookings counted in one transaction
_TRIES = 8


@dataclass(frozen=True)
class PlaceCounts:
    """Places of one event type: available + held + sold = capacity."""

    capacity: int
    available: int
    held: int
    sold: int

    @classmethod
    def from_counts(cls, available: int, capacity: int, sold: int) -> Self:
        """Split the reserved places into held and sold. `sold` may lag, so it is clamped: no count is negative."""
        reserved = capacity - available
        sold = min(max(sold, 0), reserved)
        return cls(capacity, available, reserved - sold, sold)


def availability_status(terms: Terms, event_type: TypeOnSale, counts: PlaceCounts, now: datetime) -> AvailabilityStatus:
    """The status that buyers see for the type."""
    if not terms.is_published or terms.has_ended(now) or event_type.is_closed(now):
        return "ended"
    if not event_type.is_on_sale:
        return "paused"
    if event_type.sale_from and now < event_type.sale_from:
        return "not_on_sale_yet"
    if not counts.available:
        return "all_held" if counts.held else "sold_out"
    return "few_left" if counts.available * _FEW_LEFT_DIVISOR <= counts.capacity else "available"


def place_counts(type_ids: Sequence[str]) -> dict[str, PlaceCounts]:
    """Place counts by event type id."""
    counters, available = inventory.counters(type_ids), inventory.available_by_type(type_ids)
    return {
        one: PlaceCounts.from_counts(*available.get(one, (0, 0)), counters.get(one, {}).get("sold", 0))
        for one in type_ids
    }


def sold_out_or_held(shortages: Sequence[Shortage]) -> DomainError:
    """AllHeld if the order would fit once all current holds expire, else SoldOut."""
    counts = place_counts([one.event_type_id for one in shortages])
    attainable = [
        one.available + max(0, one.capacity - one.available - counts[one.event_type_id].sold) for one in shortages
    ]
    suffices = all(one.requested <= could for one, could in zip(shortages, attainable, strict=True))
    return AllHeld(shortages) if suffices else SoldOut(shortages)


def count_bookings(booking_ids: Iterable[str]) -> None:
    """Update the sales counters from the current state of these bookings. Raises ConditionFailed on a race."""
    unique_ids = list(dict.fromkeys(booking_ids))
    for start in range(0, len(unique_ids), _BATCH_SIZE):
        _count_batch(unique_ids[start : start + _BATCH_SIZE])


def publish_availability(event_id: str) -> None:
    """Publish AvailabilityChanged for each type of the event whose status differs from the last published one.

    After a change all counts are read again, so the last status published reflects the last change.
    Raises Contention if the statuses keep changing.
    """
    for _ in range(_TRIES):
        terms = event_copy.get_terms(event_id)
        # Read the published statuses before the counts: a change in between is then seen on the next pass.
        counters, now = inventory.counters(list(terms.types)), clock.now()
        counts = place_counts(list(terms.types))
        statuses = {one.id: availability_status(terms, one, counts[one.id], now) for one in terms.types.values()}
        changed = [
            counters[type_id]
            for type_id, status in statuses.items()
            if type_id in counters and counters[type_id]["availability"] != status
        ]
        if not changed:
            return
        for item in changed:
            _publish_status(item, statuses[item["pk"]])
    raise Contention(f"availability of event {event_id} keeps changing")


def _publish_status(item: Item, status: str) -> None:
    sets = {"availability": status, "changed_at": clock.iso(clock.now())}
    condition: dict[str, Any] = {"condition": "#version = :seen", "values": {"seen": item["version"]}}
    publish, key = [event_entry(AvailabilityChanged)], inventory.counter_key(item["pk"])
    try:
        store.write(
            outbox.versioned_update(
                TABLE, key, trigger="availability", actor="system", sets=sets, publish=publish, **condition, log=False
            )
        )
    except ConditionFailed:
        return  # another instance published first; the next pass checks again


def _count_batch(booking_ids: Sequence[str]) -> None:
    bookings = [
        Booking.from_item(booking)
        for booking in store.batch_get(TABLE, [_key(booking, "booking") for booking in booking_ids])
    ]
    marks = {
        booking["pk"]: booking
        for booking in store.batch_get(TABLE, [_key(booking, "counted") for booking in booking_ids])
    }
    newer = [booking for booking in bookings if marks.get(booking.id, {}).get("seen", 0) < booking.version]
    sold, revenue = Counter[str](), Counter[str]()
    for booking in newer:
        change = (booking.status is State.CONFIRMED) - bool(marks.get(booking.id, {}).get("sold"))
        sold.update({item.event_type_id: change * item.qty for item in booking.items})
        revenue.update({item.event_type_id: change * item.qty * item.unit_price for item in booking.items})
    if newer:
        store.transact([*map(_counted_mark, newer), *_counter_updates(sold, revenue)])


def _counted_mark(booking: Booking) -> Put:
    # Written even if nothing changed, so that a reader of an older version cannot count after this.
    item = _key(booking.id, "counted") | {"seen": booking.version, "sold": booking.status is State.CONFIRMED}
    older = "attribute_not_exists(#seen) OR #seen < :version"
    return Put(TABLE, item, condition=older, values={"version": booking.version})


def _counter_updates(sold: Mapping[str, int], revenue: Mapping[str, int]) -> list[Update]:
    return [
        Update(
            TABLE,
            inventory.counter_key(type_id),
            "ADD #sold :sold, #revenue :revenue",
            values={"sold": more, "revenue": revenue[type_id]},
        )
        for type_id, more in sold.items()
        if more
    ]


def _key(booking_id: str, kind: str) -> dict[str, str]:
    return {"pk": booking_id, "sk": kind}
