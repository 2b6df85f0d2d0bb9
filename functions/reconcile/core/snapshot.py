"""Input of the checks: plain items by the topology's table names, and helpers to select them."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from common import ids

Item = Mapping[str, Any]
Tables = Mapping[str, Sequence[Item]]
Check = Callable[[Tables], Iterator[str]]

HOLDING_STATES = ("PENDING", "CONFIRMED")  # a booking in these states holds its places
ADMITTING_STATES = ("CREATED", "CHECKED_IN")  # a ticket in these states is valid


def select(tables: Tables, table: str, kind: str) -> list[Item]:
    return [one for one in tables.get(table, ()) if one["sk"].split("#")[0] == kind]


def cancelled_by_buyer(tables: Tables) -> list[Item]:
    """Confirmed bookings that their buyers cancelled, by the event's refund terms."""
    return [one for one in select(tables, "bookings", "booking") if one["status"] == "CANCELLED" and "refund" in one]


def index_by(tables: Tables, table: str, kind: str, name: str) -> dict[str, Item]:
    return {one[name]: one for one in select(tables, table, kind)}


def group_by(items: Iterable[Item], name: str) -> dict[str, list[Item]]:
    groups: dict[str, list[Item]] = defaultdict(list)
    for one in items:
        groups[one[name]].append(one)
    return groups


def shards_by_type(tables: Tables) -> dict[str, list[Item]]:
    return group_by(select(tables, "bookings", "stock"), "pk")


def ticket_ids(booking: Item) -> Iterator[str]:
    for item in booking["items"]:
        yield from (ids.derive("ticket", booking["id"], item["event_type_id"], at) for at in range(int(item["qty"])))


def payment_intent(session: Item) -> str:
    return str(session["pk"]).replace("cs_test_", "pi_", 1)
