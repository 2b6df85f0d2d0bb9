"""Size of a booking item: above 1,024 bytes every write costs two units.

The sizes follow the developer guide, "DynamoDB item sizes and formats": names and strings in UTF-8 bytes,
numbers one byte per two digits plus one, lists and maps 3 bytes plus 1 per element.
"""

import uuid
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

import pytest

from booking.core import repository
from booking.core.model import LIFECYCLE, Trigger
from common import clock, correlation, outbox, store
from common.bus.booking import BookingConfirmed, BookingExtended, BookingOrdered
from common.outbox import event_entry
from common.store import Put, marshal
from tests.support.fixtures.booking_values import a_booking, published_terms
from tests.support.system.one_table import TABLE, bookings_table

WRITE_UNIT = 1024
UUID = "00000000-0000-4000-8000-000000000000"


@pytest.fixture(scope="module", autouse=True)
def table() -> Iterator[None]:
    with bookings_table(), correlation.scope(UUID, UUID):
        yield


def item_bytes(item: Mapping[str, Any]) -> int:
    """Size of an item in bytes."""
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


def ordered_item(types: int, key: str | None) -> store.Item:
    """The stored order of ten places of each of `types` types, at high prices."""
    booking = a_booking(published_terms(*[99_999_999] * types), quantity=10, key=key)
    item = outbox.new_item(
        repository._to_item(booking), actor="buyer", trigger="order", publish=[event_entry(BookingOrdered)]
    )
    store.write(Put(TABLE, item))
    return item


def extended_item(item: store.Item) -> store.Item:
    """The item after its hold was extended."""
    return store.write(
        outbox.versioned_update(
            TABLE,
            {"pk": item["pk"], "sk": item["sk"]},
            trigger="extend",
            actor="buyer",
            sets={"pay_before": item["pay_before"]},
            publish=[event_entry(BookingExtended)],
        )
    )


def confirmed_item(item: store.Item) -> store.Item:
    sets = {"payment_id": UUID}
    key = {"pk": item["pk"], "sk": item["sk"]}
    publish = [event_entry(BookingConfirmed)]
    move = outbox.transition(TABLE, key, LIFECYCLE, Trigger.CONFIRM, actor="payment", sets=sets, publish=publish)
    return store.write(move)


def test_item_size_follows_documented_rule() -> None:
    assert item_bytes({"pk": "ab"}) == 2 + 2
    assert item_bytes({"n": 100}) == 1 + 3
    assert item_bytes({"m": {"x": [1, "ü"]}}) == 1 + 3 + (1 + 1) + 3 + (1 + 2) + (1 + 2)
    assert item_bytes({"yes": True}) == 3 + 1


@pytest.mark.parametrize("types", [1, 2, 3])
def test_booking_of_three_types_fits_one_write_unit(types: int) -> None:
    for key in (None, str(uuid.uuid4()), "k" * 40):
        item = ordered_item(types, key)
        assert item_bytes(item) < WRITE_UNIT
        assert item_bytes(extended_item(item)) < WRITE_UNIT


def test_longest_stored_key_fits_one_write_unit() -> None:
    """Keys longer than 40 characters are stored as a hash of 40."""
    assert item_bytes(ordered_item(3, "k" * 40)) < WRITE_UNIT - 60


def test_each_further_type_adds_eighty_bytes() -> None:
    sizes = [item_bytes(ordered_item(types, str(uuid.uuid4()))) for types in range(1, 11)]

    steps = {after - before for before, after in pairwise(sizes)}
    assert all(70 <= step <= 85 for step in steps)
    assert [size > WRITE_UNIT for size in sizes] == [False] * 4 + [True] * 6
    assert max(sizes) < 2 * WRITE_UNIT


def test_confirmed_booking_fits_two_write_units() -> None:
    sizes = [item_bytes(confirmed_item(ordered_item(types, str(uuid.uuid4())))) for types in range(1, 11)]

    assert sizes[0] < WRITE_UNIT
    assert max(sizes) < 2 * WRITE_UNIT


def test_times_are_24_characters() -> None:
    assert len(clock.iso(clock.now())) == 24
