"""The test system itself: that it enforces rights, in every test and not only in the first."""

import pytest

from common import store
from tests.support.system import NotAllowed, Person, System, row


@pytest.mark.parametrize("turn", ["first", "second"])
def test_a_call_that_the_row_does_not_grant_fails(turn: str, system: System) -> None:
    with system.acting(row("booking.get_booking")), pytest.raises(NotAllowed):
        store.write(store.Put("bookings", {"pk": turn, "sk": "x"}))


def test_a_table_that_the_row_does_not_name_is_not_known(system: System) -> None:
    with system.acting(row("booking.get_booking")), pytest.raises(KeyError):
        store.get("payments", {"pk": "a", "sk": "b"})


def test_an_index_is_granted_by_itself(system: System) -> None:
    with system.acting(row("booking.list_bookings")), pytest.raises(NotAllowed):
        store.query("bookings", "#pk = :pk", {"pk": "a"})


def test_a_route_knows_who_may_call_it(system: System) -> None:
    assert system.http("POST /v1/events", {}, by=Person()).problem == "role-missing"
