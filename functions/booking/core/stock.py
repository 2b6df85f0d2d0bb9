"""Stock: one item per event type and shard, changed only under its own condition.

Always, per event type: Σ available + Σ quantity of bookings PENDING or CONFIRMED = capacity.
"""

from collections.abc import Mapping, Sequence

from booking.core.order_errors import NotOnSale, SoldOut, TermsChanging
from booking.core.shortage import Short
from booking.core.terms import Terms
from common import store
from common.problems import DomainError
from common.store import ConditionFailed, Item, Update

TABLE = "bookings"
Places = Mapping[tuple[str, str], int]  # quantity by (event type, shard)


def key(event_type_id: str, shard: str = "0") -> dict[str, str]:
    return {"pk": event_type_id, "sk": f"stock#{shard}"}


def tally_key(event_type_id: str) -> dict[str, str]:
    """Of what was counted of the type for display: never decided upon."""
    return {"pk": event_type_id, "sk": "tally"}


def open_shard(event_type_id: str, *, capacity: int, on_sale: bool, terms_version: int) -> Update:
    """Create the shard, or bring its terms up to date; what is available stays as it is."""
    return Update(
        TABLE,
        key(event_type_id),
        "SET #available = if_not_exists(#available, :capacity), #capacity = if_not_exists(#capacity, :capacity),"
        " #on_sale = :on_sale, #terms_version = :version",
        values={"capacity": capacity, "on_sale": on_sale, "version": terms_version},
    )


def open_tally(event_type_id: str, *, event_id: str, currency: str) -> Update:
    """Create the type's tally: nothing is sold, and places are available until another word is right."""
    first = ("sold", "revenue", "version")
    sets = [f"#{name} = if_not_exists(#{name}, :zero)" for name in first]
    sets += ["#id = :id", "#event_id = :event_id", "#currency = :currency", "#word = if_not_exists(#word, :word)"]
    values = {"zero": 0, "id": event_type_id, "event_id": event_id, "currency": currency, "word": "available"}
    return Update(TABLE, tally_key(event_type_id), f"SET {', '.join(sets)}", values=values)


def take(places: Places, terms: Terms) -> list[Update]:
    """Take places on sale under these very terms."""
    condition = "#available >= :qty AND #on_sale = :yes AND #terms_version = :version"
    return [_take(place, qty, condition, terms) for place, qty in places.items()]


def retake(places: Places, terms: Terms) -> list[Update]:
    """Take places for money that has come already: a pause of the sale does not matter."""
    return [_take(at, qty, "#available >= :qty AND #terms_version = :version", terms) for at, qty in places.items()]


def give_back(places: Places) -> list[Update]:
    """Return places to the shards that they came from."""
    return [
        Update(TABLE, key(*place), "SET #available = #available + :qty", values={"qty": qty})
        for place, qty in places.items()
    ]


def resize(event_type_id: str, *, before: int, after: int) -> Update:
    """Add or remove free places; those that are held or sold stay."""
    return Update(
        TABLE,
        key(event_type_id),
        "SET #capacity = :after, #available = #available + :more",
        condition="#capacity = :before AND #available >= :fewer",
        values={"before": before, "after": after, "more": after - before, "fewer": max(0, before - after)},
    )


def free(event_type_ids: Sequence[str]) -> dict[str, tuple[int, int]]:
    """(available, capacity) by event type."""
    found = store.batch_get(TABLE, [key(one) for one in event_type_ids])
    return {item["pk"]: (item["available"], item["capacity"]) for item in found}


def tallies(event_type_ids: Sequence[str]) -> dict[str, Item]:
    """What was counted of each event type."""
    return {item["pk"]: item for item in store.batch_get(TABLE, [tally_key(one) for one in event_type_ids])}


def refusal(failure: ConditionFailed, places: Places, terms: Terms, *, first: int) -> DomainError:
    """Why the stock writes, the first of which was at `first`, were refused."""
    named = [(place[0], qty, failure.old[at]) for at, (place, qty) in enumerate(places.items(), first)]
    short = [
        Short(event_type_id, qty, old["available"], old["capacity"])
        for event_type_id, qty, old in named
        if old and old["terms_version"] == terms.version and old["on_sale"]
    ]
    if short:
        return SoldOut(short)
    return TermsChanging() if stale(failure, terms, first=first) else NotOnSale()


def stale(failure: ConditionFailed, terms: Terms, *, first: int) -> bool:
    """Whether a shard refused because its terms are not these, or not there yet."""
    refused = [failure.old[at] for at in failure.failed if at >= first]
    return any(old is None or old["terms_version"] != terms.version for old in refused)


def _take(place: tuple[str, str], qty: int, condition: str, terms: Terms) -> Update:
    values = {"qty": qty, "yes": True, "version": terms.version}
    return Update(TABLE, key(*place), "SET #available = #available - :qty", condition=condition, values=values)
