"""A cancelled event: every booking ends once, whatever dies on the way, and its organiser sees how far it is."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from booking.core import cancellation
from common import env, outbox
from common.bus.events import EventCancelled
from infra import topology
from tests.support.box_office import BoxOffice, Show
from tests.support.refusals import answering, meanwhile, refused
from tests.support.system import Person

PEOPLE = [Person() for _ in range(3)]
OLGA = Person("organiser", user_id="o1")
SORRY = "We are sorry: the singer is ill."


def call_off(office: BoxOffice, show: Show, **terms: Any) -> bool:
    """One waking of the consumer; whether it was acknowledged."""
    return office.tell_terms(show, [10], version=9, kind=EventCancelled, status="CANCELLED", message=SORRY, **terms)


def to_the_end(office: BoxOffice, show: Show, **terms: Any) -> int:
    """Wake it as its own queue would; how often that was."""
    for wakings in range(1, 60):
        office.system.sent.clear()
        call_off(office, show, **terms)
        if not office.system.sent:
            return wakings
        office.wait(office.system.sent[-1][2])
    raise AssertionError("it does not end")


def sold(office: BoxOffice, count: int = 6) -> tuple[Show, list[str]]:
    """Bookings of an event in every state."""
    show, made = office.show(100, max_per_user=100), list[str]()
    for at in range(count):
        made.append(office.held(PEOPLE[at % 3], show, 1))
        if at % 3 == 0:
            office.pay(made[-1], f"p{at}")
        if at % 6 == 5:
            office.fail(made[-1])
    return show, made


def progress(office: BoxOffice, show: Show) -> dict[str, Any]:
    answer = office.system.http(f"GET /v1/events/{show.id}/cancellation", by=OLGA)
    assert answer.status == 200, answer.text
    found: dict[str, Any] = answer.json
    return found


def states(office: BoxOffice, made: list[str]) -> list[str]:
    return [office.booking(one)["status"] for one in made]


def test_every_booking_that_has_places_ends_and_says_why(office: BoxOffice) -> None:
    show, made = sold(office)

    to_the_end(office, show)

    assert states(office, made) == ["CANCELLED"] * 5 + ["EXPIRED"]
    for one in made[:5]:
        (event,) = outbox.published(office.booking(one))
        told = event.model_dump(include={"reason", "refund", "message"})
        assert told == {"reason": "event_cancelled", "refund": None, "message": SORRY}
        assert office.booking(one)["logs"][-1]["by"] == "organiser"
    assert (office.free(show), office.violations()) == ([100], [])


def test_an_admin_who_called_it_off_is_named(office: BoxOffice) -> None:
    show, made = sold(office, 1)

    to_the_end(office, show, by="admin")

    assert office.booking(made[0])["logs"][-1]["by"] == "admin"


def test_the_sale_is_closed_before_the_first_booking_ends(office: BoxOffice) -> None:
    show, _ = sold(office, 1)
    problems: list[str | None] = []

    def order() -> None:
        problems.append(office.order(PEOPLE[1], show, 1).problem)

    with meanwhile("PutItem", order):
        call_off(office, show)

    assert problems == ["not-on-sale"]


def test_the_organiser_sees_how_far_it_is(office: BoxOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cancellation, "SLICE", 2)
    show, _ = sold(office)

    call_off(office, show)
    first = progress(office, show)
    to_the_end(office, show)
    last = progress(office, show)

    assert (first["state"], first["finished_at"], first["cancelled"] <= 2) == ("RUNNING", None, True)
    assert (last["state"], last["found"], last["cancelled"]) == ("FINISHED", 6, 5)
    assert last["refunds"] == [{"currency": "EUR", "due": 5000, "refunded": 0}]
    assert last["started_at"] < last["finished_at"]
    assert first["started_at"] == "2026-05-01T12:00:00Z"


def test_what_goes_back_is_shown_as_it_goes(office: BoxOffice) -> None:
    show, made = sold(office, 1)
    to_the_end(office, show)

    office.refund(made[0], 2500)

    assert progress(office, show)["refunds"] == [{"currency": "EUR", "due": 2500, "refunded": 2500}]
    sales = office.system.http(f"GET /v1/events/{show.id}/sales", by=OLGA).json
    assert sales["totals"] == [{"currency": "EUR", "revenue": 0, "refunded": 2500}]


def test_only_what_the_cancellation_owes_counts_as_gone_back_by_it(office: BoxOffice) -> None:
    show = office.show(100, max_per_user=100)
    given_back, in_part, late = (office.held(PEOPLE[at], show, 1) for at in range(3))
    office.pay(given_back, "p0")
    office.pay(in_part, "p1")
    office.refund(given_back, 2500)
    office.refund(in_part, 1000)
    to_the_end(office, show)
    office.pay(late, "p2")

    office.refund(late, 2500)
    begun = progress(office, show)["refunds"]
    office.refund(in_part, 1500, 2500)

    assert begun == [{"currency": "EUR", "due": 1500, "refunded": 0}]
    assert progress(office, show)["refunds"] == [{"currency": "EUR", "due": 1500, "refunded": 1500}]


def test_told_again_after_the_end_it_changes_nothing(office: BoxOffice) -> None:
    show, _ = sold(office)
    to_the_end(office, show)
    before = office.items()

    office.system.sent.clear()
    assert (call_off(office, show), office.system.sent) == (True, [])
    assert office.items() == before


@pytest.mark.moto
@pytest.mark.parametrize("survived", range(14))
def test_wherever_it_dies_it_goes_on_and_counts_each_booking_once(office: BoxOffice, survived: int) -> None:
    show, made = sold(office)

    with answering("dynamodb", "*", *[None] * survived, refused("ThrottlingException")):
        call_off(office, show)
    to_the_end(office, show)

    told = progress(office, show)
    assert (told["state"], told["found"], told["cancelled"]) == ("FINISHED", 6, 5)
    assert told["refunds"][0]["due"] == 5000
    assert (states(office, made).count("CANCELLED"), office.violations()) == (5, [])


def test_two_instances_at_once_end_each_booking_once(office: BoxOffice) -> None:
    show, made = sold(office)
    call_off(office, show)

    for operation in ("TransactWriteItems", "UpdateItem"):
        with meanwhile(operation, lambda: call_off(office, show)):
            call_off(office, show)
    to_the_end(office, show)

    assert (progress(office, show)["cancelled"], office.violations()) == (5, [])
    assert all(office.did(one).count("call_off") == 1 for one in made[:5])


@pytest.mark.moto
def test_a_booking_that_is_paid_while_it_ends_is_owed_its_money(office: BoxOffice) -> None:
    show = office.show(10)
    booking = office.held(PEOPLE[0], show, 1)
    office.change_terms(show, version=9, status="CANCELLED")

    def pay() -> None:
        if office.booking(booking)["status"] == "PENDING":
            office.pay(booking)

    with before_it_ends(booking, pay) as acted:
        to_the_end(office, show)

    assert acted
    assert office.did(booking) == ["order", "confirm", "call_off"]
    assert progress(office, show)["refunds"][0]["due"] == 2500


def test_what_the_index_shows_only_later_is_found_by_a_later_pass(office: BoxOffice) -> None:
    show, made = sold(office, 3)
    hidden = office.booking(made[1])
    _set_roll(office, hidden["id"], "elsewhere")
    for _ in range(4):
        call_off(office, show)
    assert office.booking(made[1])["status"] == "PENDING"
    _set_roll(office, hidden["id"], hidden["roll"])

    to_the_end(office, show)

    assert (states(office, made), progress(office, show)["found"]) == (["CANCELLED"] * 3, 3)


def test_an_event_that_is_not_cancelled_shows_nothing(office: BoxOffice) -> None:
    show = office.show(10)
    call = f"GET /v1/events/{show.id}/cancellation"

    answer = office.system.http(call, by=OLGA)

    assert (answer.status, answer.problem, answer.headers["retry-after"]) == (404, "cancellation-unknown", "1")
    assert office.system.http(call, by=Person("organiser")).problem == "event-unknown"
    assert office.system.http(call, by=PEOPLE[0]).status == 403


@contextmanager
def before_it_ends(booking: str, act: Callable[[], object]) -> Iterator[list[str]]:
    """Within the block somebody acts just before the first transaction that writes the booking."""
    events, acted = env.client("dynamodb").meta.events, list[str]()

    def first(params: Any, **_: Any) -> None:
        if booking in str(params["body"]) and not acted:
            acted.append(booking)
            act()

    events.register_first("before-call.dynamodb.TransactWriteItems", first)
    try:
        yield acted
    finally:
        events.unregister("before-call.dynamodb.TransactWriteItems", first)


def _set_roll(office: BoxOffice, booking_id: str, roll: str) -> None:
    office.system.alter(topology.BOOKINGS, booking_id, "booking", roll=roll)
