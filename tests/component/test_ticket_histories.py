"""What stays written about tickets: who did what, when, and in whose journey."""

from collections.abc import Callable
from typing import Any

import pytest

from common import clock
from common.outbox import published
from infra import topology
from tests.component.test_ticket_desk import WORDS, booking, describe, do, now, ticket
from tests.component.test_ticket_door import ADMIN, BOSS, DOOR, scan
from tests.component.test_ticket_issuing import (
    CANCELLED,
    CONFIRMED,
    NOW,
    at_noon,
    cancelled,
    confirmed,
    items,
    terms,
)
from tests.component.test_ticket_showing import OWNER
from tests.component.test_ticket_transfers import FRIEND, accept, offer, retract
from tests.component.test_ticket_undoing import undo
from tests.support.system import System

__all__ = ["at_noon", "booking", "ticket"]
MADE = [("create", "ticket"), ("issue", "ticket")]


@pytest.fixture
def at() -> Callable[[int], None]:
    """Makes it that hour of the day."""
    return lambda hour: clock.use(lambda: NOW.replace(hour=hour))


def history(item: dict[str, Any]) -> list[tuple[str, str]]:
    return [(one["did"], one["by"]) for one in item["logs"]]


def of(system: System, sk: str) -> list[tuple[str, str]]:
    [one] = items(system, sk)
    return history(one)


def journeys(item: dict[str, Any]) -> set[str]:
    return {one.correlation_id for one in published(item)}


def test_a_ticket_tells_who_did_what_with_it(system: System, ticket: dict[str, Any]) -> None:
    describe(system, ticket, WORDS)
    do(system, "reissue", ticket, by=ADMIN)
    offer(system, ticket)
    retract(system, ticket)
    scan(system, now(system, ticket)["latest_code"])
    undo(system)
    do(system, "void", ticket)

    left = now(system, ticket)

    assert history(left) == [
        *MADE,
        ("describe", BOSS.user_id),
        ("reissue", "admin"),
        ("offer", OWNER.user_id),
        ("retract", OWNER.user_id),
        ("admit", DOOR.user_id),
        ("undo", DOOR.user_id),
        ("void", BOSS.user_id),
    ]
    assert left["withdrawn_by"] == BOSS.user_id
    assert of(system, "issue") == [*MADE, ("withdraw", BOSS.user_id)]
    assert of(system, "transfer") == [("offer", OWNER.user_id), ("retract", OWNER.user_id)]


def test_a_transfer_is_told_by_all_that_it_changes(system: System, ticket: dict[str, Any]) -> None:
    taken = accept(system, offer(system, ticket)).json

    assert history(now(system, ticket)) == [*MADE, ("offer", OWNER.user_id), ("void", FRIEND.user_id)]
    assert history(now(system, taken)) == [("transfer", FRIEND.user_id)]
    assert of(system, "issue") == [*MADE, ("transfer", FRIEND.user_id)]
    assert of(system, "transfer") == [("offer", OWNER.user_id), ("accept", FRIEND.user_id)]


def test_a_new_code_is_of_its_own_time(system: System, ticket: dict[str, Any], at: Callable[[int], None]) -> None:
    at(13)
    do(system, "reissue", ticket)
    at(14)
    taken = accept(system, offer(system, ticket)).json

    assert (ticket["issued_at"], now(system, ticket)["issued_at"]) == (
        "2026-03-01T12:00:00.000Z",
        "2026-03-01T13:00:00.000Z",
    )
    assert taken["issued_at"] == "2026-03-01T14:00:00Z"


def test_every_later_code_has_an_item_of_its_own(system: System, ticket: dict[str, Any]) -> None:
    codes = {}
    for serial in (2, 3):
        do(system, "reissue", ticket)
        codes[f"code#{serial}"] = now(system, ticket)["latest_code"]

    mine = [one for one in system.scan(topology.TICKETS) if one["pk"] == ticket["pk"]]
    assert {one["sk"]: one["code"] for one in mine} == codes | {"ticket": ticket["code"]}


def test_all_that_is_told_of_a_booking_s_tickets_belongs_to_its_journey(
    system: System, booking: Any, ticket: dict[str, Any]
) -> None:
    [issue] = items(system, "issue")
    heard = journeys(issue)
    do(system, "reissue", ticket)
    heard |= journeys(now(system, ticket))
    offered = offer(system, ticket)
    heard |= journeys(items(system, "transfer")[0])
    heard |= journeys(now(system, accept(system, offered).json))
    system.deliver(cancelled(booking).model_copy(update={"correlation_id": "another"}), CANCELLED)
    [issue] = items(system, "issue")

    assert heard | journeys(issue) == {"journey"}


def test_the_tickets_of_a_cancelled_event_say_who_rejected_them(system: System) -> None:
    system.deliver(terms(status="CANCELLED"), "ticket.keep_event")

    system.deliver(confirmed(1), CONFIRMED)

    rejected = [("create", "ticket"), ("reject", "ticket")]
    assert of(system, "ticket") == of(system, "issue") == rejected
