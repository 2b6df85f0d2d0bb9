"""Payment and ticket outcomes of a booking: in time, late, in every order and more than once."""

from collections.abc import Callable
from typing import Any

import pytest

from common import outbox
from common.bus.booking import BookingConfirmed
from tests.support.drivers.booking_driver import (
    BACKSTOP_SECONDS,
    ENDS,
    HOLD_SECONDS,
    START,
    BookingDriver,
)
from tests.support.faults.aws_errors import interleaved, lost_reply
from tests.support.fixtures.event_fixture import EventFixture
from tests.support.system.system import Person

ANNA, BEN = Person(), Person()


def test_payment_in_time_confirms_booking(driver: BookingDriver) -> None:
    event = driver.publish_event(10)
    booking = driver.hold(ANNA, event, 2)
    driver.advance(5)

    assert driver.payment_succeeded(booking)

    stored = driver.booking(booking)
    assert (stored["status"], stored["payment_id"], stored["version"]) == ("CONFIRMED", "p1", 2)
    assert stored["confirmed_at"] == "2026-05-01T12:00:05.000Z"
    assert driver.published_events(booking) == [("BookingConfirmed", None)]
    assert (driver.available(event), driver.violations()) == ([8], [])


def test_booking_confirmed_event_carries_items_and_price(driver: BookingDriver) -> None:
    event = driver.publish_event(10, 10)
    booking = driver.hold(ANNA, event, 1, 2)
    driver.payment_succeeded(booking)

    (bus_event,) = outbox.outbox_events(driver.booking(booking))

    assert isinstance(bus_event, BookingConfirmed)
    assert {item.event_type_id: item.qty for item in bus_event.items} == dict(zip(event.types, [1, 2], strict=True))
    assert (bus_event.prices, bus_event.currency, bus_event.user_id) == (7500, "EUR", ANNA.user_id)


@pytest.mark.parametrize("message", ["m1", None])
def test_duplicate_payment_event_confirms_once(driver: BookingDriver, message: str | None) -> None:
    booking = driver.hold(ANNA, driver.publish_event(10), 2)
    driver.payment_succeeded(booking, bus_event_id=message)
    before = driver.items()

    assert driver.payment_succeeded(booking, bus_event_id=message)

    assert driver.items() == before


def test_payment_after_deadline_confirms_pending_booking(driver: BookingDriver) -> None:
    booking = driver.hold(ANNA, driver.publish_event(10), 2)
    driver.advance(HOLD_SECONDS + 60)

    driver.payment_succeeded(booking)

    assert driver.actions(booking) == ["order", "confirm"]


@pytest.mark.parametrize(
    ("reason", "status", "published"),
    [
        ("expired", "EXPIRED", ("BookingExpired", None)),
        ("declined", "FAILED", ("BookingFailed", "declined")),
        ("amount_mismatch", "FAILED", ("BookingFailed", "amount_mismatch")),
    ],
)
def test_unpaid_booking_releases_places_once(
    driver: BookingDriver, reason: str, status: str, published: tuple[str, str | None]
) -> None:
    event = driver.publish_event(10, 10)
    booking = driver.hold(ANNA, event, 1, 2)

    assert driver.payment_failed(booking, reason)
    assert driver.payment_failed(booking, reason)

    assert (driver.booking(booking)["status"], driver.published_events(booking)) == (status, [published])
    assert (driver.available(event), driver.held_places(event, ANNA), driver.violations()) == ([10, 10], 0, [])


def test_payment_failure_after_confirmation_changes_nothing(driver: BookingDriver) -> None:
    booking = driver.hold(ANNA, driver.publish_event(10), 2)
    driver.payment_succeeded(booking)
    before = driver.items()

    assert driver.payment_failed(booking)
    assert driver.payment_failed(booking, "declined")

    assert driver.items() == before


@pytest.mark.parametrize("reason", ["expired", "declined"])
def test_late_payment_reacquires_available_places(driver: BookingDriver, reason: str) -> None:
    event = driver.publish_event(10, 10)
    booking = driver.hold(ANNA, event, 1, 2)
    driver.payment_failed(booking, reason)
    driver.advance(9)

    assert driver.payment_succeeded(booking)

    stored = driver.booking(booking)
    assert (stored["status"], stored["payment_id"], driver.actions(booking)[-1]) == ("CONFIRMED", "p1", "confirm_late")
    assert (driver.available(event), driver.held_places(event, ANNA), driver.violations()) == ([9, 8], 3, [])
    assert driver.published_events(booking) == [("BookingConfirmed", None)]


def test_late_free_booking_reacquires_places(driver: BookingDriver) -> None:
    event = driver.publish_event(10, prices=0)
    booking = driver.hold(ANNA, event, 2)
    driver.payment_failed(booking)

    assert driver.payment_succeeded(booking)

    assert (driver.booking(booking)["status"], driver.available(event), driver.violations()) == ("CONFIRMED", [8], [])


def test_late_payment_is_answered_once(driver: BookingDriver) -> None:
    event = driver.publish_event(10)
    booking = driver.hold(ANNA, event, 2)
    driver.payment_failed(booking)
    driver.payment_succeeded(booking)
    before = driver.items()

    assert driver.payment_succeeded(booking)
    assert driver.payment_failed(booking)

    assert driver.items() == before


def sold_since(driver: BookingDriver, event: EventFixture) -> None:
    driver.hold(BEN, event, 2)


def booked_again(driver: BookingDriver, event: EventFixture) -> None:
    driver.hold(ANNA, event, 1)


def event_cancelled(driver: BookingDriver, event: EventFixture) -> None:
    driver.change_terms(event, [3], max_per_user=2, status="CANCELLED")


def event_ended(driver: BookingDriver, event: EventFixture) -> None:
    driver.change_terms(event, [3], max_per_user=2, status="ENDED")


def event_over(driver: BookingDriver, event: EventFixture) -> None:
    driver.advance((ENDS - START).total_seconds())


REFUSALS: list[tuple[Callable[[BookingDriver, EventFixture], None], str]] = [
    (sold_since, "no_room"),
    (booked_again, "limit_reached"),
    (event_cancelled, "sale_closed"),
    (event_ended, "sale_closed"),
    (event_over, "sale_closed"),
]


@pytest.mark.parametrize(("since", "reason"), REFUSALS)
@pytest.mark.parametrize("ended", ["expired", "declined"])
def test_unfulfillable_late_payment_fails_booking(
    driver: BookingDriver, since: Callable[[BookingDriver, EventFixture], None], reason: str, ended: str
) -> None:
    event = driver.publish_event(3, max_per_user=2)
    booking = driver.hold(ANNA, event, 2)
    driver.payment_failed(booking, ended)
    since(driver, event)
    free = driver.available(event)

    assert driver.payment_succeeded(booking)

    stored = driver.booking(booking)
    assert (stored["status"], stored["payment_id"], driver.actions(booking)[-1]) == (
        "FAILED",
        "p1",
        "reject_late_payment",
    )
    assert driver.published_events(booking) == [("BookingFailed", reason)]
    assert (driver.available(event), driver.violations()) == (free, [])


def test_late_payment_is_rejected_once(driver: BookingDriver) -> None:
    event = driver.publish_event(2)
    booking = driver.hold(ANNA, event, 2)
    driver.payment_failed(booking)
    sold_since(driver, event)
    driver.payment_succeeded(booking)
    before = driver.items()

    assert driver.payment_succeeded(booking)

    assert driver.items() == before


def test_payment_for_cancelled_booking_fails_booking(driver: BookingDriver) -> None:
    event = driver.publish_event(10)
    booking = driver.hold(ANNA, event, 2)
    driver.cancel(ANNA, booking)

    assert driver.payment_succeeded(booking)

    assert driver.published_events(booking) == [("BookingFailed", "cancelled")]
    assert (driver.booking(booking)["status"], driver.available(event), driver.violations()) == ("FAILED", [10], [])


def test_payment_in_time_confirms_after_event_end(driver: BookingDriver) -> None:
    event = driver.publish_event(10)
    driver.advance((ENDS - START).total_seconds() - 1)
    booking = driver.hold(ANNA, event, 2)
    driver.advance(60)

    assert driver.payment_succeeded(booking)

    assert driver.booking(booking)["status"] == "CONFIRMED"


def test_paused_sale_accepts_late_payment(driver: BookingDriver) -> None:
    event = driver.publish_event(10)
    booking = driver.hold(ANNA, event, 2)
    driver.payment_failed(booking)
    driver.change_terms(event, statuses={0: "PAUSED"})

    driver.payment_succeeded(booking)

    assert (driver.booking(booking)["status"], driver.available(event)) == ("CONFIRMED", [8])


def test_price_change_keeps_held_price(driver: BookingDriver) -> None:
    event = driver.publish_event(10)
    booking = driver.hold(ANNA, event, 2)
    driver.payment_failed(booking)
    driver.change_terms(event, prices=9900)

    driver.payment_succeeded(booking)

    stored = driver.booking(booking)
    assert (stored["status"], stored["prices"], stored["items"][0]["unit_price"]) == ("CONFIRMED", 5000, 2500)


def test_late_payment_is_retried_while_terms_change(driver: BookingDriver) -> None:
    event = driver.publish_event(10)
    booking = driver.hold(ANNA, event, 2)
    driver.payment_failed(booking)

    with interleaved("TransactWriteItems", lambda: driver.change_terms(event, prices=1)) as acted:
        acknowledged = driver.payment_succeeded(booking)

    assert (acted, acknowledged, driver.booking(booking)["status"]) == (["TransactWriteItems"], False, "EXPIRED")
    assert driver.payment_succeeded(booking)
    assert (driver.booking(booking)["status"], driver.available(event)) == ("CONFIRMED", [8])


def test_late_payment_fails_when_event_is_cancelled(driver: BookingDriver) -> None:
    event = driver.publish_event(10)
    booking = driver.hold(ANNA, event, 2)
    driver.payment_failed(booking)

    with interleaved("TransactWriteItems", lambda: driver.change_terms(event, status="CANCELLED")):
        assert not driver.payment_succeeded(booking)

    assert driver.payment_succeeded(booking)
    assert driver.published_events(booking) == [("BookingFailed", "sale_closed")]


def test_hold_expiring_during_payment_is_reacquired(driver: BookingDriver) -> None:
    event = driver.publish_event(10)
    booking = driver.hold(ANNA, event, 2)

    with interleaved("UpdateItem", lambda: driver.payment_failed(booking)) as acted:
        assert driver.payment_succeeded(booking)

    assert (acted, driver.actions(booking)) == (["UpdateItem"], ["order", "expire", "confirm_late"])
    assert (driver.available(event), driver.violations()) == ([8], [])


def test_booking_cancelled_during_payment_fails(driver: BookingDriver) -> None:
    event = driver.publish_event(10)
    booking = driver.hold(ANNA, event, 2)

    with interleaved("UpdateItem", lambda: driver.cancel(ANNA, booking)):
        assert driver.payment_succeeded(booking)

    assert driver.published_events(booking) == [("BookingFailed", "cancelled")]
    assert (driver.available(event), driver.violations()) == ([10], [])


def test_booking_paid_during_expiry_stays_confirmed(driver: BookingDriver) -> None:
    event = driver.publish_event(10)
    booking = driver.hold(ANNA, event, 2)

    with interleaved("TransactWriteItems", lambda: driver.payment_succeeded(booking)):
        acknowledged = driver.payment_failed(booking)

    assert (acknowledged, driver.payment_failed(booking)) == (False, True)
    assert (driver.booking(booking)["status"], driver.available(event), driver.violations()) == ("CONFIRMED", [8], [])


def test_concurrent_expiries_release_places_once(driver: BookingDriver) -> None:
    event = driver.publish_event(10)
    booking = driver.hold(ANNA, event, 2)
    driver.advance(HOLD_SECONDS + BACKSTOP_SECONDS)

    with interleaved("TransactWriteItems", lambda: driver.expire_hold(booking)):
        driver.payment_failed(booking)

    assert (driver.actions(booking), driver.available(event), driver.violations()) == (["order", "expire"], [10], [])


@pytest.mark.moto
@pytest.mark.parametrize("operation", ["UpdateItem", "TransactWriteItems"])
def test_lost_confirmation_reply_changes_nothing(driver: BookingDriver, operation: str) -> None:
    event = driver.publish_event(10)
    booking = driver.hold(ANNA, event, 2)
    if operation == "TransactWriteItems":
        driver.payment_failed(booking)

    with lost_reply("dynamodb", operation) as sent:
        driver.payment_succeeded(booking, bus_event_id="m1")
    assert driver.payment_succeeded(booking, bus_event_id="m1")

    assert sent == [1, 2]
    assert (driver.booking(booking)["status"], driver.published_events(booking)) == (
        "CONFIRMED",
        [("BookingConfirmed", None)],
    )
    assert (driver.available(event), driver.held_places(event, ANNA), driver.violations()) == ([8], 2, [])


@pytest.mark.moto
def test_lost_expiry_reply_releases_places_once(driver: BookingDriver) -> None:
    event = driver.publish_event(10)
    booking = driver.hold(ANNA, event, 2)

    with lost_reply("dynamodb", "TransactWriteItems") as sent:
        driver.payment_failed(booking, bus_event_id="m1")
    assert driver.payment_failed(booking, bus_event_id="m1")

    assert (sent, driver.available(event), driver.actions(booking)) == ([1, 2], [10], ["order", "expire"])


def test_rejected_tickets_revoke_booking(driver: BookingDriver) -> None:
    event = driver.publish_event(10)
    booking = driver.hold(ANNA, event, 2)
    driver.payment_succeeded(booking)

    assert driver.tickets_rejected(booking)
    assert driver.tickets_rejected(booking)

    assert (driver.booking(booking)["status"], driver.actions(booking)[-1]) == ("CANCELLED", "revoke")
    assert driver.published_events(booking) == [("BookingCancelled", "ticket_rejected")]
    assert (driver.available(event), driver.held_places(event, ANNA), driver.violations()) == ([10], 0, [])


def test_rejected_tickets_leave_pending_booking_unchanged(driver: BookingDriver) -> None:
    booking = driver.hold(ANNA, driver.publish_event(10), 2)

    assert driver.tickets_rejected(booking)

    assert driver.booking(booking)["status"] == "PENDING"


def test_payment_after_revocation_changes_nothing(driver: BookingDriver) -> None:
    booking = driver.hold(ANNA, driver.publish_event(10), 2)
    driver.payment_succeeded(booking)
    driver.tickets_rejected(booking)
    before = driver.items()

    assert driver.payment_succeeded(booking)

    assert driver.items() == before


@pytest.mark.parametrize("after", [0, HOLD_SECONDS - 1, HOLD_SECONDS, HOLD_SECONDS + BACKSTOP_SECONDS - 1])
def test_backstop_waits_for_payment_answer(driver: BookingDriver, after: int) -> None:
    booking = driver.hold(ANNA, driver.publish_event(10), 2)
    driver.advance(after)

    assert driver.expire_hold(booking)

    assert driver.booking(booking)["status"] == "PENDING"
    ((function, _, delay),) = driver.system.delayed_messages
    assert (function, delay) == ("booking.expire_hold_backstop", min(900, HOLD_SECONDS + BACKSTOP_SECONDS - after))


def test_backstop_expires_unanswered_hold(driver: BookingDriver) -> None:
    event = driver.publish_event(10)
    booking = driver.hold(ANNA, event, 2)
    driver.advance(HOLD_SECONDS + BACKSTOP_SECONDS)

    assert driver.expire_hold(booking)
    assert driver.expire_hold(booking)

    assert (driver.actions(booking), driver.booking(booking)["logs"][1]["actor"]) == (["order", "expire"], "backstop")
    assert driver.published_events(booking) == [("BookingExpired", None)]
    assert (driver.available(event), driver.held_places(event, ANNA), driver.system.delayed_messages) == ([10], 0, [])


@pytest.mark.parametrize("early", [True, False])
def test_backstop_ignores_answered_bookings(driver: BookingDriver, early: bool) -> None:
    event = driver.publish_event(10)
    bookings = [driver.hold(person, event, 1) for person in (ANNA, BEN, Person())]
    driver.payment_succeeded(bookings[0])
    driver.payment_failed(bookings[1], "declined")
    driver.cancel(Person(user_id=driver.booking(bookings[2])["user_id"]), bookings[2])
    driver.advance(1 if early else HOLD_SECONDS + BACKSTOP_SECONDS + 1)
    before = driver.items()

    assert [driver.expire_hold(booking) for booking in bookings] == [True] * 3

    assert (driver.items(), driver.system.delayed_messages) == (before, [])


def test_event_for_unknown_booking_is_retried(driver: BookingDriver) -> None:
    driver.publish_event(10)
    before = driver.items()

    acts: list[Any] = [driver.payment_succeeded, driver.payment_failed, driver.tickets_rejected, driver.expire_hold]
    assert [act("no-such-booking") for act in acts] == [False] * 4

    assert driver.items() == before


def test_hold_lateness_is_measured(driver: BookingDriver, capsys: pytest.CaptureFixture[str]) -> None:
    booking = driver.hold(ANNA, driver.publish_event(10), 2)
    driver.advance(HOLD_SECONDS + 7)

    driver.payment_failed(booking)

    assert '"HoldLateness":[7.0]' in capsys.readouterr().out.replace(" ", "")
