"""Concurrent changes of one ticket or booking, and a change that loses every race."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from infra import topology
from tests.support.drivers.ticket_driver import (
    ACTIONS,
    DETAILS,
    accept_transfer,
    act_on_ticket,
    create_transfer,
    get_door,
    interleaved_before_write,
    stored_items,
    stored_ticket,
    update_ticket,
    violations,
)
from tests.support.faults.aws_errors import interleaved
from tests.support.system.in_memory_system import RUNNING_SYSTEMS
from tests.support.system.system import System


@contextmanager
def interleaved_before_each_transaction(action: Callable[[], object], times: int) -> Iterator[list[int]]:
    """Run the action before each of the first `times` transactions; the list grows by one per transaction."""
    system, calls = RUNNING_SYSTEMS[-1], list[int]()
    before = system.before_call

    def first(call: Any) -> None:
        before(call)
        if call.operation == "TransactWriteItems":
            calls.append(1)
            if len(calls) <= times:
                action()

    system.before_call = first
    try:
        yield calls
    finally:
        system.before_call = before


def touch_ticket(system: System, ticket: dict[str, Any]) -> None:
    """Raise the ticket's version as a concurrent change would, without changing anything else."""
    system.update_item(topology.TICKETS, ticket["pk"], "ticket", version=stored_ticket(system, ticket)["version"] + 1)


@pytest.mark.parametrize("action", ACTIONS)
def test_change_succeeds_at_fourth_attempt(system: System, ticket: dict[str, Any], action: str) -> None:
    with interleaved_before_each_transaction(lambda: touch_ticket(system, ticket), times=3) as transactions:
        response = act_on_ticket(system, action, ticket)

    assert (response.status, len(transactions)) == (200, 4)


@pytest.mark.parametrize("action", ACTIONS)
def test_constantly_changing_ticket_gives_service_unavailable(
    system: System, ticket: dict[str, Any], action: str
) -> None:
    with interleaved_before_each_transaction(lambda: touch_ticket(system, ticket), times=99) as transactions:
        response = act_on_ticket(system, action, ticket)

    assert (response.status, response.problem, len(transactions)) == (503, "service-unavailable", 4)
    assert stored_ticket(system, ticket)["status"] == "CREATED"
    assert get_door(system).json["revoked"] == []


def test_constantly_changing_ticket_is_not_transferred(system: System, ticket: dict[str, Any]) -> None:
    offered = create_transfer(system, ticket)

    with interleaved_before_each_transaction(lambda: touch_ticket(system, ticket), times=99) as transactions:
        response = accept_transfer(system, offered)

    assert (response.status, response.problem, len(transactions)) == (503, "service-unavailable", 4)
    assert accept_transfer(system, offered).status == 200


def test_two_tickets_voided_concurrently_are_both_void(system: System, booking: Any) -> None:
    first, second = stored_items(system, "ticket")

    with interleaved_before_write(lambda: act_on_ticket(system, "void", second)):
        response = act_on_ticket(system, "void", first)

    assert response.status == 200
    assert stored_items(system, "issue")[0]["ticket_ids"] == []
    assert get_door(system).json["counts"] == {"issued": 2, "void": 2, "checked_in": 0}
    assert violations(system) == []


def test_second_of_two_concurrent_edits_is_rejected(system: System, ticket: dict[str, Any]) -> None:
    with interleaved("UpdateItem", lambda: update_ticket(system, ticket, DETAILS)):
        response = update_ticket(system, ticket, {"note": "another"})

    assert (response.status, response.problem) == (412, "stale-version")
    assert {name: stored_ticket(system, ticket)[name] for name in DETAILS} == DETAILS
