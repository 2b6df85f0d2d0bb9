"""Where others write the same item again and again: after some tries it is given up, and said what did not rest."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from infra import topology
from tests.component.test_booking_cancellation import call_off
from tests.support.box_office import BoxOffice
from tests.support.deliveries import Call
from tests.support.memory import Memory
from tests.support.system import Person

ANNA = Person()
OLGA = Person("organiser", user_id="o1")
TRIES = 8


@contextmanager
def each_time(office: BoxOffice, operation: str, act: Callable[[int], object]) -> Iterator[list[int]]:
    """Within the block somebody acts before every write of this operation but their own."""
    assert isinstance(office.system, Memory)
    system, before, acted, acting = office.system, office.system.before, list[int](), list[int]()

    def first(call: Call) -> None:
        before(call)
        if call.operation == operation and not acting:
            acted.append(len(acted))
            acting.append(1)
            act(acted[-1])
            acting.clear()

    system.before = first
    try:
        yield acted
    finally:
        system.before = before


def test_a_capacity_that_others_keep_changing_is_503(office: BoxOffice) -> None:
    show = office.show(10)

    with each_time(office, "TransactWriteItems", lambda at: office.resize(OLGA, show, 100 + at)) as acted:
        answer = office.resize(OLGA, show, 20)

    assert (answer.status, answer.problem, answer.headers["retry-after"]) == (503, "busy", "1")
    assert (len(acted), office.violations()) == (TRIES, [])


def test_a_ticket_whose_booking_hears_of_others_all_the_time_comes_again(
    office: BoxOffice, caplog: pytest.LogCaptureFixture
) -> None:
    booking = office.held(ANNA, office.show(10), 1)
    office.pay(booking)

    with each_time(office, "UpdateItem", lambda at: office.door(booking, f"other{at}", 3)) as acted:
        acknowledged = office.door(booking, "k1", 3)

    assert (acknowledged, len(acted)) == (False, TRIES)
    assert f"the tickets of booking {booking} do not come to rest" in caplog.text
    assert office.door(booking, "k1", 3)
    assert len(office.booking(booking)["uses"]) == TRIES + 1


def test_a_word_that_others_keep_overtaking_comes_again(office: BoxOffice, caplog: pytest.LogCaptureFixture) -> None:
    show = office.show(2)
    booking = office.held(ANNA, show, 2)

    def another_version(at: int) -> None:
        office.system.alter(topology.BOOKINGS, show.types[0], "tally", version=100 + at)

    with each_time(office, "UpdateItem", another_version) as acted:
        acknowledged = office.counted(booking)

    assert (acknowledged, len(acted)) == (False, TRIES)
    assert f"the words of event {show.id} do not come to rest" in caplog.text


def test_a_booking_that_moves_all_the_time_is_ended_by_a_later_waking(
    office: BoxOffice, caplog: pytest.LogCaptureFixture
) -> None:
    show = office.show(10)
    booking = office.held(ANNA, show, 1)
    office.pay(booking)

    with each_time(office, "TransactWriteItems", lambda at: office.door(booking, f"k{at}", 3)) as acted:
        for _ in range(4):
            call_off(office, show)

    assert office.did(booking) == ["order", "confirm"]
    assert len(acted) >= TRIES
    assert f"booking {booking} does not come to rest" in caplog.text
