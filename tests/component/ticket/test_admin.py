"""An organiser's changes to tickets: reissue, void, and edit holder, seat and note."""

from typing import Any

import pytest

from common import ids
from common.bus.ticket import TicketReissued, TicketVoided
from common.outbox import outbox_events
from infra import topology
from tests.support.drivers.ticket_driver import (
    ACTIONS,
    ADMIN,
    DETAILS,
    ON_CANCELLED,
    ON_CONFIRMED,
    ORGANISER,
    OWNER,
    STAFF,
    act_on_ticket,
    booking_cancelled,
    booking_confirmed,
    check_in,
    crash_after,
    event_terms,
    get_door,
    get_ticket,
    interleaved_before_write,
    stored_items,
    stored_ticket,
    update_ticket,
    violations,
)
from tests.support.faults.aws_errors import lost_reply
from tests.support.system.system import Person, System


@pytest.mark.parametrize("by", [ORGANISER, ADMIN], ids=["organiser", "admin"])
def test_reissued_ticket_admits_by_new_codes_only(system: System, ticket: dict[str, Any], by: Person) -> None:
    response = act_on_ticket(system, "reissue", ticket, by=by)

    assert (response.status, response.json["serial"], response.json["code"], response.json["qr_payload"]) == (
        200,
        2,
        None,
        None,
    )
    reissued = get_ticket(system, ticket)
    old_scans = [check_in(system, ticket[name], nonce=f"old-{name}") for name in ("code", "qr_payload")]
    assert {(one.status, one.problem) for one in old_scans} == {(404, "code-not-found")}
    assert reissued["code"] != ticket["code"]
    assert check_in(system, reissued["code"]).status == 201
    assert check_in(system, reissued["qr_payload"], nonce="nonce-qr").problem == "already-checked-in"
    assert stored_ticket(system, ticket)["code"] == ticket["code"]  # an index key never changes
    assert violations(system) == []


def test_reissue_event_carries_ids_only(system: System, ticket: dict[str, Any]) -> None:
    act_on_ticket(system, "reissue", ticket)

    [event] = outbox_events(stored_ticket(system, ticket))

    assert isinstance(event, TicketReissued)
    assert (event.ticket_id, event.user_id, event.booking_id) == (ticket["id"], OWNER.user_id, ticket["booking_id"])
    reissued = get_ticket(system, ticket)
    assert not any(reissued[name] in event.model_dump_json() for name in ("code", "qr_payload"))


def test_ticket_reissued_twice_has_one_revocation(system: System, ticket: dict[str, Any]) -> None:
    act_on_ticket(system, "reissue", ticket)
    act_on_ticket(system, "reissue", ticket)

    assert get_door(system).json["revoked"] == [{"ticket_id": ticket["id"], "serial": 2}]
    assert get_door(system).json["counts"]["void"] == 0
    assert check_in(system, get_ticket(system, ticket)["code"]).status == 201


def test_voided_ticket_is_rejected_while_others_admit(system: System, ticket: dict[str, Any]) -> None:
    response = act_on_ticket(system, "void", ticket)

    assert (response.status, response.json["status"]) == (200, "VOID")
    assert check_in(system, ticket["code"]).problem == "ticket-void"
    [other] = [one for one in stored_items(system, "ticket") if one["id"] != ticket["id"]]
    assert check_in(system, other["code"]).status == 201
    assert get_door(system).json["revoked"] == [{"ticket_id": ticket["id"], "serial": None}]
    assert get_door(system).json["counts"] == {"issued": 2, "void": 1, "checked_in": 1}
    [issue] = stored_items(system, "issue")
    assert issue["ticket_ids"] == [other["id"]]
    [event] = outbox_events(issue)
    assert isinstance(event, TicketVoided)
    assert (event.ticket_ids, event.user_id, event.booking_id) == ((ticket["id"],), OWNER.user_id, issue["id"])
    assert violations(system) == []


def test_repeated_void_changes_nothing(system: System, ticket: dict[str, Any]) -> None:
    act_on_ticket(system, "void", ticket)
    before = system.scan(topology.TICKETS)

    assert act_on_ticket(system, "void", ticket).status == 200
    assert system.scan(topology.TICKETS) == before


def test_booking_with_voided_ticket_is_cancelled(system: System, booking: Any, ticket: dict[str, Any]) -> None:
    act_on_ticket(system, "void", ticket)

    system.deliver(booking_cancelled(booking), ON_CANCELLED)

    assert {one["status"] for one in stored_items(system, "ticket")} == {"VOID"}
    assert get_door(system).json["counts"] == {"issued": 2, "void": 2, "checked_in": 0}
    assert violations(system) == []


def test_cancelled_booking_keeps_check_in_count(system: System, booking: Any, ticket: dict[str, Any]) -> None:
    check_in(system, ticket["code"])

    system.deliver(booking_cancelled(booking), ON_CANCELLED)

    assert {one["status"] for one in stored_items(system, "ticket")} == {"VOID"}
    assert get_door(system).json["counts"] == {"issued": 2, "void": 2, "checked_in": 1}
    assert violations(system) == []


def test_checked_in_ticket_can_be_voided_not_reissued(system: System, ticket: dict[str, Any]) -> None:
    check_in(system, ticket["code"])

    reissue, void = act_on_ticket(system, "reissue", ticket), act_on_ticket(system, "void", ticket)

    assert (reissue.status, reissue.problem) == (409, "already-checked-in")
    assert reissue.json["checked_in_at"] == "2026-03-01T12:00:00.000Z"
    assert void.status == 200


def test_void_ticket_is_neither_reissued_nor_updated(system: System, ticket: dict[str, Any]) -> None:
    act_on_ticket(system, "void", ticket)

    responses = [act_on_ticket(system, "reissue", ticket), update_ticket(system, ticket, DETAILS)]

    assert {(one.status, one.problem) for one in responses} == {(409, "ticket-void")}


@pytest.mark.parametrize("action", ACTIONS)
def test_pending_ticket_cannot_be_changed(system: System, action: str) -> None:
    system.deliver(event_terms(), "ticket.on_event_changed")
    with crash_after("TransactWriteItems"):
        system.deliver(booking_confirmed(1), ON_CONFIRMED)
    [pending] = stored_items(system, "ticket")

    response = act_on_ticket(system, action, pending)

    assert (response.status, response.problem, response.headers["retry-after"]) == (409, "not-issued", "1")


@pytest.mark.parametrize("action", ACTIONS)
def test_change_of_rejected_ticket_has_no_retry_after(system: System, action: str) -> None:
    system.deliver(event_terms(status="CANCELLED"), "ticket.on_event_changed")
    system.deliver(booking_confirmed(1), ON_CONFIRMED)
    [rejected] = stored_items(system, "ticket")

    response = act_on_ticket(system, action, rejected)

    assert (response.status, response.problem) == (409, "not-issued")
    assert "retry-after" not in response.headers


@pytest.mark.parametrize(("action", "expected"), [("reissue", (409, "already-checked-in")), ("void", (200, None))])
def test_ticket_changed_concurrently_is_read_again(
    system: System, ticket: dict[str, Any], action: str, expected: tuple[int, str | None]
) -> None:
    with interleaved_before_write(lambda: check_in(system, ticket["code"])):
        response = act_on_ticket(system, action, ticket)

    assert (response.status, response.problem if response.status > 299 else None) == expected
    assert violations(system) == []


def test_owner_sees_holder_and_seat_but_not_note(system: System, ticket: dict[str, Any]) -> None:
    response = update_ticket(system, ticket, DETAILS)

    assert response.status == 200
    assert {name: response.json[name] for name in DETAILS} == DETAILS
    owner_view, organiser_view = get_ticket(system, ticket), get_ticket(system, ticket, ORGANISER)
    assert (owner_view["holder_name"], owner_view["seat"], owner_view["note"]) == ("Ada Lovelace", "Row 3, 12", None)
    assert (organiser_view["note"], organiser_view["code"], organiser_view["qr_payload"]) == ("wheelchair", None, None)
    assert owner_view["code"] == ticket["code"]


def test_omitted_detail_is_cleared(system: System, ticket: dict[str, Any]) -> None:
    update_ticket(system, ticket, DETAILS)

    response = update_ticket(system, ticket, {"seat": "Row 4, 1"})

    assert [response.json[name] for name in DETAILS] == [None, "Row 4, 1", None]


@pytest.mark.moto
def test_edit_with_lost_response_succeeds(system: System, ticket: dict[str, Any]) -> None:
    with lost_reply("dynamodb", "UpdateItem") as sent:
        response = update_ticket(system, ticket, DETAILS)

    assert (len(sent), response.status, response.json["seat"]) == (2, 200, DETAILS["seat"])


def test_edit_without_current_etag_is_rejected(system: System, ticket: dict[str, Any]) -> None:
    tag = system.http(f"GET /v1/tickets/{ticket['id']}", by=ORGANISER).headers["etag"]
    first = update_ticket(system, ticket, DETAILS, if_match=tag)

    stale, without_etag = (
        update_ticket(system, ticket, {}, if_match=tag),
        update_ticket(system, ticket, {}, if_match=None),
    )

    assert first.status == 200
    assert (stale.status, stale.problem) == (412, "stale-version")
    assert (without_etag.status, without_etag.problem) == (428, "if-match-required")
    assert update_ticket(system, ticket, {}, if_match=first.headers["etag"]).status == 200


@pytest.mark.parametrize(
    ("details", "pointer"),
    [
        ({"holder_name": ""}, "/holder_name"),
        ({"seat": "a\nb"}, "/seat"),
        ({"note": "n" * 501}, "/note"),
        ({"note": "a\x1b[31m"}, "/note"),
        ({"note": " \n "}, "/note"),
        ({"holder_name": "   "}, "/holder_name"),
        ({"holder_name": "\u200b\ufeff"}, "/holder_name"),
        ({"holder_name": "a\u202eb"}, "/holder_name"),
        ({"seat": "a\u0085b"}, "/seat"),
        ({"seat": "a\u2028b"}, "/seat"),
        ({"x": 1}, "/x"),
    ],
)
def test_invalid_ticket_detail_is_named(
    system: System, ticket: dict[str, Any], details: dict[str, Any], pointer: str
) -> None:
    response = update_ticket(system, ticket, details)

    assert (response.status, response.json["errors"][0]["pointer"]) == (422, pointer)


def test_any_script_and_line_breaks_of_note_are_kept(system: System, ticket: dict[str, Any]) -> None:
    details = {"holder_name": "नमस्ते 👩\u200d🎤 O’Neil", "seat": "A\u00a01", "note": "first\nsecond\tcolumn"}

    response = update_ticket(system, ticket, details)

    assert {name: response.json[name] for name in details} == details


def test_only_event_organiser_may_change_tickets(system: System, ticket: dict[str, Any]) -> None:
    other, unknown_ticket = Person("organiser"), {"id": ids.new()}

    not_found = [act_on_ticket(system, action, ticket, by=other) for action in ACTIONS] + [
        act_on_ticket(system, action, unknown_ticket) for action in ACTIONS
    ]
    not_found += [update_ticket(system, ticket, DETAILS, by=other), update_ticket(system, unknown_ticket, DETAILS)]
    without_role = [act_on_ticket(system, action, ticket, by=one) for action in ACTIONS for one in (OWNER, STAFF)]

    assert {(one.status, one.problem) for one in not_found} == {(404, "ticket-not-found")}
    assert {(one.status, one.problem) for one in without_role} == {(403, "role-missing")}
