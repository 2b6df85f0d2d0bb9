"""The event copy: the newest terms win in any order, and inventory is created once."""

from itertools import permutations

import pytest

from booking.core import event_copy
from infra import topology
from tests.support.drivers.booking_driver import BookingDriver
from tests.support.faults.aws_errors import error_response, scripted_responses
from tests.support.fixtures.event_fixture import EventFixture
from tests.support.system.system import Person, row

ANNA = Person()


def versions(driver: BookingDriver, event: EventFixture) -> tuple[int, list[tuple[int, bool]]]:
    """Version of the terms; version and on_sale of each shard."""
    items = {item["pk"]: item for item in driver.items() if item["sk"] in ("terms", "stock#0")}
    shards = [(items[one]["terms_version"], items[one]["on_sale"]) for one in event.types]
    return items[event.id]["terms_version"], shards


def test_published_event_creates_inventory(driver: BookingDriver) -> None:
    event = driver.publish_event(10, 0)

    assert (driver.available(event), versions(driver, event)) == ([10, 0], (1, [(1, True), (1, True)]))


def test_duplicate_publication_creates_inventory_once(driver: BookingDriver) -> None:
    event = driver.publish_event(10)
    driver.hold(ANNA, event, 2)
    before = driver.items()

    driver.deliver_terms(event, [10])

    assert driver.items() == before


@pytest.mark.parametrize("order", list(permutations([1, 2, 3])))
def test_newest_terms_win_in_any_order(driver: BookingDriver, order: tuple[int, ...]) -> None:
    event = EventFixture("e" * 36, ("t" * 36,))

    for version in order:
        if version == 1:
            driver.deliver_terms(event, [10])
        else:
            driver.change_terms(event, version=version, prices=version, statuses={0: "PAUSED"} if version == 2 else {})

    with driver.system.as_function(row("booking.create_booking")):
        terms = event_copy.get_terms(event.id)
    assert (versions(driver, event), terms.types[event.types[0]].prices) == ((3, [(3, True)]), 3)
    assert driver.available(event) == [10]


def test_changed_terms_keep_sold_places(driver: BookingDriver) -> None:
    event = driver.publish_event(10)
    driver.hold(ANNA, event, 3)

    driver.change_terms(event, [99])

    assert (driver.available(event), driver.violations()) == ([7], [])


def test_added_type_creates_its_inventory(driver: BookingDriver) -> None:
    event = driver.publish_event(10)
    more = EventFixture(event.id, (*event.types, "n" * 36))

    driver.change_terms(more, [10, 5])

    assert driver.available(more) == [10, 5]


def test_cancelled_event_closes_every_shard(driver: BookingDriver) -> None:
    event = driver.publish_event(10, 10)

    driver.change_terms(event, [10, 10], status="CANCELLED")

    assert versions(driver, event) == (2, [(2, False), (2, False)])


@pytest.mark.moto
@pytest.mark.parametrize("survived", [0, 1, 2])
def test_interrupted_copy_stops_no_sale(driver: BookingDriver, survived: int) -> None:
    """Terms and shards change together; until the retry, places are sold under the old ones."""
    event = driver.publish_event(10, 10)

    with scripted_responses("dynamodb", "*", *[None] * survived, error_response("ThrottlingException")):
        driver.change_terms(event, [10, 10], prices=9900)

    version, shards = versions(driver, event)
    assert shards == [(version, True)] * 2
    assert driver.order(ANNA, event, 1, 1).json["prices"] == {1: 5000, 2: 19800}[version]
    driver.change_terms(event, [10, 10], prices=9900)
    assert versions(driver, event) == (2, [(2, True)] * 2)


def test_shards_ahead_of_terms_are_realigned(driver: BookingDriver) -> None:
    """Shards follow the terms whatever their own version is."""
    event = driver.publish_event(10, 10, 10)
    for one, version in zip(event.types, (2, 3, 1), strict=True):
        driver.set_shard_version(one, version)

    driver.change_terms(event, [10, 10, 10], version=2, prices=9900)
    assert versions(driver, event) == (2, [(2, True)] * 3)
    driver.change_terms(event, [10, 10, 10], version=3)
    assert versions(driver, event) == (3, [(3, True)] * 3)


def test_event_with_twenty_types_is_copied_completely(driver: BookingDriver) -> None:
    event = driver.publish_event(*range(1, 21))

    driver.change_terms(event, list(range(1, 21)), prices=9900)

    assert (versions(driver, event), driver.available(event)) == ((2, [(2, True)] * 20), list(range(1, 21)))


@pytest.mark.moto
def test_failed_copy_is_retried(driver: BookingDriver) -> None:
    event = driver.publish_event(10)

    with scripted_responses("dynamodb", "TransactWriteItems", error_response("ThrottlingException")) as calls:
        driver.change_terms(event, status="CANCELLED")
    assert (len(calls.calls), versions(driver, event)) == (1, (1, [(1, True)]))

    driver.change_terms(event, status="CANCELLED")
    assert versions(driver, event) == (2, [(2, False)])


def test_booking_writes_no_other_table(driver: BookingDriver) -> None:
    driver.hold(ANNA, driver.publish_event(10), 1)

    others = [table for table in topology.TABLES if table is not topology.BOOKINGS]
    assert all(driver.system.scan(table) == [] for table in others)
