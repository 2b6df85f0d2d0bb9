"""A user's data in ticket: complete in their export, and gone after erasure."""

from typing import Any

from common.bus.user import UserErased
from common.rpc.export import ExportUserResponse
from infra import topology
from tests.support.drivers.ticket_driver import (
    DETAILS,
    ON_CONFIRMED,
    OWNER,
    RECIPIENT,
    booking_confirmed,
    check_in,
    envelope,
    stored_items,
    stored_ticket,
    update_ticket,
    violations,
)
from tests.support.system.system import System

INTERNAL_ATTRIBUTES = {"pk", "sk", "operation", "correlation_id", "outbox", "outbox_version"}


def erase_user(system: System, user_id: str = OWNER.user_id) -> None:
    system.deliver(UserErased(**envelope(), user_id=user_id), "ticket.on_user_erased")


def exported_tickets(system: System, user_id: str) -> list[dict[str, Any]]:
    """The records of all pages of the export."""
    tickets, token = list[dict[str, Any]](), None
    while True:
        page = ExportUserResponse.model_validate(
            system.invoke("ticket.export_user", {"user_id": user_id, "token": token})
        )
        tickets += [one.data for one in page.records]
        assert {one.kind for one in page.records} <= {"ticket"}
        if page.next_token is None:
            return tickets
        token = page.next_token


def test_erasure_removes_holder_name_and_note(system: System, ticket: dict[str, Any]) -> None:
    for one in stored_items(system, "ticket"):
        update_ticket(system, one, DETAILS)

    erase_user(system)

    stored = stored_items(system, "ticket")
    assert [(one.get("holder_name"), one.get("note"), one["seat"]) for one in stored] == [
        (None, None, DETAILS["seat"])
    ] * 2
    assert {(one["logs"][-1]["action"], one["logs"][-1]["actor"]) for one in stored} == {("erase", "user")}
    assert not any(DETAILS[name] in str(system.scan(topology.TICKETS)) for name in ("holder_name", "note"))
    assert check_in(system, ticket["code"]).status == 201
    assert violations(system) == []


def test_erasure_leaves_tickets_of_others_unchanged(system: System, ticket: dict[str, Any]) -> None:
    update_ticket(system, ticket, DETAILS)
    before = stored_items(system, "ticket")

    erase_user(system, RECIPIENT.user_id)

    assert stored_items(system, "ticket") == before


def test_erasure_leaves_ticket_without_details_unchanged(system: System, ticket: dict[str, Any]) -> None:
    before = stored_items(system, "ticket")

    erase_user(system)

    assert stored_items(system, "ticket") == before


def test_export_has_exactly_the_tickets_of_the_user(system: System, ticket: dict[str, Any]) -> None:
    update_ticket(system, ticket, DETAILS)
    for _ in range(14):
        system.deliver(booking_confirmed(2, user_id=OWNER.user_id), ON_CONFIRMED)
    system.deliver(booking_confirmed(2, user_id=RECIPIENT.user_id), ON_CONFIRMED)

    exported = {one["id"]: one for one in exported_tickets(system, OWNER.user_id)}

    stored = stored_ticket(system, ticket)
    assert exported[ticket["id"]] == {name: stored[name] for name in stored if name not in INTERNAL_ATTRIBUTES}
    assert set(exported) == {one["id"] for one in stored_items(system, "ticket") if one["user_id"] == OWNER.user_id}
    assert len(exported) == 30
