"""A hold is extended once, and never beyond its caps."""

from datetime import timedelta

import pytest

from common import clock, outbox
from tests.support.box_office import BACKSTOP, ENDS, HOLD, START, BoxOffice
from tests.support.refusals import losing_a_reply, meanwhile
from tests.support.system import Person

ANNA, BEN = Person(), Person()
AFTER_ALL = "2026-05-01T12:20:00.000Z"


def due(office: BoxOffice, booking: str) -> float:
    """How many seconds after the order the hold ends."""
    return (clock.parse(office.booking(booking)["pay_before"]) - START).total_seconds()


def test_a_hold_is_extended_by_its_length_again(office: BoxOffice) -> None:
    booking = office.held(ANNA, office.show(10), 2)
    office.wait(HOLD - 1)

    answer = office.extend(ANNA, booking)

    assert (answer.status, due(office, booking)) == (200, 2 * HOLD)
    assert answer.json["pay_before"] == "2026-05-01T12:20:00Z"
    assert [(one["did"], one["by"]) for one in answer.json["logs"]] == [("order", "buyer"), ("extend", "buyer")]
    (event,) = outbox.published(office.booking(booking))
    assert office.told(booking) == [("BookingExtended", None)]
    assert event.model_dump(include={"booking_id", "pay_before"}) == {
        "booking_id": booking,
        "pay_before": START + timedelta(seconds=2 * HOLD),
    }


def test_a_hold_is_extended_once(office: BoxOffice) -> None:
    booking = office.held(ANNA, office.show(10), 1)
    office.extend(ANNA, booking)
    before = office.items()

    again = office.extend(ANNA, booking)

    assert (again.status, again.problem, again.json["pay_before"]) == (
        409,
        "already-extended",
        "2026-05-01T12:20:00.000Z",
    )
    assert office.items() == before


@pytest.mark.moto
def test_an_extension_whose_reply_was_lost_is_done(office: BoxOffice) -> None:
    booking = office.held(ANNA, office.show(10), 1)

    with losing_a_reply("dynamodb", "UpdateItem") as sent:
        answer = office.extend(ANNA, booking)

    assert (len(sent), answer.status, due(office, booking)) == (2, 200, 2 * HOLD)


def test_two_extensions_at_once_extend_once(office: BoxOffice) -> None:
    booking = office.held(ANNA, office.show(10), 1)

    with meanwhile("UpdateItem", lambda: office.extend(ANNA, booking)) as acted:
        answer = office.extend(ANNA, booking)

    assert acted
    assert (answer.problem, due(office, booking)) == ("already-extended", 2 * HOLD)


@pytest.mark.parametrize(
    ("terms", "seconds"),
    [
        ({"hold_seconds": 1200}, 1800),
        ({"windows": {"sale_until": START + timedelta(seconds=700)}}, 700),
        ({"ends_at": START + timedelta(seconds=800)}, 800),
    ],
    ids=["thirty minutes in all", "the end of the type's sale", "the end of the event"],
)
def test_no_hold_outlasts_its_caps(office: BoxOffice, terms: dict[str, object], seconds: int) -> None:
    booking = office.held(ANNA, office.show(10, **terms), 1)

    office.extend(ANNA, booking)

    assert due(office, booking) == seconds


def test_a_hold_at_its_longest_is_not_extended(office: BoxOffice) -> None:
    booking = office.held(ANNA, office.show(10, windows={"sale_until": START + timedelta(seconds=60)}), 1)

    answer = office.extend(ANNA, booking)

    assert (answer.status, answer.problem, due(office, booking)) == (409, "hold-at-its-longest", HOLD)


def test_a_hold_that_is_over_is_not_extended(office: BoxOffice) -> None:
    booking = office.held(ANNA, office.show(10), 1)
    office.wait(HOLD)

    assert [office.extend(ANNA, booking).problem, office.extend(ANNA, booking).status] == ["hold-over", 410]
    office.fail(booking)
    assert (office.extend(ANNA, booking).problem, office.booking(booking)["status"]) == ("hold-over", "EXPIRED")


def test_what_is_paid_or_cancelled_is_not_extended(office: BoxOffice) -> None:
    show = office.show(10)
    paid, cancelled = office.held(ANNA, show, 1), office.held(ANNA, show, 1)
    office.pay(paid)
    office.cancel(ANNA, cancelled)

    for booking, status in ((paid, "CONFIRMED"), (cancelled, "CANCELLED")):
        answer = office.extend(ANNA, booking)
        assert (answer.status, answer.problem, answer.json["booking_status"]) == (409, "not-extendable", status)


def test_another_persons_hold_is_unknown(office: BoxOffice) -> None:
    answer = office.extend(BEN, office.held(ANNA, office.show(10), 1))

    assert (answer.status, answer.problem) == (404, "booking-unknown")


def test_a_hold_that_is_paid_meanwhile_stays_as_it_is(office: BoxOffice) -> None:
    booking = office.held(ANNA, office.show(10), 1)

    with meanwhile("UpdateItem", lambda: office.pay(booking)):
        answer = office.extend(ANNA, booking)

    assert (answer.problem, office.did(booking)) == ("not-extendable", ["order", "confirm"])


def test_the_back_stop_waits_for_the_later_end(office: BoxOffice) -> None:
    booking = office.held(ANNA, office.show(10), 1)
    office.extend(ANNA, booking)
    office.wait(HOLD + BACKSTOP)

    office.wake(booking)
    assert office.booking(booking)["status"] == "PENDING"
    office.wait(HOLD)
    office.wake(booking)

    assert office.booking(booking)["status"] == "EXPIRED"
    assert office.now < ENDS
