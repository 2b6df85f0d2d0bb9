"""Inventory checks: places and limits are conserved, counters match the bookings (I1, I2, I17)."""

from collections import Counter
from collections.abc import Iterator

from reconcile.core.snapshot import ADMITTING_STATES, HOLDING_STATES, Tables, select, shards_by_type


def inventory_is_conserved(tables: Tables) -> Iterator[str]:
    """I1: per event type, available and reserved places add up to the capacity."""
    reserved: Counter[str] = Counter()
    for one in select(tables, "bookings", "booking"):
        if one["status"] in HOLDING_STATES:
            reserved.update({item["event_type_id"]: int(item["qty"]) for item in one["items"]})
    for type_id, shards in shards_by_type(tables).items():
        available = sum(one["available"] for one in shards)
        capacity = sum(one["capacity"] for one in shards)
        if available + reserved[type_id] != capacity:
            yield f"I1 type {type_id}: {available} available + {reserved[type_id]} reserved, but capacity {capacity}"
        if any(one["available"] < 0 for one in shards):
            yield f"I1 type {type_id}: a shard has a negative number of places"


def limits_are_conserved(tables: Tables) -> Iterator[str]:
    """I2: a user's limit counts exactly the places they have, at most what the event allows."""
    held: Counter[str] = Counter()
    for one in select(tables, "bookings", "booking"):
        if one["status"] in HOLDING_STATES:
            held[f"{one['event_id']}#{one['user_id']}"] += int(one["quantity"])
    max_per_user = {one["pk"]: one["max_per_user"] for one in select(tables, "bookings", "terms")}
    for one in select(tables, "bookings", "limit"):
        if one["held"] != held[one["pk"]]:
            yield f"I2 limit {one['pk']}: counts {one['held']}, but {held[one['pk']]} are held or sold"
        if one["held"] > max_per_user[one["pk"].split("#")[0]]:
            yield f"I2 limit {one['pk']}: {one['held']} exceed max_per_user"


def nothing_is_oversold(tables: Tables) -> Iterator[str]:
    """I2: no more valid tickets than places."""
    capacity = {type_id: sum(one["capacity"] for one in shards) for type_id, shards in shards_by_type(tables).items()}
    valid = Counter(
        one["event_type_id"] for one in select(tables, "tickets", "ticket") if one["status"] in ADMITTING_STATES
    )
    for type_id, count in valid.items():
        if count > capacity.get(type_id, 0):
            yield f"I2 type {type_id}: {count} valid tickets for {capacity.get(type_id, 0)} places"


def counters_match_bookings(tables: Tables) -> Iterator[str]:
    """I17: the sold, revenue and held counts match the bookings."""
    sold, held, revenue = Counter[str](), Counter[str](), Counter[str]()
    for one in select(tables, "bookings", "booking"):
        quantities = {item["event_type_id"]: int(item["qty"]) for item in one["items"]}
        held.update(quantities if one["status"] == "PENDING" else {})
        if one["status"] == "CONFIRMED":
            sold.update(quantities)
            revenue.update({item["event_type_id"]: int(item["qty"] * item["unit_price"]) for item in one["items"]})
    shards = shards_by_type(tables)
    for one in select(tables, "bookings", "tally"):
        held_count = sum(shard["capacity"] - shard["available"] for shard in shards[one["pk"]]) - one["sold"]
        if (one["sold"], one["revenue"], held_count) != (sold[one["pk"]], revenue[one["pk"]], held[one["pk"]]):
            counted = f"{one['sold']} sold for {one['revenue']}, {held_count} held"
            yield f"I17 type {one['pk']}: {counted}: its bookings differ"


def bookings_are_counted(tables: Tables) -> Iterator[str]:
    """I17: a booking is counted as sold if and only if it is confirmed."""
    counted = {one["pk"] for one in select(tables, "bookings", "counted") if one["sold"]}
    for one in select(tables, "bookings", "booking"):
        if (one["status"] == "CONFIRMED") != (one["pk"] in counted):
            yield f"I17 booking {one['pk']}: {one['status']}, counted as sold: {one['pk'] in counted}"
