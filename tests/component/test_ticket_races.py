"""Two who change the same ticket or booking at once, and one who is always too late."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from infra import topology
from tests.component.test_ticket_desk import DEEDS, WORDS, booking, describe, do, now, ticket
from tests.component.test_ticket_door import overtaken
from tests.component.test_ticket_issuing import at_noon, items
from tests.component.test_ticket_transfers import accept, offer
from tests.component.test_ticket_undoing import door, unsound
from tests.support.memory import RUNNING
from tests.support.refusals import meanwhile
from tests.support.system import System

__all__ = ["at_noon", "booking", "ticket"]


@contextmanager
def each_time(act: Callable[[], object], times: int) -> Iterator[list[int]]:
    """Before each of the first so many transactions something else happens; the list grows with each transaction."""
    system, seen = RUNNING[-1], list[int]()
    before = system.before

    def first(call: Any) -> None:
        before(call)
        if call.operation == "TransactWriteItems":
            seen.append(1)
            if len(seen) <= times:
                act()

    system.before = first
    try:
        yield seen
    finally:
        system.before = before


@contextmanager
def between(one: str, other: str, act: Callable[[], object]) -> Iterator[None]:
    """Something happens after the one item has been read and before the other is; it must."""
    system, read = RUNNING[-1], list[str]()
    before = system.before

    def first(call: Any) -> None:
        before(call)
        read.extend(call.about if call.operation == "GetItem" else ())
        if read[-2:] == [f"tickets/{one}", f"tickets/{other}"]:
            system.before = before
            act()

    system.before = first
    yield
    assert system.before == before


def touched(system: System, ticket: dict[str, Any]) -> None:
    """The ticket is changed by somebody else, in a way that stands in nobody's way."""
    system.alter(topology.TICKETS, ticket["pk"], "ticket", version=now(system, ticket)["version"] + 1)


@pytest.mark.parametrize("deed", DEEDS)
def test_a_ticket_that_changes_three_times_meanwhile_is_changed_at_the_fourth_look(
    system: System, ticket: dict[str, Any], deed: str
) -> None:
    with each_time(lambda: touched(system, ticket), times=3) as tried:
        answer = do(system, deed, ticket)

    assert (answer.status, len(tried)) == (200, 4)


@pytest.mark.parametrize("deed", DEEDS)
def test_a_ticket_that_goes_on_changing_is_left_for_later(system: System, ticket: dict[str, Any], deed: str) -> None:
    with each_time(lambda: touched(system, ticket), times=99) as tried:
        answer = do(system, deed, ticket)

    assert (answer.status, answer.problem, len(tried)) == (503, "busy", 4)
    assert now(system, ticket)["status"] == "CREATED"
    assert door(system).json["revoked"] == []


def test_a_ticket_that_goes_on_changing_is_not_handed_over(system: System, ticket: dict[str, Any]) -> None:
    offered = offer(system, ticket)

    with each_time(lambda: touched(system, ticket), times=99) as tried:
        answer = accept(system, offered)

    assert (answer.status, answer.problem, len(tried)) == (503, "busy", 4)
    assert accept(system, offered).status == 200


def test_two_tickets_of_a_booking_withdrawn_at_once_are_both_gone(system: System, booking: Any) -> None:
    first, second = items(system, "ticket")

    with overtaken(lambda: do(system, "void", second)):
        answer = do(system, "void", first)

    assert answer.status == 200
    assert items(system, "issue")[0]["ticket_ids"] == []
    assert door(system).json["counts"] == {"issued": 2, "void": 2, "checked_in": 0}
    assert unsound(system) == []


def test_of_two_edits_at_once_the_second_is_refused(system: System, ticket: dict[str, Any]) -> None:
    with meanwhile("UpdateItem", lambda: describe(system, ticket, WORDS)):
        answer = describe(system, ticket, {"note": "another"})

    assert (answer.status, answer.problem) == (412, "changed")
    assert {name: now(system, ticket)[name] for name in WORDS} == WORDS
