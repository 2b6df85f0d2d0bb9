"""Whatever happens to bookings, in whatever order and however often: no place is lost and none is made up."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from booking.core.model import LIFECYCLE
from tests.support.box_office import BACKSTOP, HOLD, BoxOffice, Show
from tests.support.memory import Memory
from tests.support.system import Person, System

PEOPLE = [Person(), Person()]
ANY = st.integers(0, 9)

ORDER = st.tuples(st.just("order"), st.integers(0, 1), st.integers(0, 2), st.integers(0, 2), st.sampled_from("abc"))
ACT = st.tuples(st.just("act"), st.sampled_from(["pay", "fail", "decline", "cancel", "reject", "wake"]), ANY)
TERMS = st.tuples(st.just("terms"), st.sampled_from(["PUBLISHED", "PUBLISHED", "CANCELLED"]))
WAIT = st.tuples(st.just("wait"), st.sampled_from([1, HOLD, HOLD + BACKSTOP]))
STEPS = st.lists(st.one_of(ORDER, ORDER, ACT, ACT, ACT, TERMS, WAIT), min_size=4, max_size=14)


@pytest.fixture(scope="module")
def house() -> Iterator[System]:
    with Memory().running() as system:
        yield system


class Story:
    """What happens, step by step, to an event of three and two places."""

    def __init__(self, office: BoxOffice) -> None:
        self.office = office
        self.show: Show = office.show(3, 2, max_per_user=3)
        self.version = 1
        self.owners: dict[str, Person] = {}

    def step(self, what: str, *how: Any) -> None:
        does: Callable[..., None] = getattr(self, f"do_{what}")
        does(*how)

    def do_order(self, who: int, first: int, second: int, key: str) -> None:
        person = PEOPLE[who]
        answer = self.office.order(person, self.show, first, second, key=key)
        assert answer.status in (201, 409, 422), answer.text
        if answer.status == 201:
            self.owners[answer.json["id"]] = person

    def do_terms(self, status: str) -> None:
        self.version += 1
        self.office.change_terms(self.show, [3, 2], version=self.version, max_per_user=3, status=status)

    def do_wait(self, seconds: int) -> None:
        self.office.wait(seconds)

    def do_act(self, what: str, which: int) -> None:
        if not self.owners:
            return
        one = list(self.owners)[which % len(self.owners)]
        match what:
            case "cancel":
                self.office.cancel(self.owners[one], one)
            case "decline":
                self.office.fail(one, "declined")
            case _:
                getattr(self.office, what)(one)


def histories(office: BoxOffice) -> list[str]:
    """Where a booking's log is no path through the table of states."""
    found = []
    for item in office.items():
        if item["sk"] != "booking":
            continue
        state, steps = "PENDING", [line["did"] for line in item["logs"][1:]]
        table = {(str(a), str(trigger)): str(b) for (a, trigger), b in LIFECYCLE.table.items()}
        for step in steps:
            state = table.get((state, step), f"{state} does not {step}")
        if (state, len(steps) + 1) != (item["status"], item["version"]):
            found.append(f"{item['pk']}: {steps} is not {item['status']}, version {item['version']}")
    return found


@settings(max_examples=25, deadline=None, derandomize=True, database=None)
@given(steps=STEPS)
def test_places_and_limits_are_conserved_at_every_step(house: System, steps: list[tuple[Any, ...]]) -> None:
    with BoxOffice(house).open() as office:
        story = Story(office)
        for step in steps:
            story.step(*step)
            assert office.violations() == [], step
        assert histories(office) == []


@settings(max_examples=10, deadline=None, derandomize=True, database=None)
@given(steps=st.lists(ORDER, min_size=3, max_size=10))
def test_never_more_is_sold_than_there_is_nor_to_one_person(house: System, steps: list[tuple[Any, ...]]) -> None:
    with BoxOffice(house).open() as office:
        story = Story(office)
        for step in steps:
            story.step(*step)
        held = [office.limit(story.show, person) for person in PEOPLE]
        assert max(held) <= 3
        assert all(left >= 0 for left in office.free(story.show))
        assert sum(held) + sum(office.free(story.show)) == 5
