"""Metrics: each ticket transition is counted once."""

from collections.abc import Iterator
from typing import Any

import pytest

from common import log
from common.outbox import outbox_events
from tests.support.drivers.ticket_driver import (
    EVENT,
    ON_CANCELLED,
    ON_CONFIRMED,
    OWNER,
    accept_transfer,
    act_on_ticket,
    booking_cancelled,
    booking_confirmed,
    check_in,
    crash_after,
    create_transfer,
    event_terms,
    interleaved_before_write,
    interleaved_between_reads,
    stored_items,
    undo_check_in,
)
from tests.support.faults.aws_errors import interleaved
from tests.support.system.system import System


@pytest.fixture
def metric_sums() -> Iterator[dict[str, float]]:
    """The sum so far of each metric, by name."""
    sums: dict[str, float] = {}
    log.use(lambda name, value: sums.update({name: sums.get(name, 0) + value}))
    yield sums
    log.use()


def test_issuance_rejected_before_creation_has_no_tickets(system: System, metric_sums: dict[str, float]) -> None:
    booking = booking_confirmed(100)

    system.deliver(booking, ON_CONFIRMED, tries=7)

    [issue] = stored_items(system, "issue")
    assert (issue["status"], issue["ticket_ids"], issue["reason"]) == ("REJECTED", [], "not_issued")
    assert (issue["buyer_id"], issue["event_id"]) == (booking.user_id, EVENT)
    assert [(one["action"], one["actor"]) for one in issue["logs"]] == [("create", "ticket")]
    assert metric_sums == {"TicketsRejected": 100, "IssuancesFailed": 1}
    [event] = outbox_events(issue)
    assert event.correlation_id == issue["correlation_id"] == "journey"


def test_ticket_transitions_are_counted(system: System, metric_sums: dict[str, float]) -> None:
    system.deliver(event_terms(), "ticket.on_event_changed")
    booking = booking_confirmed(3, user_id=OWNER.user_id)
    system.deliver(booking, ON_CONFIRMED)
    first, second, _ = stored_items(system, "ticket")
    check_in(system, first["code"])
    undo_check_in(system)
    act_on_ticket(system, "reissue", first)
    accept_transfer(system, create_transfer(system, second))
    act_on_ticket(system, "void", first)
    system.deliver(booking_cancelled(booking), ON_CANCELLED)

    assert metric_sums == {
        "TicketsIssued": 3,
        "TicketsCheckedIn": 1,
        "CheckInsUndone": 1,
        "TicketsReissued": 1,
        "TicketsTransferred": 1,
        "TicketsVoided": 1 + 2,
    }


def test_repeated_action_is_counted_once(system: System, metric_sums: dict[str, float]) -> None:
    system.deliver(event_terms(), "ticket.on_event_changed")
    booking = booking_confirmed(2, user_id=OWNER.user_id)
    for _ in range(2):
        system.deliver(booking, ON_CONFIRMED)
    first, second = stored_items(system, "ticket")
    offered = create_transfer(system, second)
    for _ in range(2):
        check_in(system, first["code"])
        undo_check_in(system)
        accept_transfer(system, offered)
        act_on_ticket(system, "void", first)
    for _ in range(2):
        system.deliver(booking_cancelled(booking), ON_CANCELLED)

    assert metric_sums == {
        "TicketsIssued": 2,
        "TicketsCheckedIn": 1,
        "CheckInsUndone": 1,
        "TicketsTransferred": 1,
        "TicketsVoided": 1 + 1,
    }


@pytest.mark.parametrize("event_status", ["PUBLISHED", "CANCELLED"])
def test_concurrent_duplicate_confirmation_is_counted_once(
    system: System, metric_sums: dict[str, float], event_status: str
) -> None:
    system.deliver(event_terms(status=event_status), "ticket.on_event_changed")
    booking = booking_confirmed(2)
    with crash_after("TransactWriteItems"):
        system.deliver(booking, ON_CONFIRMED)
    # The issuance exists; the duplicate runs after this delivery has failed to create it.
    with interleaved("GetItem", lambda: system.deliver(booking, ON_CONFIRMED)) as calls:
        system.deliver(booking, ON_CONFIRMED)

    assert calls
    assert metric_sums == {{"PUBLISHED": "TicketsIssued", "CANCELLED": "TicketsRejected"}[event_status]: 2}


@pytest.mark.parametrize(
    "interleave",
    [interleaved_before_write, lambda act: interleaved_between_reads("transfer", "ticket", act)],
    ids=["write", "read"],
)
def test_concurrent_duplicate_acceptance_is_counted_once(
    system: System, ticket: dict[str, Any], metric_sums: dict[str, float], interleave: Any
) -> None:
    offered = create_transfer(system, ticket)

    with interleave(lambda: accept_transfer(system, offered)):
        accept_transfer(system, offered)

    assert metric_sums == {"TicketsTransferred": 1}
