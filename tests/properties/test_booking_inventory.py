"""Any sequence of orders, messages and terms conserves places and limits."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from booking.core.model import LIFECYCLE
from tests.support.drivers.booking_driver import BACKSTOP_SECONDS, HOLD_SECONDS, BookingDriver
from tests.support.fixtures.event_fixture import EventFixture
from tests.support.system.in_memory_system import InMemorySystem
from tests.support.system.system import Person, System

PEOPLE = [Person(), Person()]
ANY = st.integers(0, 9)
MESSAGES = ("payment_succeeded", "payment_failed", "tickets_rejected", "expire_hold")  # methods of BookingDriver

ORDER = st.tuples(st.just("order"), st.integers(0, 1), st.integers(0, 2), st.integers(0, 2), st.sampled_from("abc"))
ACT = st.tuples(st.just("act"), st.sampled_from([*MESSAGES, "decline", "cancel"]), ANY)
TERMS = st.tuples(st.just("terms"), st.sampled_from(["PUBLISHED", "PUBLISHED", "CANCELLED"]))
WAIT = st.tuples(st.just("wait"), st.sampled_from([1, HOLD_SECONDS, HOLD_SECONDS + BACKSTOP_SECONDS]))
STEPS = st.lists(st.one_of(ORDER, ORDER, ACT, ACT, ACT, TERMS, WAIT), min_size=4, max_size=14)


@pytest.fixture(scope="module")
def system() -> Iterator[System]:
    with InMemorySystem().running() as system:
        yield system


class RandomHihistory:
    """Executes random steps on an event with types of three and two places."""

    def __init__(self, driver: BookingDriver) -> None:
        self.driver = driver
        self.event: EventFixture = driver.publish_event(3, 2, max_per_user=3)
        self.version = 1
        self.owners: dict[str, Person] = {}

    def step(self, what: str, *how: Any) -> None:
        action: Callable[..., None] = getattr(self, f"do_{what}")
        action(*how)

    def do_order(self, who: int, first: int, second: int, key: str) -> None:
        person = PEOPLE[who]
        answer = self.driver.order(person, self.event, first, second, key=key)
        assert answer.status in (201, 409, 422), answer.text
        if answer.status == 201:
            self.owners[answer.json["id"]] = person

    def do_terms(self, status: str) -> None:
        self.version += 1
        self.driver.change_terms(self.event, [3, 2], version=self.version, max_per_user=3, status=status)

    def do_wait(self, seconds: int) -> None:
        self.driver.advance(seconds)

    def do_act(self, what: str, which: int) -> None:
        if not self.owners:
            return
        one = list(self.owners)[which % len(self.owners)]
        match what:
            case "cancel":
                self.driver.cancel(self.owners[one], one)
            case "decline":
                self.driver.payment_failed(one, "declined")
            case _:
                getattr(self.driver, what)(one)


def invalid_histories(driver: BookingDriver) -> list[str]:
    """Bookings whose log is not a path through the state table."""
    found = []
    for item in driver.items():
        if item["sk"] != "booking":
            continue
        state, steps = "PENDING", [line["action"] for line in item["logs"][1:]]
        table = {(str(a), str(trigger)): str(b) for (a, trigger), b in LIFECYCLE.table.items()}
        for step in steps:
            state = table.get((state, step), f"{state} does not {step}")
        if (state, len(steps) + 1) != (item["status"], item["version"]):
            found.append(f"{item['pk']}: {steps} is not {item['status']}, version {item['version']}")
    return found


@settings(max_examples=25, deadline=None, derandomize=True, database=None)
@given(steps=STEPS)
def test_places_and_limits_are_conserved_at_every_step(system: System, steps: list[tuple[Any, ...]]) -> None:
    with BookingDriver(system).running() as driver:
        history = RandomHihistory(driver)
        for step in steps:
            history.step(*step)
            assert driver.violations() == [], step
        assert invalid_histories(driver) == []


@settings(max_examples=10, deadline=None, derandomize=True, database=None)
@given(steps=st.lists(ORDER, min_size=3, max_size=10))
def test_sales_never_exceed_capacity_or_limit(system: System, steps: list[tuple[Any, ...]]) -> None:
    with BookingDriver(system).running() as driver:
        history = RandomHihistory(driver)
        for step in steps:
            history.step(*step)
        held = [driver.held_places(history.event, person) for person in PEOPLE]
        assert max(held) <= 3
        assert all(left >= 0 for left in driver.available(history.event))
        assert sum(held) + sum(driver.available(history.event)) == 5
