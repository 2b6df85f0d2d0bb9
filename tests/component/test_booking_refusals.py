"""What a refusal says beside its name: enough to put it right, or to tell a person why."""

from datetime import timedelta
from typing import Any

import pytest

from tests.support.box_office import ENDS, HOLD, START, BoxOffice, Show
from tests.support.system import Person, Reply

ANNA = Person()
OLGA = Person("organiser", user_id="o1")
MOMENT = timedelta(seconds=1)


def bare(office: BoxOffice, show: Show) -> Reply:
    """An order of one place, of whatever type there is."""
    return office.system.http("POST /v1/bookings", {"event_id": show.id, "number_slot": 1}, by=ANNA)


def pointed(answer: Reply) -> tuple[str, str]:
    """The one field that is wrong, and what is said of it."""
    (error,) = answer.json["errors"]
    return error["pointer"], error["detail"]


def test_an_unknown_event_is_pointed_at(office: BoxOffice) -> None:
    answer = bare(office, Show("00000000-0000-4000-8000-000000000000", ()))

    assert (answer.problem, pointed(answer)[0]) == ("event-unknown", "/event_id")


def test_a_type_that_the_event_does_not_have_is_named(office: BoxOffice) -> None:
    show, other = office.show(10), office.show(10).types[0]

    answer = office.order(ANNA, Show(show.id, (other,)), 1)

    said = f"The event has no type {other}."
    assert (answer.problem, answer.json["event_type_id"], answer.json["detail"]) == ("event-type-unknown", other, said)
    assert pointed(answer) == ("/items", said)


def test_a_type_that_is_wanted_twice_is_pointed_at(office: BoxOffice) -> None:
    show = office.show(10)

    answer = office.order(ANNA, Show(show.id, show.types * 2), 1, 1)

    assert answer.status == 422
    pointer, detail = pointed(answer)
    assert (pointer, "names a type twice" in detail) == ("/items", True)


def test_the_limit_is_told_with_what_is_held_already(office: BoxOffice) -> None:
    show = office.show(10, max_per_user=3)
    first = office.order(ANNA, show, 4)
    office.held(ANNA, show, 2)
    second = office.order(ANNA, show, 2)

    for answer, held in ((first, 0), (second, 2)):
        assert (answer.problem, answer.json["max_per_user"], answer.json["held"]) == ("limit-reached", 3, held)
        assert answer.json["detail"] == f"At most 3 places per person; {held} are yours already."


def test_places_that_others_hold_are_told_by_type(office: BoxOffice) -> None:
    show = office.show(3)
    office.held(Person(), show, 2)

    answer = office.order(ANNA, show, 2)

    assert answer.problem == "all-held"
    assert answer.json["short"] == [{"event_type_id": show.types[0], "available": 1}]


def test_the_begin_of_the_sale_is_told(office: BoxOffice) -> None:
    begin = START + MOMENT

    answer = bare(office, office.show(10, windows={"sale_from": begin}))

    assert (answer.problem, answer.json["sale_from"]) == ("not-on-sale-yet", begin.isoformat())
    assert answer.json["detail"] == f"On sale from {begin.isoformat()} on."


@pytest.mark.parametrize(
    ("terms", "ended_at"),
    [
        ({"windows": {"sale_until": START}}, START),
        ({"status": "ENDED"}, ENDS),
        ({"ends_at": START}, START),
        ({"statuses": {0: "CLOSED"}}, None),
    ],
    ids=["the type's window", "ended early", "the event is over", "closed by hand"],
)
def test_the_end_of_the_sale_is_told_where_it_has_a_time(
    office: BoxOffice, terms: dict[str, Any], ended_at: Any
) -> None:
    show = office.show(10)
    office.change_terms(show, **terms)

    answer = office.order(ANNA, show, 1)

    assert (answer.problem, answer.json.get("ended_at")) == ("sale-ended", ended_at.isoformat() if ended_at else None)


@pytest.mark.parametrize("early", [0, 1])
def test_who_does_not_name_a_type_is_told_of_what_will_be_on_sale(office: BoxOffice, early: int) -> None:
    show = office.show(10, 10)
    begin = {"sale_from": START + MOMENT}
    office.change_terms(show, [10, 10], windows=begin, statuses={1 - early: "CLOSED"})

    assert bare(office, show).problem == "not-on-sale-yet"


def test_a_capacity_below_what_is_taken_is_told_in_places(office: BoxOffice) -> None:
    show = office.show(10)
    office.held(ANNA, show, 3)

    answer = office.resize(OLGA, show, 2)

    assert pointed(answer) == ("/capacity", "3 places are held or sold.")


@pytest.mark.parametrize("seconds", [HOLD, HOLD - 1])
def test_a_hold_that_reaches_the_end_of_the_sale_is_told_until_when_it_lasts(office: BoxOffice, seconds: int) -> None:
    show = office.show(10, windows={"sale_until": START + timedelta(seconds=seconds)})
    booking = office.held(ANNA, show, 1)

    answer = office.extend(ANNA, booking)

    assert (answer.problem, answer.json["pay_before"]) == ("hold-at-its-longest", "2026-05-01T12:10:00.000Z")
    assert office.did(booking) == ["order"]
