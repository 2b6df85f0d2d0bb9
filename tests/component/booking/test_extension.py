"""A hold is extended once, and never beyond its limits."""

from datetime import timedelta

import pytest

from common import clock, outbox
from tests.support.drivers.booking_driver import BACKSTOP_SECONDS, ENDS, HOLD_SECONDS, START, BookingDriver
from tests.support.faults.aws_errors import interleaved, lost_reply
from tests.support.system.system import Person

ANNA, BEN = Person(), Person()
AFTER_ALL = "2026-05-01T12:20:00.000Z"


def hold_seconds(driver: BookingDriver, booking: str) -> float:
    """Length of the hold in seconds."""
    return (clock.parse(driver.booking(booking)["pay_before"]) - START).total_seconds()


def test_extension_adds_the_hold_length(driver: BookingDriver) -> None:
    booking = driver.hold(ANNA, driver.publish_event(10), 2)
    driver.advance(HOLD_SECONDS - 1)

    answer = driver.extend(ANNA, booking)

    assert (answer.status, hold_seconds(driver, booking)) == (200, 2 * HOLD_SECONDS)
    assert answer.json["pay_before"] == "2026-05-01T12:20:00Z"
    assert [(one["action"], one["actor"]) for one in answer.json["logs"]] == [("order", "buyer"), ("extend", "buyer")]
    (event,) = outbox.outbox_events(driver.booking(booking))
    assert driver.published_events(booking) == [("BookingExtended", None)]
    assert event.model_dump(include={"booking_id", "pay_before"}) == {
        "booking_id": booking,
        "pay_before": START + timedelta(seconds=2 * HOLD_SECONDS),
    }


def test_hold_is_extended_once(driver: BookingDriver) -> None:
    booking = driver.hold(ANNA, driver.publish_event(10), 1)
    driver.extend(ANNA, booking)
    before = driver.items()

    repeated = driver.extend(ANNA, booking)

    assert (repeated.status, repeated.problem, repeated.json["pay_before"]) == (
        409,
        "already-extended",
        "2026-05-01T12:20:00.000Z",
    )
    assert driver.items() == before


@pytest.mark.moto
def test_extension_survives_lost_reply(driver: BookingDriver) -> None:
    booking = driver.hold(ANNA, driver.publish_event(10), 1)

    with lost_reply("dynamodb", "UpdateItem") as sent:
        answer = driver.extend(ANNA, booking)

    assert (len(sent), answer.status, hold_seconds(driver, booking)) == (2, 200, 2 * HOLD_SECONDS)


def test_concurrent_extensions_extend_once(driver: BookingDriver) -> None:
    booking = driver.hold(ANNA, driver.publish_event(10), 1)

    with interleaved("UpdateItem", lambda: driver.extend(ANNA, booking)) as acted:
        answer = driver.extend(ANNA, booking)

    assert acted
    assert (answer.problem, hold_seconds(driver, booking)) == ("already-extended", 2 * HOLD_SECONDS)


@pytest.mark.parametrize(
    ("terms", "seconds"),
    [
        ({"hold_seconds": 1200}, 1800),
        ({"windows": {"sale_until": START + timedelta(seconds=700)}}, 700),
        ({"ends_at": START + timedelta(seconds=800)}, 800),
    ],
    ids=["thirty minutes in all", "the end of the type's sale", "the end of the event"],
)
def test_extension_respects_every_limit(driver: BookingDriver, terms: dict[str, object], seconds: int) -> None:
    booking = driver.hold(ANNA, driver.publish_event(10, **terms), 1)

    driver.extend(ANNA, booking)

    assert hold_seconds(driver, booking) == seconds


def test_hold_at_maximum_is_not_extended(driver: BookingDriver) -> None:
    booking = driver.hold(ANNA, driver.publish_event(10, windows={"sale_until": START + timedelta(seconds=60)}), 1)

    answer = driver.extend(ANNA, booking)

    assert (answer.status, answer.problem, hold_seconds(driver, booking)) == (409, "hold-at-maximum", HOLD_SECONDS)


def test_expired_hold_is_not_extended(driver: BookingDriver) -> None:
    booking = driver.hold(ANNA, driver.publish_event(10), 1)
    driver.advance(HOLD_SECONDS)

    assert [driver.extend(ANNA, booking).problem, driver.extend(ANNA, booking).status] == ["hold-expired", 410]
    driver.payment_failed(booking)
    assert (driver.extend(ANNA, booking).problem, driver.booking(booking)["status"]) == ("hold-expired", "EXPIRED")


def test_paid_or_cancelled_booking_is_not_extended(driver: BookingDriver) -> None:
    event = driver.publish_event(10)
    paid, cancelled = driver.hold(ANNA, event, 1), driver.hold(ANNA, event, 1)
    driver.payment_succeeded(paid)
    driver.cancel(ANNA, cancelled)

    for booking, status in ((paid, "CONFIRMED"), (cancelled, "CANCELLED")):
        answer = driver.extend(ANNA, booking)
        assert (answer.status, answer.problem, answer.json["booking_status"]) == (409, "not-extendable", status)


def test_another_users_hold_is_not_found(driver: BookingDriver) -> None:
    answer = driver.extend(BEN, driver.hold(ANNA, driver.publish_event(10), 1))

    assert (answer.status, answer.problem) == (404, "booking-not-found")


def test_hold_paid_during_extension_is_not_extended(driver: BookingDriver) -> None:
    booking = driver.hold(ANNA, driver.publish_event(10), 1)

    with interleaved("UpdateItem", lambda: driver.payment_succeeded(booking)):
        answer = driver.extend(ANNA, booking)

    assert (answer.problem, driver.actions(booking)) == ("not-extendable", ["order", "confirm"])


def test_backstop_waits_for_extended_deadline(driver: BookingDriver) -> None:
    booking = driver.hold(ANNA, driver.publish_event(10), 1)
    driver.extend(ANNA, booking)
    driver.advance(HOLD_SECONDS + BACKSTOP_SECONDS)

    driver.expire_hold(booking)
    assert driver.booking(booking)["status"] == "PENDING"
    driver.advance(HOLD_SECONDS)
    driver.expire_hold(booking)

    assert driver.booking(booking)["status"] == "EXPIRED"
    assert driver.now < ENDS
