"""What alarms and dashboards are made of: tickets are counted as they come and go, each once."""

from collections.abc import Iterator
from typing import Any

import pytest

from common import log
from common.outbox import published
from tests.component.test_ticket_desk import booking, do, ticket
from tests.component.test_ticket_door import overtaken, scan
from tests.component.test_ticket_issuing import (
    CANCELLED,
    CONFIRMED,
    EVENT,
    at_noon,
    cancelled,
    confirmed,
    dying,
    items,
    terms,
)
from tests.component.test_ticket_races import between
from tests.component.test_ticket_showing import OWNER
from tests.component.test_ticket_transfers import accept, offer
from tests.component.test_ticket_undoing import undo
from tests.support.refusals import meanwhile
from tests.support.system import System

__all__ = ["at_noon", "booking", "ticket"]


@pytest.fixture
def counted() -> Iterator[dict[str, float]]:
    """What has been counted so far, by its name."""
    sums: dict[str, float] = {}
    log.use(lambda name, value: sums.update({name: sums.get(name, 0) + value}))
    yield sums
    log.use()


def test_an_issue_rejected_before_it_began_has_no_tickets(system: System, counted: dict[str, float]) -> None:
    booking = confirmed(100)

    system.deliver(booking, CONFIRMED, tries=7)

    [issue] = items(system, "issue")
    assert (issue["status"], issue["ticket_ids"], issue["reason"]) == ("REJECTED", [], "not_issued")
    assert (issue["buyer_id"], issue["event_id"]) == (booking.user_id, EVENT)
    assert [(one["did"], one["by"]) for one in issue["logs"]] == [("create", "ticket")]
    assert counted == {"TicketsRejected": 100, "IssuesGivenUp": 1}
    [said] = published(issue)
    assert said.correlation_id == issue["correlation_id"] == "journey"


def test_tickets_are_counted_as_they_come_and_go(system: System, counted: dict[str, float]) -> None:
    system.deliver(terms(), "ticket.keep_event")
    booking = confirmed(3, user_id=OWNER.user_id)
    system.deliver(booking, CONFIRMED)
    first, second, _ = items(system, "ticket")
    scan(system, first["code"])
    undo(system)
    do(system, "reissue", first)
    accept(system, offer(system, second))
    do(system, "void", first)
    system.deliver(cancelled(booking), CANCELLED)

    assert counted == {
        "TicketsIssued": 3,
        "TicketsAdmitted": 1,
        "AdmissionsUndone": 1,
        "TicketsReissued": 1,
        "TicketsTransferred": 1,
        "TicketsVoided": 1 + 2,
    }


def test_what_is_repeated_is_not_counted_again(system: System, counted: dict[str, float]) -> None:
    system.deliver(terms(), "ticket.keep_event")
    booking = confirmed(2, user_id=OWNER.user_id)
    for _ in range(2):
        system.deliver(booking, CONFIRMED)
    first, second = items(system, "ticket")
    offered = offer(system, second)
    for _ in range(2):
        scan(system, first["code"])
        undo(system)
        accept(system, offered)
        do(system, "void", first)
    for _ in range(2):
        system.deliver(cancelled(booking), CANCELLED)

    assert counted == {
        "TicketsIssued": 2,
        "TicketsAdmitted": 1,
        "AdmissionsUndone": 1,
        "TicketsTransferred": 1,
        "TicketsVoided": 1 + 1,
    }


@pytest.mark.parametrize("event_status", ["PUBLISHED", "CANCELLED"])
def test_a_booking_confirmed_twice_at_once_is_counted_once(
    system: System, counted: dict[str, float], event_status: str
) -> None:
    system.deliver(terms(status=event_status), "ticket.keep_event")
    booking = confirmed(2)
    with dying("TransactWriteItems"):
        system.deliver(booking, CONFIRMED)
    # The issue has begun; what overtakes this delivery is done after its vain beginning.
    with meanwhile("GetItem", lambda: system.deliver(booking, CONFIRMED)) as acted:
        system.deliver(booking, CONFIRMED)

    assert acted
    assert counted == {{"PUBLISHED": "TicketsIssued", "CANCELLED": "TicketsRejected"}[event_status]: 2}


@pytest.mark.parametrize("meeting", [overtaken, lambda act: between("transfer", "ticket", act)], ids=["write", "read"])
def test_a_transfer_accepted_twice_at_once_is_counted_once(
    system: System, ticket: dict[str, Any], counted: dict[str, float], meeting: Any
) -> None:
    offered = offer(system, ticket)

    with meeting(lambda: accept(system, offered)):
        accept(system, offered)

    assert counted == {"TicketsTransferred": 1}
