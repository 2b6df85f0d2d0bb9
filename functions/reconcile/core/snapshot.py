"""What checks read: plain items of some or all tables, by the topology's names."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from common import ids

Item = Mapping[str, Any]
Tables = Mapping[str, Sequence[Item]]
Check = Callable[[Tables], Iterator[str]]

TAKING = ("PENDING", "CONFIRMED")  # a booking in these states has its places
ADMITTING = ("CREATED", "CHECKED_IN")


def of(tables: Tables, table: str, kind: str) -> list[Item]:
    return [one for one in tables.get(table, ()) if one["sk"].split("#")[0] == kind]


def given_back(tables: Tables) -> list[Item]:
    """Bookings that their buyers gave back, for what the event's terms promise."""
    return [one for one in of(tables, "bookings", "booking") if one["status"] == "CANCELLED" and "refund" in one]


def by(tables: Tables, table: str, kind: str, name: str) -> dict[str, Item]:
    return {one[name]: one for one in of(tables, table, kind)}


def grouped(items: Iterable[Item], name: str) -> dict[str, list[Item]]:
    groups: dict[str, list[Item]] = defaultdict(list)
    for one in items:
        groups[one[name]].append(one)
    return groups


def places(tables: Tables) -> dict[str, list[Item]]:
    return grouped(of(tables, "bookings", "stock"), "pk")


def ticket_ids(found: Item) -> Iterator[str]:
    for item in found["items"]:
        yield from (ids.derive("ticket", found["id"], item["event_type_id"], at) for at in range(int(item["qty"])))


def intent(session: Item) -> str:
    return str(session["pk"]).replace("cs_test_", "pi_", 1)
