"""Check-in: every response that a scan can get, and that a ticket admits once."""

import itertools
from datetime import timedelta
from typing import Any

import pytest

from common import clock, env, ids
from common.bus.ticket import TicketCheckedIn
from common.outbox import outbox_events
from infra import topology
from tests.support.drivers.ticket_driver import (
    ADMIN,
    EVENT,
    FLOOR,
    NOW,
    ON_CANCELLED,
    ON_CONFIRMED,
    ORGANISER,
    OTHER_EVENT,
    STAFF,
    booking_cancelled,
    booking_confirmed,
    check_in,
    crash_after,
    event_terms,
    interleaved_before_write,
    issue_single_ticket,
    stored_items,
)
from tests.support.faults.aws_errors import interleaved
from tests.support.system.system import HttpResponse, Person, System, row
from ticket.core import signature
from ticket.core.signature import Claims


@pytest.fixture
def ticket(system: System) -> dict[str, Any]:
    return issue_single_ticket(system)


def sign_payload(system: System, **changes: Any) -> str:
    """A payload signed with the stage's secret."""
    claims: dict[str, Any] = {"event": EVENT, "ticket": ids.new(), "type": FLOOR, "serial": 1} | changes
    with system.as_function(row("ticket.check_in")):
        return signature.sign(env.secret("ticket-seed"), Claims(**claims))


@pytest.mark.parametrize("code_field", ["code", "qr_payload"])
@pytest.mark.parametrize("by", [STAFF, ORGANISER, ADMIN], ids=["staff", "organiser", "admin"])
def test_valid_ticket_is_admitted_by_either_code(
    system: System, ticket: dict[str, Any], by: Person, code_field: str
) -> None:
    response = check_in(system, ticket[code_field], by=by)

    assert response.status == 201
    assert response.headers["location"] == "/v1/check-ins/nonce-01"
    assert response.json == {
        "nonce": "nonce-01",
        "event_id": EVENT,
        "ticket_id": ticket["id"],
        "event_type_id": FLOOR,
        "type_name": "Floor",
        "holder_name": None,
        "seat": None,
        "note": None,
        "checked_in_at": "2026-03-01T12:00:00Z",
        "undone_at": None,
    }
    [stored] = stored_items(system, "ticket")
    assert (stored["status"], stored["checked_in_at"], stored["checked_in_by"]) == (
        "CHECKED_IN",
        clock.iso(NOW),
        by.user_id,
    )
    [event] = outbox_events(stored)
    assert isinstance(event, TicketCheckedIn)
    assert (event.ticket_id, event.event_id, event.user_id) == (ticket["id"], EVENT, ticket["user_id"])
    assert (event.booking_id, event.version) == (ticket["booking_id"], stored["version"])


def test_typed_code_tolerates_blanks_and_look_alikes(system: System, ticket: dict[str, Any]) -> None:
    typed = "-".join([ticket["code"][:13], ticket["code"][13:]]).lower().replace("0", "o").replace("1", "l")

    assert check_in(system, typed).status == 201


def test_second_scan_is_rejected_with_time_of_first(system: System, ticket: dict[str, Any]) -> None:
    assert check_in(system, ticket["code"]).status == 201

    repeated = [
        check_in(system, ticket[code_field], nonce=f"nonce-{code_field}") for code_field in ("code", "qr_payload")
    ]

    assert [one.status for one in repeated] == [409, 409]
    assert {one.problem for one in repeated} == {"already-checked-in"}
    assert {one.json["checked_in_at"] for one in repeated} == {clock.iso(NOW)}
    assert len(stored_items(system, "scan")) == 1


def test_repeated_nonce_replays_response(system: System, ticket: dict[str, Any]) -> None:
    first = check_in(system, ticket["code"])
    before = stored_items(system, "ticket")

    repeated = check_in(system, ticket["code"])

    assert (repeated.status, repeated.json) == (201, first.json)
    assert repeated.headers["idempotency-replayed"] == "true"
    assert "idempotency-replayed" not in first.headers
    assert stored_items(system, "ticket") == before


def test_repeated_scan_replays_response_after_ticket_is_void(system: System) -> None:
    system.deliver(event_terms(), "ticket.on_event_changed")
    booking = booking_confirmed(1)
    system.deliver(booking, ON_CONFIRMED)
    [ticket] = stored_items(system, "ticket")
    details = {"holder_name": "Ada Lovelace", "seat": "Row 3, 12", "note": "wheelchair"}
    system.update_item(topology.TICKETS, ticket["pk"], "ticket", **details)
    first = check_in(system, ticket["code"])
    system.deliver(booking_cancelled(booking), ON_CANCELLED)

    repeated, looked_up = check_in(system, ticket["code"]), system.http("GET /v1/check-ins/nonce-01", by=STAFF)

    assert (repeated.status, repeated.headers["idempotency-replayed"]) == (201, "true")
    assert repeated.json == looked_up.json == first.json
    assert {name: repeated.json[name] for name in details} == details


def test_ticket_and_check_in_have_same_time(system: System, ticket: dict[str, Any]) -> None:
    elapsed_seconds = itertools.count()
    clock.use(lambda: NOW + timedelta(seconds=next(elapsed_seconds)))

    response = check_in(system, ticket["code"])

    [stored] = stored_items(system, "ticket")
    assert clock.parse(stored["checked_in_at"]) == clock.parse(response.json["checked_in_at"])


def test_nonce_of_other_scan_is_rejected(system: System, ticket: dict[str, Any]) -> None:
    check_in(system, ticket["code"])

    other = check_in(system, ticket["qr_payload"])

    assert (other.status, other.problem) == (422, "nonce-reused")
    assert other.json["errors"][0]["pointer"] == "/nonce"


def test_nonces_of_different_callers_are_independent(system: System, ticket: dict[str, Any]) -> None:
    check_in(system, ticket["code"])

    assert check_in(system, ticket["code"], by=ORGANISER).problem == "already-checked-in"


def test_scan_crashed_after_write_is_replayed_on_retry(system: System, ticket: dict[str, Any]) -> None:
    with crash_after("TransactWriteItems"):
        check_in(system, ticket["code"])

    repeated = check_in(system, ticket["code"])

    assert repeated.status == 201
    assert repeated.headers["idempotency-replayed"] == "true"
    assert [one["action"] for one in stored_items(system, "ticket")[0]["logs"]] == ["create", "issue", "admit"]


def test_duplicate_scan_during_lookup_gets_same_response(system: System, ticket: dict[str, Any]) -> None:
    """The duplicate completes after this scan has looked up its nonce and before it reads the ticket."""
    other: list[HttpResponse] = []

    with interleaved("Query", lambda: other.append(check_in(system, ticket["code"]))):
        repeated = check_in(system, ticket["code"])

    assert (other[0].status, repeated.status, repeated.json) == (201, 201, other[0].json)
    assert repeated.headers["idempotency-replayed"] == "true"


def test_second_of_two_concurrent_scans_is_rejected(system: System, ticket: dict[str, Any]) -> None:
    first: list[HttpResponse] = []

    with interleaved_before_write(
        lambda: first.append(check_in(system, ticket["code"], by=ORGANISER, nonce="quicker-one"))
    ):
        second = check_in(system, ticket["code"])

    assert first[0].status == 201
    assert (second.status, second.problem) == (409, "already-checked-in")
    assert len(stored_items(system, "scan")) == 1


def test_concurrent_duplicate_scan_is_one_check_in(system: System, ticket: dict[str, Any]) -> None:
    first: list[HttpResponse] = []

    with interleaved_before_write(lambda: first.append(check_in(system, ticket["code"]))):
        second = check_in(system, ticket["code"])

    assert first[0].json == second.json
    assert second.headers["idempotency-replayed"] == "true"
    assert len(stored_items(system, "scan")) == 1


def test_ticket_reissued_during_scan_rejects_old_code(system: System, ticket: dict[str, Any]) -> None:
    with interleaved_before_write(lambda: raise_serial(system, ticket)):
        response = check_in(system, ticket["code"])

    assert (response.status, response.problem) == (404, "code-not-found")
    assert stored_items(system, "ticket")[0]["status"] == "CREATED"


def test_qr_payload_of_lower_serial_is_rejected(system: System, ticket: dict[str, Any]) -> None:
    raise_serial(system, ticket)

    assert check_in(system, ticket["qr_payload"]).problem == "code-not-found"
    assert check_in(system, sign_payload(system, ticket=ticket["id"], serial=2)).status == 201


def raise_serial(system: System, ticket: dict[str, Any]) -> None:
    system.update_item(topology.TICKETS, ticket["pk"], "ticket", serial=2)


def test_void_ticket_is_rejected(system: System, ticket: dict[str, Any]) -> None:
    booking = booking_confirmed(1)
    system.deliver(booking, ON_CONFIRMED)
    system.deliver(booking_cancelled(booking), ON_CANCELLED)
    [void] = [one for one in stored_items(system, "ticket") if one["status"] == "VOID"]

    responses = [check_in(system, void[code_field]) for code_field in ("code", "qr_payload")]

    assert [(one.status, one.problem) for one in responses] == [(409, "ticket-void")] * 2
    assert stored_items(system, "scan") == []


def test_ticket_for_other_event_is_rejected(system: System, ticket: dict[str, Any]) -> None:
    responses = [check_in(system, ticket[code_field], event_id=OTHER_EVENT) for code_field in ("code", "qr_payload")]

    assert [(one.status, one.problem) for one in responses] == [(409, "wrong-event")] * 2
    assert stored_items(system, "ticket")[0]["status"] == "CREATED"


def test_event_is_not_disclosed_to_strangers(system: System, ticket: dict[str, Any]) -> None:
    strangers = [Person(), Person("organiser"), Person(user_id=ticket["user_id"])]

    responses = [check_in(system, ticket["code"], by=one) for one in strangers]
    responses += [check_in(system, ticket["code"], by=one, event_id=ids.new()) for one in (*strangers, STAFF, ADMIN)]

    assert {(one.status, one.problem) for one in responses} == {(404, "event-not-found")}
    assert stored_items(system, "ticket")[0]["status"] == "CREATED"


def test_removed_staff_cannot_check_in(system: System, ticket: dict[str, Any]) -> None:
    system.deliver(event_terms(event_version=2, staff=()), "ticket.on_event_changed")

    assert check_in(system, ticket["code"]).problem == "event-not-found"


@pytest.mark.parametrize(
    "corrupt",
    [
        lambda code, _: code[:-1] + ("A" if code[-1] != "A" else "Q"),
        lambda code, _: code.replace(EVENT.upper(), OTHER_EVENT.upper()),
        lambda code, _: code.replace("1.1.", "1.2.", 1),
        lambda code, _: code.replace("1.1.", "2.1.", 1),
        lambda code, _: code[:-10],
        lambda code, _: code + ".MORE",
        lambda code, _: code.lower(),
        lambda _, system: sign_payload(system),
        lambda _, system: sign_payload(system, ticket=EVENT),
        lambda *_: "0" * 26,
        lambda *_: "é" * 300,
        lambda *_: "." * 300,
        lambda *_: "- -",
    ],
    ids=[
        "bit",
        "event",
        "kid",
        "version",
        "cut",
        "longer",
        "lower",
        "no-ticket",
        "not-a-ticket",
        "code",
        "e",
        "dots",
        "blank",
    ],
)
def test_invalid_code_is_not_found(system: System, ticket: dict[str, Any], corrupt: Any) -> None:
    response = check_in(system, corrupt(ticket["qr_payload"], system))

    assert (response.status, response.problem) == (404, "code-not-found")


@pytest.mark.parametrize("code", ["- -", "0" * 25, "0" * 27], ids=["blank", "short", "long"])
def test_code_of_wrong_length_is_not_looked_up(system: System, ticket: dict[str, Any], code: str) -> None:
    """An empty code is no valid index key: DynamoDB would reject the query, and the response would be a 500."""
    with interleaved("Query", lambda: None) as queries:
        response = check_in(system, code)

    assert (response.status, response.problem, queries) == (404, "code-not-found", [])


def test_pending_ticket_is_not_found_at_check_in(system: System, ticket: dict[str, Any]) -> None:
    with crash_after("TransactWriteItems"):
        system.deliver(booking_confirmed(1), ON_CONFIRMED)
    [pending] = [one for one in stored_items(system, "ticket") if one["status"] == "PENDING"]

    assert check_in(system, sign_payload(system, ticket=pending["id"])).problem == "code-not-found"


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"nonce": "short"}, "/nonce"),
        ({"nonce": "n" * 65}, "/nonce"),
        ({"nonce": "line\nbreak"}, "/nonce"),
        ({"nonce": "trailing\n"}, "/nonce"),
        ({"nonce": None}, "/nonce"),
        ({"code": ""}, "/code"),
        ({"code": "c" * 301}, "/code"),
        ({"code": 7}, "/code"),
        ({"event_id": ""}, "/event_id"),
        ({"event_id": "e" * 65}, "/event_id"),
        ({"more": 1}, "/more"),
    ],
)
def test_invalid_field_is_named(system: System, change: dict[str, Any], pointer: str) -> None:
    body = {"event_id": EVENT, "code": "c", "nonce": "nonce-01"} | change

    response = system.http("POST /v1/check-ins", body, by=STAFF)

    assert response.status == 422
    assert [one["pointer"] for one in response.json["errors"]] == [pointer]
