"""What is held and what is sold, counted for display and for the choice of words: never for a decision.

Only what is sold is counted; what is held is the rest of what is taken. A booking is counted by its state in
the table, not by what a message says of it: its mark keeps which version of it was counted, and whether as
sold, so that messages may come twice and in any order.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from booking.core import catalogue, stock, words
from booking.core.model import Booking, State
from booking.core.order_errors import AllHeld, SoldOut
from booking.core.shortage import Short
from booking.core.words import Places
from common import clock, outbox, store
from common.bus.booking import AvailabilityChanged
from common.outbox import entry
from common.patience import NotNow
from common.problems import DomainError
from common.store import ConditionFailed, Item, Put, Update

TABLE = "bookings"
_TOGETHER = 20  # bookings that are counted in one transaction
_TRIES = 8


def places(type_ids: Sequence[str]) -> dict[str, Places]:
    """How each type's places are divided."""
    counted, free = stock.tallies(type_ids), stock.free(type_ids)
    return {one: Places.of(*free.get(one, (0, 0)), counted.get(one, {}).get("sold", 0)) for one in type_ids}


def judged(short: Sequence[Short]) -> DomainError:
    """The honest refusal: whether places that are held would be enough if they returned."""
    found = places([one.event_type_id for one in short])
    held = [one.available + max(0, one.capacity - one.available - found[one.event_type_id].sold) for one in short]
    enough = all(one.wanted <= could for one, could in zip(short, held, strict=True))
    return AllHeld(short) if enough else SoldOut(short)


def count(booking_ids: Iterable[str]) -> None:
    """Count these bookings as they are now. Raises ConditionFailed where another does so at this moment."""
    wanted = list(dict.fromkeys(booking_ids))
    for start in range(0, len(wanted), _TOGETHER):
        _count(wanted[start : start + _TOGETHER])


def tell(event_id: str) -> None:
    """Say of each type of the event what is to be said of it now, where that is another word than before.

    After a change everything is looked at once more: whoever reads after the last change says the last word.
    """
    for _ in range(_TRIES):
        terms = catalogue.terms(event_id)
        # The words are read first: what a place is counted as afterwards has a later word.
        told, now = stock.tallies(list(terms.types)), clock.now()
        found = places(list(terms.types))
        due = {one.id: words.word(terms, one, found[one.id], now) for one in terms.types.values()}
        changed = [told[type_id] for type_id, word in due.items() if type_id in told and told[type_id]["word"] != word]
        if not changed:
            return
        for item in changed:
            _say(item, due[item["pk"]])
    raise NotNow(f"the words of event {event_id} do not come to rest")


def _say(item: Item, word: str) -> None:
    sets = {"word": word, "changed_at": clock.iso(clock.now())}
    condition: dict[str, Any] = {"condition": "#version = :seen", "values": {"seen": item["version"]}}
    publish, key = [entry(AvailabilityChanged)], stock.tally_key(item["pk"])
    try:
        store.write(
            outbox.change(
                TABLE, key, trigger="word", actor="system", sets=sets, publish=publish, **condition, log=False
            )
        )
    except ConditionFailed:
        return  # somebody else has said something: it is looked at again


def _count(booking_ids: Sequence[str]) -> None:
    bookings = [Booking.of(one) for one in store.batch_get(TABLE, [_key(one, "booking") for one in booking_ids])]
    marks = {one["pk"]: one for one in store.batch_get(TABLE, [_key(one, "counted") for one in booking_ids])}
    newer = [one for one in bookings if marks.get(one.id, {}).get("seen", 0) < one.version]
    sold, revenue = Counter[str](), Counter[str]()
    for one in newer:
        step = (one.status is State.CONFIRMED) - bool(marks.get(one.id, {}).get("sold"))
        sold.update({item.event_type_id: step * item.qty for item in one.items})
        revenue.update({item.event_type_id: step * item.qty * item.unit_price for item in one.items})
    if newer:
        store.transact([*map(_mark, newer), *_added(sold, revenue)])


def _mark(booking: Booking) -> Put:
    # Marked even if it counts as before: whoever read an older version must not count after this.
    item = _key(booking.id, "counted") | {"seen": booking.version, "sold": booking.status is State.CONFIRMED}
    older = "attribute_not_exists(#seen) OR #seen < :version"
    return Put(TABLE, item, condition=older, values={"version": booking.version})


def _added(sold: Mapping[str, int], revenue: Mapping[str, int]) -> list[Update]:
    return [
        Update(
            TABLE,
            stock.tally_key(type_id),
            "ADD #sold :sold, #revenue :revenue",
            values={"sold": more, "revenue": revenue[type_id]},
        )
        for type_id, more in sold.items()
        if more
    ]


def _key(booking_id: str, kind: str) -> dict[str, str]:
    return {"pk": booking_id, "sk": kind}
