"""What a booking weighs: beyond 1,024 bytes every write of it costs two units.

The sizes follow the developer guide, "DynamoDB item sizes and formats": names and texts in UTF-8 bytes,
numbers a byte for two digits and one more, lists and maps 3 bytes and 1 for each element.
"""

import uuid
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

import pytest

from booking.core import repository
from booking.core.model import LIFECYCLE, Trigger
from common import clock, outbox, store, trace
from common.bus.booking import BookingConfirmed, BookingExtended, BookingOrdered
from common.outbox import entry
from common.store import Put, marshal
from tests.support.one_table import TABLE, one_table
from tests.support.statements import a_booking, terms_of

UNIT = 1024
UUID = "00000000-0000-4000-8000-000000000000"


@pytest.fixture(scope="module", autouse=True)
def table() -> Iterator[None]:
    with one_table(), trace.following(UUID, UUID):
        yield


def item_bytes(item: Mapping[str, Any]) -> int:
    """The size of a whole item."""
    return sum(len(name.encode()) + _bytes(value) for name, value in marshal(item).items())


def _bytes(value: Mapping[str, Any]) -> int:
    ((kind, held),) = value.items()
    if kind == "S":
        return len(held.encode())
    if kind == "N":
        return (len(str(held).strip("-")) + 1) // 2 + 1 + str(held).startswith("-")
    if kind == "L":
        return 3 + sum(1 + _bytes(one) for one in held)
    if kind == "M":
        return 3 + sum(1 + len(name.encode()) + _bytes(one) for name, one in held.items())
    return 1


def ordered(types: int, key: str | None) -> store.Item:
    """The item of an order for ten places of each of so many types, at high prices."""
    booking = a_booking(terms_of(*[99_999_999] * types), quantity=10, key=key)
    item = outbox.born(repository._item(booking), actor="buyer", trigger="order", publish=[entry(BookingOrdered)])
    store.write(Put(TABLE, item))
    return item


def extended(item: store.Item) -> store.Item:
    """The same once its hold was extended."""
    return store.write(
        outbox.change(
            TABLE,
            {"pk": item["pk"], "sk": item["sk"]},
            trigger="extend",
            actor="buyer",
            sets={"pay_before": item["pay_before"]},
            publish=[entry(BookingExtended)],
        )
    )


def confirmed(item: store.Item) -> store.Item:
    sets = {"payment_id": UUID}
    key = {"pk": item["pk"], "sk": item["sk"]}
    publish = [entry(BookingConfirmed)]
    move = outbox.transition(TABLE, key, LIFECYCLE, Trigger.CONFIRM, actor="payment", sets=sets, publish=publish)
    return store.write(move)


def test_the_rule_counts_as_it_is_documented() -> None:
    assert item_bytes({"pk": "ab"}) == 2 + 2
    assert item_bytes({"n": 100}) == 1 + 3
    assert item_bytes({"m": {"x": [1, "ü"]}}) == 1 + 3 + (1 + 1) + 3 + (1 + 2) + (1 + 2)
    assert item_bytes({"yes": True}) == 3 + 1


@pytest.mark.parametrize("types", [1, 2, 3])
def test_a_booking_of_up_to_three_types_is_below_one_unit_until_it_is_confirmed(types: int) -> None:
    for key in (None, str(uuid.uuid4()), "k" * 40):
        item = ordered(types, key)
        assert item_bytes(item) < UNIT
        assert item_bytes(extended(item)) < UNIT


def test_the_longest_key_that_is_kept_leaves_room() -> None:
    """A key beyond 40 characters is kept as its hash of 40."""
    assert item_bytes(ordered(3, "k" * 40)) < UNIT - 60


def test_each_further_type_weighs_eighty_bytes_so_that_many_types_cost_two_units() -> None:
    sizes = [item_bytes(ordered(types, str(uuid.uuid4()))) for types in range(1, 11)]

    steps = {after - before for before, after in pairwise(sizes)}
    assert all(70 <= step <= 85 for step in steps)
    assert [size > UNIT for size in sizes] == [False] * 4 + [True] * 6
    assert max(sizes) < 2 * UNIT


def test_the_times_of_confirmation_make_it_no_heavier_than_two_units() -> None:
    sizes = [item_bytes(confirmed(ordered(types, str(uuid.uuid4())))) for types in range(1, 11)]

    assert sizes[0] < UNIT
    assert max(sizes) < 2 * UNIT


def test_times_are_24_characters() -> None:
    assert len(clock.iso(clock.now())) == 24
