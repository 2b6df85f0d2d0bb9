"""The logs of tickets: action, actor, time and correlation id."""

from collections.abc import Callable
from typing import Any

import pytest

from common import clock
from common.outbox import outbox_events
from infra import topology
from tests.support.drivers.ticket_driver import (
    ADMIN,
    DETAILS,
    NOW,
    ON_CANCELLED,
    ON_CONFIRMED,
    ORGANISER,
    OWNER,
    RECIPIENT,
    STAFF,
    accept_transfer,
    act_on_ticket,
    booking_cancelled,
    booking_confirmed,
    cancel_transfer,
    check_in,
    create_transfer,
    event_terms,
    stored_items,
    stored_ticket,
    undo_check_in,
    update_ticket,
)
from tests.support.system.system import System

CREATION_LOG = [("create", "ticket"), ("issue", "ticket")]


@pytest.fixture
def set_hour() -> Callable[[int], None]:
    """Sets the clock to that hour of the day."""
    return lambda hour: clock.use(lambda: NOW.replace(hour=hour))


def log_entries(item: dict[str, Any]) -> list[tuple[str, str]]:
    return [(one["action"], one["actor"]) for one in item["logs"]]


def log_of_single_item(system: System, sk: str) -> list[tuple[str, str]]:
    [one] = stored_items(system, sk)
    return log_entries(one)


def correlation_ids(item: dict[str, Any]) -> set[str]:
    return {one.correlation_id for one in outbox_events(item)}


def test_ticket_log_records_actor_of_each_action(system: System, ticket: dict[str, Any]) -> None:
    update_ticket(system, ticket, DETAILS)
    act_on_ticket(system, "reissue", ticket, by=ADMIN)
    create_transfer(system, ticket)
    cancel_transfer(system, ticket)
    check_in(system, stored_ticket(system, ticket)["latest_code"])
    undo_check_in(system)
    act_on_ticket(system, "void", ticket)

    stored = stored_ticket(system, ticket)

    assert log_entries(stored) == [
        *CREATION_LOG,
        ("describe", ORGANISER.user_id),
        ("reissue", "admin"),
        ("offer", OWNER.user_id),
        ("cancel", OWNER.user_id),
        ("admit", STAFF.user_id),
        ("undo", STAFF.user_id),
        ("void", ORGANISER.user_id),
    ]
    assert stored["withdrawn_by"] == ORGANISER.user_id
    assert log_of_single_item(system, "issue") == [*CREATION_LOG, ("withdraw", ORGANISER.user_id)]
    assert log_of_single_item(system, "transfer") == [("offer", OWNER.user_id), ("cancel", OWNER.user_id)]


def test_transfer_is_logged_on_every_changed_item(system: System, ticket: dict[str, Any]) -> None:
    accepted = accept_transfer(system, create_transfer(system, ticket)).json

    assert log_entries(stored_ticket(system, ticket)) == [
        *CREATION_LOG,
        ("offer", OWNER.user_id),
        ("void", RECIPIENT.user_id),
    ]
    assert log_entries(stored_ticket(system, accepted)) == [("transfer", RECIPIENT.user_id)]
    assert log_of_single_item(system, "issue") == [*CREATION_LOG, ("transfer", RECIPIENT.user_id)]
    assert log_of_single_item(system, "transfer") == [("offer", OWNER.user_id), ("accept", RECIPIENT.user_id)]


def test_reissued_code_has_its_own_issue_time(
    system: System, ticket: dict[str, Any], set_hour: Callable[[int], None]
) -> None:
    set_hour(13)
    act_on_ticket(system, "reissue", ticket)
    set_hour(14)
    accepted = accept_transfer(system, create_transfer(system, ticket)).json

    assert (ticket["issued_at"], stored_ticket(system, ticket)["issued_at"]) == (
        "2026-03-01T12:00:00.000Z",
        "2026-03-01T13:00:00.000Z",
    )
    assert accepted["issued_at"] == "2026-03-01T14:00:00Z"


def test_every_later_code_has_its_own_item(system: System, ticket: dict[str, Any]) -> None:
    codes = {}
    for serial in (2, 3):
        act_on_ticket(system, "reissue", ticket)
        codes[f"code#{serial}"] = stored_ticket(system, ticket)["latest_code"]

    ticket_items = [one for one in system.scan(topology.TICKETS) if one["pk"] == ticket["pk"]]
    assert {one["sk"]: one["code"] for one in ticket_items} == codes | {"ticket": ticket["code"]}


def test_all_ticket_events_carry_booking_correlation_id(system: System, booking: Any, ticket: dict[str, Any]) -> None:
    [issue] = stored_items(system, "issue")
    correlations = correlation_ids(issue)
    act_on_ticket(system, "reissue", ticket)
    correlations |= correlation_ids(stored_ticket(system, ticket))
    offered = create_transfer(system, ticket)
    correlations |= correlation_ids(stored_items(system, "transfer")[0])
    correlations |= correlation_ids(stored_ticket(system, accept_transfer(system, offered).json))
    system.deliver(booking_cancelled(booking).model_copy(update={"correlation_id": "another"}), ON_CANCELLED)
    [issue] = stored_items(system, "issue")

    assert correlations | correlation_ids(issue) == {"journey"}


def test_rejected_tickets_log_their_rejection(system: System) -> None:
    system.deliver(event_terms(status="CANCELLED"), "ticket.on_event_changed")

    system.deliver(booking_confirmed(1), ON_CONFIRMED)

    rejected = [("create", "ticket"), ("reject", "ticket")]
    assert log_of_single_item(system, "ticket") == log_of_single_item(system, "issue") == rejected
