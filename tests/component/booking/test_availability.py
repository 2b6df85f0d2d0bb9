"""Sales counters count each booking once, in any order; availability is published only when it changes."""

import itertools
from datetime import timedelta
from typing import Any

import pytest

from booking.core.availability import PlaceCounts
from common import outbox
from common.bus.booking import BookingConfirmed
from infra import topology
from tests.support.drivers.booking_driver import ENDS, START, BookingDriver
from tests.support.faults.aws_errors import interleaved
from tests.support.fixtures.event_fixture import EventFixture
from tests.support.system.lambda_events import eventbridge_event, sqs_batch
from tests.support.system.system import Person

ANNA, BEN = Person(), Person()
OLGA = Person("organiser", user_id="o1")


def displayed(driver: BookingDriver, event: EventFixture, at: int = 0) -> tuple[int, int, int, str]:
    """Available, held and sold places, and the availability status."""
    one = driver.system.http(f"GET /v1/events/{event.id}/availability").json["types"][at]
    return one["available"], one["held"], one["sold"], one["availability"]


def counter(driver: BookingDriver, event: EventFixture) -> dict[str, Any]:
    return next(one for one in driver.items() if (one["pk"], one["sk"]) == (event.types[0], "tally"))


def test_counts_follow_booking_lifecycle(driver: BookingDriver) -> None:
    event = driver.publish_event(3, refund_percent=100)
    booking = driver.hold(ANNA, event, 3)
    assert driver.count_bookings(booking)
    assert displayed(driver, event) == (0, 3, 0, "all_held")

    driver.payment_succeeded(booking)
    assert driver.count_bookings(booking)
    assert displayed(driver, event) == (0, 0, 3, "sold_out")

    driver.cancel(ANNA, booking)
    assert driver.count_bookings(booking)
    assert displayed(driver, event) == (3, 0, 0, "available")


def test_counters_follow_sales_and_cancellations(driver: BookingDriver) -> None:
    event = driver.publish_event(10, refund_percent=100)
    before = counter(driver, event)
    named = {"pk": event.types[0], "sk": "tally", "id": event.types[0], "event_id": event.id, "currency": "EUR"}
    assert before == named | {"availability": "available", "sold": 0, "revenue": 0, "version": 0}

    sums = []
    bookings = [driver.hold(ANNA, event, qty) for qty in (3, 1)]
    for at, one in enumerate(bookings):
        driver.payment_succeeded(one, f"p{at}")
        assert [driver.count_bookings(one), driver.count_bookings(one)] == [True, True], "duplicates are acknowledged"
        sums.append((counter(driver, event)["sold"], counter(driver, event)["revenue"]))
    driver.cancel(ANNA, bookings[0])
    assert [driver.count_bookings(bookings[0]), driver.count_bookings(bookings[0])] == [True, True]

    assert sums == [(3, 7500), (4, 10000)]
    assert counter(driver, event) == before | {"sold": 1, "revenue": 2500}


def test_type_without_inventory_shows_zero_places(driver: BookingDriver) -> None:
    event = driver.publish_event(10, 10)
    for kind in ("stock#0", "tally"):
        driver.system.delete_item(topology.BOOKINGS, event.types[1], kind)

    sales = driver.system.http(f"GET /v1/events/{event.id}/sales", by=OLGA).json

    assert displayed(driver, event, 1) == (0, 0, 0, "sold_out")
    names = ("capacity", "available", "held", "sold", "revenue")
    assert [[one[name] for name in names] for one in sales["types"]] == [[10, 10, 0, 0, 0], [0] * 5]
    assert sales["totals"] == [{"currency": "EUR", "revenue": 0, "refunded": 0}]


def test_concurrently_published_status_is_not_repeated(driver: BookingDriver) -> None:
    event = driver.publish_event(2)
    booking = driver.hold(ANNA, event, 2)

    with interleaved("UpdateItem", lambda: driver.count_bookings(booking)) as acted:
        assert driver.count_bookings(booking)

    assert acted
    assert (counter(driver, event)["availability"], counter(driver, event)["version"]) == ("all_held", 1)


def published_history(driver: BookingDriver, event: EventFixture) -> list[Any]:
    """The bus events of a booking that was confirmed and cancelled, and of one that was confirmed."""
    events = []
    for is_cancelled in (True, False):
        booking = driver.hold(ANNA, event, 2)
        events += outbox.outbox_events(driver.booking(booking))
        driver.payment_succeeded(booking)
        events += outbox.outbox_events(driver.booking(booking))
        if is_cancelled:
            driver.cancel(ANNA, booking)
            events += outbox.outbox_events(driver.booking(booking))
    return events


@pytest.mark.parametrize("seed", range(12))
def test_events_in_any_order_count_once(driver: BookingDriver, seed: int) -> None:
    event = driver.publish_event(10, refund_percent=100)
    events = published_history(driver, event)
    orders = list(itertools.permutations(events))

    for bus_event in [*orders[seed * len(orders) // 12], *events[::-1]]:
        driver.system.deliver(bus_event, "booking.on_booking_changed")

    assert displayed(driver, event) == (8, 0, 2, "available")
    assert counter(driver, event)["revenue"] == 5000


def test_large_batch_is_counted_completely(driver: BookingDriver) -> None:
    event = driver.publish_event(100, max_per_user=100)
    bookings = [driver.hold(ANNA, event, 1) for _ in range(45)]
    for at, one in enumerate(bookings):
        driver.payment_succeeded(one, f"p{at}")
    events = [bus_event for one in bookings for bus_event in outbox.outbox_events(driver.booking(one))]
    records = [
        sqs_batch(eventbridge_event(bus_event))["Records"][0] | {"messageId": str(at)}
        for at, bus_event in enumerate(events)
    ]

    assert driver.system.invoke("booking.on_booking_changed", {"Records": records}) == {"batchItemFailures": []}

    assert displayed(driver, event) == (55, 0, 45, "available")


def test_stale_booking_state_is_not_counted(driver: BookingDriver) -> None:
    event = driver.publish_event(10, refund_percent=100)
    booking = driver.hold(ANNA, event, 2)
    driver.payment_succeeded(booking)
    (confirmed,) = outbox.outbox_events(driver.booking(booking))

    def cancel_and_count() -> None:
        driver.cancel(ANNA, booking)
        driver.count_bookings(booking)

    with interleaved("TransactWriteItems", cancel_and_count) as acted:
        answer = driver.system.deliver(confirmed, "booking.on_booking_changed")

    assert acted
    assert answer["booking.on_booking_changed"]["batchItemFailures"], "the message is retried"
    driver.system.deliver(confirmed, "booking.on_booking_changed")
    assert displayed(driver, event)[1:3] == (0, 0)
    assert isinstance(confirmed, BookingConfirmed)


def test_availability_is_published_only_when_changed(driver: BookingDriver) -> None:
    event = driver.publish_event(4)
    first = driver.hold(ANNA, event, 2)
    driver.count_bookings(first)
    assert "outbox" not in counter(driver, event)

    last = driver.hold(BEN, event, 2)
    for _ in range(2):
        driver.count_bookings(last)

    (bus_event,) = outbox.outbox_events(counter(driver, event))
    payload = bus_event.model_dump(include={"event_type_id", "event_id", "availability", "changed_at"})
    assert payload == {
        "event_type_id": event.types[0],
        "event_id": event.id,
        "availability": "all_held",
        "changed_at": driver.now,
    }
    assert counter(driver, event)["version"] == 1


def test_overtaken_availability_status_is_corrected(driver: BookingDriver) -> None:
    event = driver.publish_event(2)
    booking = driver.hold(ANNA, event, 2)
    ordered = outbox.outbox_events(driver.booking(booking))[0]

    with interleaved("UpdateItem", lambda: driver.payment_failed(booking)) as acted:
        driver.system.deliver(ordered, "booking.on_booking_changed")

    assert acted
    assert counter(driver, event)["availability"] == "available"


def test_changed_terms_update_availability(driver: BookingDriver) -> None:
    event = driver.publish_event(10)
    paused, early = {"statuses": {0: "PAUSED"}}, {"windows": {"sale_from": ENDS}}
    changes: list[dict[str, Any]] = [paused, {}, early, {"status": "CANCELLED"}]

    statuses = []
    for version, terms in enumerate(changes, 2):
        driver.change_terms(event, version=version, **terms)
        statuses.append(counter(driver, event)["availability"])

    assert statuses == ["paused", "available", "not_on_sale_yet", "ended"]


def test_raised_capacity_updates_availability(driver: BookingDriver) -> None:
    event = driver.publish_event(2)
    driver.count_bookings(driver.hold(ANNA, event, 2))
    driver.set_capacity(OLGA, event, 20)
    (resized,) = outbox.outbox_events(counter(driver, event))

    driver.system.deliver(resized, "booking.on_booking_changed")

    assert (counter(driver, event)["availability"], displayed(driver, event)[3]) == ("available", "available")


@pytest.mark.parametrize(
    ("terms", "availability"),
    [
        ({}, "available"),
        ({"statuses": {0: "PAUSED"}}, "paused"),
        ({"statuses": {0: "CLOSED"}}, "ended"),
        ({"windows": {"sale_from": START + timedelta(seconds=1)}}, "not_on_sale_yet"),
        ({"windows": {"sale_from": START}}, "available"),
        ({"windows": {"sale_until": START}}, "ended"),
        ({"windows": {"sale_until": START + timedelta(seconds=1)}}, "available"),
        ({"status": "ENDED"}, "ended"),
        ({"status": "CANCELLED"}, "ended"),
    ],
)
def test_availability_follows_sale_terms(driver: BookingDriver, terms: dict[str, Any], availability: str) -> None:
    event = driver.publish_event(10)
    driver.change_terms(event, **terms)

    assert displayed(driver, event) == (10, 0, 0, availability)


def test_lagging_counter_makes_no_number_negative() -> None:
    assert PlaceCounts.from_counts(5, 10, 9) == PlaceCounts(10, 5, 0, 5)
    assert PlaceCounts.from_counts(5, 10, -1) == PlaceCounts(10, 5, 5, 0)


def test_unchanged_availability_is_304(driver: BookingDriver) -> None:
    event = driver.publish_event(10)
    call = f"GET /v1/events/{event.id}/availability"
    first = driver.system.http(call)

    same = driver.system.http(call, headers={"if-none-match": first.headers["etag"]})
    driver.hold(ANNA, event, 1)
    other = driver.system.http(call, headers={"if-none-match": first.headers["etag"]})

    assert (same.status, same.headers["etag"], same.headers["cache-control"]) == (
        304,
        first.headers["etag"],
        "public, max-age=1",
    )
    assert (other.status, other.headers["etag"] != first.headers["etag"]) == (200, True)


def test_organiser_sees_sales(driver: BookingDriver) -> None:
    event = driver.publish_event(10, 5)
    sold, held = driver.hold(ANNA, event, 2, 1), driver.hold(BEN, event, 1)
    driver.payment_succeeded(sold)
    driver.count_bookings(sold, held)
    driver.payment_refunded(sold, 700)

    sales = driver.system.http(f"GET /v1/events/{event.id}/sales", by=OLGA).json

    numbers = [(t["capacity"], t["available"], t["held"], t["sold"], t["revenue"]) for t in sales["types"]]
    assert numbers == [(10, 7, 1, 2, 5000), (5, 4, 0, 1, 2500)]
    assert sales["totals"] == [{"currency": "EUR", "revenue": 7500, "refunded": 700}]
