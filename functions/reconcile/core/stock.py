"""Places: none is sold twice, none is lost, and what is shown of them is so (I1, I2, I17)."""

from collections import Counter
from collections.abc import Iterator

from reconcile.core.snapshot import ADMITTING, TAKING, Tables, of, places


def stock_is_conserved(tables: Tables) -> Iterator[str]:
    """I1: per event type, what is available and what is taken make the capacity."""
    taken: Counter[str] = Counter()
    for one in of(tables, "bookings", "booking"):
        if one["status"] in TAKING:
            taken.update({item["event_type_id"]: int(item["qty"]) for item in one["items"]})
    for type_id, shards in places(tables).items():
        available = sum(one["available"] for one in shards)
        capacity = sum(one["capacity"] for one in shards)
        if available + taken[type_id] != capacity:
            yield f"I1 type {type_id}: {available} available + {taken[type_id]} taken, but {capacity} in all"
        if any(one["available"] < 0 for one in shards):
            yield f"I1 type {type_id}: a shard has fewer than no places"


def limits_are_conserved(tables: Tables) -> Iterator[str]:
    """I2: what counts against a person's limit is what they have, and never more than the event allows."""
    held: Counter[str] = Counter()
    for one in of(tables, "bookings", "booking"):
        if one["status"] in TAKING:
            held[f"{one['event_id']}#{one['user_id']}"] += int(one["quantity"])
    most = {one["pk"]: one["max_per_user"] for one in of(tables, "bookings", "terms")}
    for one in of(tables, "bookings", "limit"):
        if one["held"] != held[one["pk"]]:
            yield f"I2 limit {one['pk']}: counts {one['held']}, but {held[one['pk']]} are taken"
        if one["held"] > most[one["pk"].split("#")[0]]:
            yield f"I2 limit {one['pk']}: {one['held']} are more than one person may have"


def nothing_is_oversold(tables: Tables) -> Iterator[str]:
    """I2: no more valid tickets than places."""
    capacity = {type_id: sum(one["capacity"] for one in shards) for type_id, shards in places(tables).items()}
    valid = Counter(one["event_type_id"] for one in of(tables, "tickets", "ticket") if one["status"] in ADMITTING)
    for type_id, count in valid.items():
        if count > capacity.get(type_id, 0):
            yield f"I2 type {type_id}: {count} valid tickets for {capacity.get(type_id, 0)} places"


def counts_are_right(tables: Tables) -> Iterator[str]:
    """I17: what is shown as sold, earned and held is what the bookings say."""
    sold, held, earned = Counter[str](), Counter[str](), Counter[str]()
    for one in of(tables, "bookings", "booking"):
        taken = {item["event_type_id"]: int(item["qty"]) for item in one["items"]}
        held.update(taken if one["status"] == "PENDING" else {})
        if one["status"] == "CONFIRMED":
            sold.update(taken)
            earned.update({item["event_type_id"]: int(item["qty"] * item["unit_price"]) for item in one["items"]})
    shards = places(tables)
    for one in of(tables, "bookings", "tally"):
        rest = sum(shard["capacity"] - shard["available"] for shard in shards[one["pk"]]) - one["sold"]
        if (one["sold"], one["revenue"], rest) != (sold[one["pk"]], earned[one["pk"]], held[one["pk"]]):
            yield f"I17 type {one['pk']}: {one['sold']} sold for {one['revenue']} and {rest} held are shown"


def bookings_are_counted(tables: Tables) -> Iterator[str]:
    """I17: a booking is counted as sold exactly where it is confirmed."""
    counted = {one["pk"] for one in of(tables, "bookings", "counted") if one["sold"]}
    for one in of(tables, "bookings", "booking"):
        if (one["status"] == "CONFIRMED") != (one["pk"] in counted):
            yield f"I17 booking {one['pk']}: {one['status']}, and counted as sold: {one['pk'] in counted}"
