"""Capacity changes: never below the reserved places, whatever happens concurrently."""

from common import outbox
from tests.support.drivers.booking_driver import BookingDriver
from tests.support.faults.aws_errors import interleaved
from tests.support.fixtures.event_fixture import EventFixture
from tests.support.system.system import Person

ANNA, BEN = Person(), Person()
OLGA = Person("organiser", user_id="o1")


def shard_counts(driver: BookingDriver, event: EventFixture) -> tuple[int, int]:
    """Capacity and available places."""
    item = next(one for one in driver.items() if (one["pk"], one["sk"]) == (event.types[0], "stock#0"))
    return item["capacity"], item["available"]


def counter(driver: BookingDriver, event: EventFixture) -> dict[str, object]:
    return next(one for one in driver.items() if (one["pk"], one["sk"]) == (event.types[0], "tally"))


def test_capacity_can_be_raised_and_lowered(driver: BookingDriver) -> None:
    event = driver.publish_event(10)
    driver.hold(ANNA, event, 3)

    for capacity in (25, 3, 7):
        answer = driver.set_capacity(OLGA, event, capacity)

        expected = {
            "event_id": event.id,
            "event_type_id": event.types[0],
            "capacity": capacity,
            "available": capacity - 3,
        }
        assert (answer.status, answer.json, shard_counts(driver, event)) == (200, expected, (capacity, capacity - 3))
    assert driver.violations() == []


def test_each_capacity_change_publishes_higher_version(driver: BookingDriver) -> None:
    event, versions = driver.publish_event(10), []
    for capacity in (11, 12):
        driver.set_capacity(OLGA, event, capacity)
        (bus_event,) = outbox.outbox_events(counter(driver, event))
        payload = bus_event.model_dump()
        assert (payload["event_type_id"], payload["event_id"], payload["capacity"]) == (
            event.types[0],
            event.id,
            capacity,
        )
        versions.append(payload["version"])

    assert versions == sorted(set(versions))


def test_capacity_below_reserved_places_is_rejected(driver: BookingDriver) -> None:
    event = driver.publish_event(10)
    driver.hold(ANNA, event, 3)
    before = driver.items()

    answer = driver.set_capacity(OLGA, event, 2)

    assert (answer.status, answer.problem, answer.json["taken"]) == (409, "capacity-below-sold", 3)
    assert answer.json["errors"][0]["pointer"] == "/capacity"
    assert driver.items() == before


def test_unchanged_capacity_changes_nothing(driver: BookingDriver) -> None:
    event = driver.publish_event(10)
    driver.set_capacity(OLGA, event, 12)
    before = driver.items()

    assert driver.set_capacity(OLGA, event, 12).status == 200
    assert driver.items() == before


def test_order_during_capacity_change_is_kept(driver: BookingDriver) -> None:
    event = driver.publish_event(4)

    with interleaved("TransactWriteItems", lambda: driver.hold(ANNA, event, 3)) as acted:
        answer = driver.set_capacity(OLGA, event, 2)

    assert acted
    assert (answer.status, answer.problem, answer.json["taken"]) == (409, "capacity-below-sold", 3)
    assert (shard_counts(driver, event), driver.violations()) == ((4, 1), [])


def test_order_after_capacity_reduction_is_rejected(driver: BookingDriver) -> None:
    event = driver.publish_event(4)

    with interleaved("TransactWriteItems", lambda: driver.set_capacity(OLGA, event, 2)):
        answer = driver.order(ANNA, event, 3)

    assert (answer.status, shard_counts(driver, event), driver.violations()) == (409, (2, 2), [])


def test_concurrent_capacity_changes_keep_later_number(driver: BookingDriver) -> None:
    event = driver.publish_event(10)

    with interleaved("TransactWriteItems", lambda: driver.set_capacity(OLGA, event, 20)):
        answer = driver.set_capacity(OLGA, event, 15)

    assert (answer.json["available"], shard_counts(driver, event), driver.violations()) == (15, (15, 15), [])


def test_new_terms_keep_changed_capacity(driver: BookingDriver) -> None:
    event = driver.publish_event(10)
    driver.set_capacity(OLGA, event, 12)

    driver.change_terms(event, [10])

    assert shard_counts(driver, event) == (12, 12)


def test_only_organiser_may_change_capacity(driver: BookingDriver) -> None:
    event = driver.publish_event(10)

    answer = driver.set_capacity(Person("organiser"), event, 20)
    assert (answer.status, answer.problem) == (404, "event-not-found")
    assert (driver.set_capacity(Person(), event, 20).status, shard_counts(driver, event)) == (403, (10, 10))


def test_admin_may_change_capacity(driver: BookingDriver) -> None:
    event = driver.publish_event(10)

    assert driver.set_capacity(Person("admin"), event, 20).status == 200
    assert shard_counts(driver, event) == (20, 20)


def test_type_of_another_event_is_not_found(driver: BookingDriver) -> None:
    event, other = driver.publish_event(10), driver.publish_event(10)

    answer = driver.set_capacity(OLGA, EventFixture(event.id, other.types), 20)

    assert (answer.status, answer.problem, shard_counts(driver, other)) == (404, "event-type-not-found", (10, 10))


def test_invalid_capacity_is_422(driver: BookingDriver) -> None:
    event = driver.publish_event(10)

    for wrong in (-1, 1_000_001, 1.5, "20", None, True):
        call = f"PUT /v1/events/{event.id}/types/{event.types[0]}/capacity"
        assert driver.system.http(call, {"capacity": wrong}, by=OLGA).status == 422
