"""Transfer of a ticket by offer and acceptance."""

from typing import Any, get_args

import pytest

from common import ids, outbox
from common.bus.booking import BookingCancelled
from common.bus.ticket import TicketOffered, TicketTransferred, TicketVoided
from infra import topology
from tests.support.drivers.ticket_driver import (
    ON_CANCELLED,
    ON_CONFIRMED,
    OWNER,
    RECIPIENT,
    accept_transfer,
    act_on_ticket,
    booking_cancelled,
    booking_confirmed,
    cancel_transfer,
    check_in,
    crash_after,
    create_transfer,
    event_terms,
    get_door,
    get_ticket,
    interleaved_before_write,
    stored_items,
    stored_ticket,
    violations,
)
from tests.support.system.system import Person, System


def test_accepted_transfer_replaces_old_ticket(system: System, ticket: dict[str, Any]) -> None:
    offered = create_transfer(system, ticket)

    accepted = accept_transfer(system, offered)

    assert (offered.status, offered.json["status"], offered.json["ticket_id"]) == (201, "OFFERED", ticket["id"])
    assert offered.headers["location"] == f"/v1/transfers/{offered.json['id']}"
    assert (accepted.status, accepted.json["user_id"], accepted.json["serial"]) == (200, RECIPIENT.user_id, 2)
    same = ("booking_id", "booking_item_id", "event_type_id", "event_id")
    assert {name: accepted.json[name] for name in same} == {name: ticket[name] for name in same}
    assert check_in(system, ticket["code"]).problem == "ticket-void"
    assert check_in(system, ticket["qr_payload"], nonce="nonce-02").problem == "ticket-void"
    assert check_in(system, accepted.json["qr_payload"], nonce="nonce-03").status == 201
    assert get_door(system).json["revoked"] == [{"ticket_id": ticket["id"], "serial": None}]
    assert get_door(system).json["counts"] == {"issued": 2, "void": 0, "checked_in": 1}
    assert get_ticket(system, ticket)["status"] == "VOID"
    listed = system.http("GET /v1/tickets", by=RECIPIENT).json["items"]
    assert [one["id"] for one in listed] == [accepted.json["id"]]
    assert violations(system) == []


def published_by(system: System, sk: str, pk: str) -> list[Any]:
    """The bus events of the item's latest publication."""
    return [one for item in stored_items(system, sk) if item["pk"] == pk for one in outbox.outbox_events(item)]


def test_transfer_events_carry_ids_only(system: System, ticket: dict[str, Any]) -> None:
    offered = create_transfer(system, ticket)
    transfer = offered.json["id"]
    [offered_event] = published_by(system, "transfer", transfer)

    accepted = accept_transfer(system, offered).json

    assert isinstance(offered_event, TicketOffered)
    assert (offered_event.transfer_id, offered_event.ticket_id, offered_event.user_id) == (
        transfer,
        ticket["id"],
        RECIPIENT.user_id,
    )
    assert (offered_event.from_user_id, offered_event.event_id) == (OWNER.user_id, ticket["event_id"])
    [transferred] = published_by(system, "ticket", accepted["id"])
    assert isinstance(transferred, TicketTransferred)
    assert (transferred.ticket_id, transferred.user_id, transferred.from_user_id) == (
        accepted["id"],
        RECIPIENT.user_id,
        OWNER.user_id,
    )
    assert (transferred.booking_id, transferred.from_ticket_id) == (ticket["booking_id"], ticket["id"])
    published_text = offered_event.model_dump_json() + transferred.model_dump_json()
    assert not any(one[name] in published_text for one in (ticket, accepted) for name in ("code", "qr_payload"))


def test_accepted_transfer_publishes_no_second_event(system: System, ticket: dict[str, Any]) -> None:
    """An item's outbox belongs to its latest publication: later transitions may publish nothing."""
    offered = create_transfer(system, ticket)
    accept_transfer(system, offered)

    [transfer] = stored_items(system, "transfer")
    assert (transfer["version"], transfer["outbox_version"], transfer["status"]) == (2, 1, "ACCEPTED")


def test_booking_cancellation_notifies_transfer_recipient(system: System, booking: Any, ticket: dict[str, Any]) -> None:
    accepted = accept_transfer(system, create_transfer(system, ticket)).json

    system.deliver(booking_cancelled(booking), ON_CANCELLED)

    [issue] = stored_items(system, "issue")
    [buyer_event], [recipient_event] = outbox.outbox_events(issue), published_by(system, "ticket", accepted["id"])
    assert isinstance(buyer_event, TicketVoided)
    assert isinstance(recipient_event, TicketVoided)
    assert (buyer_event.user_id, buyer_event.ticket_ids) == (OWNER.user_id, ())
    assert (recipient_event.user_id, recipient_event.ticket_ids, recipient_event.booking_id) == (
        RECIPIENT.user_id,
        (accepted["id"],),
        issue["id"],
    )
    assert buyer_event.bus_event_id != recipient_event.bus_event_id


def test_transfer_is_visible_to_both_parties_only(system: System, ticket: dict[str, Any]) -> None:
    offered = create_transfer(system, ticket)
    call = f"GET {offered.headers['location']}"

    shown_to = [system.http(call, by=one) for one in (OWNER, RECIPIENT)]
    others = [system.http(call, by=one) for one in (Person(), Person("admin"))]
    others.append(system.http(f"GET /v1/transfers/{ids.new()}", by=RECIPIENT))

    assert [(one.status, one.json) for one in shown_to] == [(200, offered.json)] * 2
    assert {(one.status, one.problem) for one in others} == {(404, "transfer-not-found")}


def test_offered_ticket_is_valid_until_accepted(system: System, ticket: dict[str, Any]) -> None:
    offered = create_transfer(system, ticket)

    assert check_in(system, ticket["code"]).status == 201
    late = accept_transfer(system, offered)

    assert (late.status, late.problem) == (409, "already-checked-in")
    assert len(stored_items(system, "ticket")) == 2


def test_repeated_acceptance_returns_same_ticket(system: System, ticket: dict[str, Any]) -> None:
    offered = create_transfer(system, ticket)
    first = accept_transfer(system, offered)
    before = system.scan(topology.TICKETS)

    repeated = accept_transfer(system, offered)

    assert (repeated.status, repeated.json) == (200, first.json)
    assert system.scan(topology.TICKETS) == before


def test_concurrent_acceptance_is_one_transfer(system: System, ticket: dict[str, Any]) -> None:
    offered, first = create_transfer(system, ticket), []

    with interleaved_before_write(lambda: first.append(accept_transfer(system, offered))):
        second = accept_transfer(system, offered)

    assert (second.status, second.json) == (200, first[0].json)
    assert len(stored_items(system, "ticket")) == 3
    assert violations(system) == []


def test_transferred_ticket_can_be_transferred_again(system: System, ticket: dict[str, Any]) -> None:
    accepted = accept_transfer(system, create_transfer(system, ticket))

    back = accept_transfer(system, create_transfer(system, accepted.json, by=RECIPIENT, to=OWNER.user_id), by=OWNER)

    assert (back.status, back.json["serial"], back.json["user_id"]) == (200, 3, OWNER.user_id)
    assert check_in(system, back.json["code"]).status == 201
    assert violations(system) == []


@pytest.mark.parametrize("reason", get_args(BookingCancelled.model_fields["reason"].annotation))
def test_booking_cancellation_voids_transferred_ticket(
    system: System, booking: Any, ticket: dict[str, Any], reason: str
) -> None:
    accepted = accept_transfer(system, create_transfer(system, ticket))

    system.deliver(booking_cancelled(booking).model_copy(update={"reason": reason}), ON_CANCELLED)

    assert {one["status"] for one in stored_items(system, "ticket")} == {"VOID"}
    assert check_in(system, accepted.json["code"]).problem == "ticket-void"
    assert get_door(system).json["counts"] == {"issued": 2, "void": 2, "checked_in": 0}
    assert violations(system) == []


@pytest.mark.parametrize("racing_action", ["accept", "void", "scan"])
def test_ticket_changed_during_booking_cancellation_is_voided(
    system: System, booking: Any, ticket: dict[str, Any], racing_action: str
) -> None:
    offered = create_transfer(system, ticket)
    actions = {
        "accept": lambda: accept_transfer(system, offered),
        "void": lambda: act_on_ticket(system, "void", ticket),
        "scan": lambda: check_in(system, ticket["code"]),
    }

    with interleaved_before_write(actions[racing_action]):
        first = system.deliver(booking_cancelled(booking), ON_CANCELLED)[ON_CANCELLED]
    repeated = system.deliver(booking_cancelled(booking), ON_CANCELLED)[ON_CANCELLED]

    assert bool(first["batchItemFailures"]) == (racing_action != "scan")  # it is delivered again
    assert repeated["batchItemFailures"] == []
    assert {one["status"] for one in stored_items(system, "ticket")} == {"VOID"}
    assert get_door(system).json["counts"] == {"issued": 2, "void": 2, "checked_in": int(racing_action == "scan")}
    assert violations(system) == []


def test_only_recipient_accepts_transfer(system: System, ticket: dict[str, Any]) -> None:
    offered = create_transfer(system, ticket)

    responses = [accept_transfer(system, offered, by=one) for one in (Person(), OWNER, Person("admin"))]
    responses.append(accept_transfer(system, ids.new()))

    assert {(one.status, one.problem) for one in responses} == {(404, "transfer-not-found")}
    assert stored_ticket(system, ticket)["status"] == "CREATED"


def test_second_offer_of_ticket_is_rejected(system: System, ticket: dict[str, Any]) -> None:
    create_transfer(system, ticket)

    second = create_transfer(system, ticket, to=ids.new())

    assert (second.status, second.problem) == (409, "transfer-pending")


def test_transfer_to_self_is_rejected(system: System, ticket: dict[str, Any]) -> None:
    response = create_transfer(system, ticket, to=OWNER.user_id)

    assert (response.status, response.problem, response.json["errors"][0]["pointer"]) == (
        422,
        "transfer-to-self",
        "/to_user_id",
    )
    assert create_transfer(system, ticket).status == 201


def test_offer_with_idempotency_key_is_created_once(system: System, ticket: dict[str, Any]) -> None:
    first = create_transfer(system, ticket, key="one")

    repeated, other = (
        create_transfer(system, ticket, key="one"),
        create_transfer(system, ticket, key="one", to=ids.new()),
    )

    assert (repeated.status, repeated.json, repeated.headers["idempotency-replayed"]) == (201, first.json, "true")
    assert (other.status, other.problem) == (422, "idempotency-key-reused")


def test_offer_with_key_is_replayed_after_acceptance(system: System, ticket: dict[str, Any]) -> None:
    first = create_transfer(system, ticket, key="one")
    accept_transfer(system, first)

    repeated = create_transfer(system, ticket, key="one")

    assert (repeated.status, repeated.headers["idempotency-replayed"]) == (201, "true")
    assert repeated.json == first.json | {"status": "ACCEPTED"}


def test_idempotency_key_is_scoped_to_user_and_ticket(system: System, booking: Any) -> None:
    first, second = stored_items(system, "ticket")

    offers = [create_transfer(system, one, key="one") for one in (first, second)]
    offers.append(
        create_transfer(system, accept_transfer(system, offers[0]).json, by=RECIPIENT, to=OWNER.user_id, key="one")
    )

    assert [one.status for one in offers] == [201] * 3
    assert len({one.json["id"] for one in offers}) == 3


def test_cancelled_transfer_cannot_be_accepted_but_next_can(system: System, ticket: dict[str, Any]) -> None:
    first = create_transfer(system, ticket)

    cancellation, repeated = cancel_transfer(system, ticket), cancel_transfer(system, ticket)
    late, second = accept_transfer(system, first), create_transfer(system, ticket)

    assert (cancellation.status, repeated.status) == (204, 204)
    assert (late.status, late.problem) == (410, "transfer-closed")
    assert accept_transfer(system, second).status == 200
    assert violations(system) == []


def test_accepted_transfer_cannot_be_cancelled(system: System, ticket: dict[str, Any]) -> None:
    accept_transfer(system, create_transfer(system, ticket))

    response = cancel_transfer(system, ticket)

    assert (response.status, response.problem) == (410, "transfer-closed")


def test_ticket_reissued_during_acceptance_transfers_current_serial(system: System, ticket: dict[str, Any]) -> None:
    offered = create_transfer(system, ticket)

    with interleaved_before_write(lambda: act_on_ticket(system, "reissue", ticket)):
        response = accept_transfer(system, offered)

    assert (response.status, response.json["serial"]) == (200, 3)
    assert violations(system) == []


def test_voided_ticket_cannot_be_transferred(system: System, ticket: dict[str, Any]) -> None:
    offered = create_transfer(system, ticket)
    act_on_ticket(system, "void", ticket)

    responses = [accept_transfer(system, offered), create_transfer(system, ticket)]

    assert {(one.status, one.problem) for one in responses} == {(409, "ticket-void")}


def test_checked_in_or_pending_ticket_cannot_be_offered(system: System, ticket: dict[str, Any]) -> None:
    check_in(system, ticket["code"])
    system.deliver(event_terms(), "ticket.on_event_changed")
    with crash_after("TransactWriteItems"):
        system.deliver(booking_confirmed(1, user_id=OWNER.user_id), ON_CONFIRMED)
    [pending] = [one for one in stored_items(system, "ticket") if one["status"] == "PENDING"]

    responses = [create_transfer(system, ticket), create_transfer(system, pending)]

    assert [one.problem for one in responses] == ["already-checked-in", "not-issued"]


@pytest.mark.parametrize("call", [create_transfer, cancel_transfer])
def test_foreign_and_unknown_ticket_get_same_response(system: System, ticket: dict[str, Any], call: Any) -> None:
    responses = [call(system, ticket, by=RECIPIENT), call(system, {"id": ids.new()})]

    assert {(one.status, one.problem) for one in responses} == {(404, "ticket-not-found")}
