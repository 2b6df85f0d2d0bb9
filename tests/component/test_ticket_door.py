"""Admission: every answer that a scan can get, and that a ticket admits once."""

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest

from common import clock, env, ids
from common.bus.ticket import TicketCheckedIn
from common.outbox import published
from infra import topology
from tests.component.test_ticket_issuing import (
    CANCELLED,
    CONFIRMED,
    EVENT,
    FLOOR,
    NOW,
    ORGANISER,
    STAFF,
    at_noon,
    cancelled,
    confirmed,
    dying,
    items,
    terms,
)
from tests.support.refusals import meanwhile
from tests.support.system import Person, Reply, System, row
from ticket.core import signature
from ticket.core.signature import Claims

__all__ = ["at_noon"]
OTHER_EVENT = ids.derive("test", "other event")
DOOR, BOSS, ADMIN = Person(user_id=STAFF), Person("organiser", user_id=ORGANISER), Person("admin")


@pytest.fixture
def ticket(system: System) -> dict[str, Any]:
    """A valid ticket of a published event."""
    system.deliver(terms(), "ticket.keep_event")
    system.deliver(terms(event_id=OTHER_EVENT), "ticket.keep_event")
    system.deliver(confirmed(1), CONFIRMED)
    return items(system, "ticket")[0]


def scan(
    system: System, code: str, *, by: Person = DOOR, nonce: str = "nonce-01", event_id: str = EVENT, **more: Any
) -> Reply:
    return system.http("POST /v1/check-ins", {"event_id": event_id, "code": code, "nonce": nonce} | more, by=by)


def signed(system: System, **changes: Any) -> str:
    """What the stage's own secret would sign."""
    claims: dict[str, Any] = {"event": EVENT, "ticket": ids.new(), "type": FLOOR, "serial": 1} | changes
    with system.acting(row("ticket.check_in")):
        return signature.sign(env.secret("ticket-seed"), Claims(**claims))


@contextmanager
def overtaken(act: Callable[[], object]) -> Iterator[None]:
    """Between the scan's reads and its write something else happens; it must."""
    with meanwhile("TransactWriteItems", act) as acted:
        yield
    assert acted


@pytest.mark.parametrize("shown", ["code", "qr_payload"])
@pytest.mark.parametrize("by", [DOOR, BOSS, ADMIN], ids=["staff", "organiser", "admin"])
def test_a_valid_ticket_is_admitted_by_either_code(
    system: System, ticket: dict[str, Any], by: Person, shown: str
) -> None:
    answer = scan(system, ticket[shown], by=by)

    assert answer.status == 201
    assert answer.headers["location"] == "/v1/check-ins/nonce-01"
    assert answer.json == {
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
    [now] = items(system, "ticket")
    assert (now["status"], now["checked_in_at"], now["checked_in_by"]) == ("CHECKED_IN", clock.iso(NOW), by.user_id)
    [said] = published(now)
    assert isinstance(said, TicketCheckedIn)
    assert (said.ticket_id, said.event_id, said.user_id) == (ticket["id"], EVENT, ticket["user_id"])
    assert (said.booking_id, said.version) == (ticket["booking_id"], now["version"])


def test_a_code_typed_with_blanks_and_look_alikes_is_the_code(system: System, ticket: dict[str, Any]) -> None:
    typed = "-".join([ticket["code"][:13], ticket["code"][13:]]).lower().replace("0", "o").replace("1", "l")

    assert scan(system, typed).status == 201


def test_the_second_scan_is_refused_with_the_time_of_the_first(system: System, ticket: dict[str, Any]) -> None:
    assert scan(system, ticket["code"]).status == 201

    again = [scan(system, ticket[shown], nonce=f"nonce-{shown}") for shown in ("code", "qr_payload")]

    assert [one.status for one in again] == [409, 409]
    assert {one.problem for one in again} == {"already-checked-in"}
    assert {one.json["checked_in_at"] for one in again} == {clock.iso(NOW)}
    assert len(items(system, "scan")) == 1


def test_the_same_nonce_gets_the_same_answer_and_changes_nothing(system: System, ticket: dict[str, Any]) -> None:
    first = scan(system, ticket["code"])
    before = items(system, "ticket")

    again = scan(system, ticket["code"])

    assert (again.status, again.json) == (201, first.json)
    assert again.headers["idempotency-replayed"] == "true"
    assert "idempotency-replayed" not in first.headers
    assert items(system, "ticket") == before


def test_a_repeated_scan_is_answered_as_before_whatever_became_of_the_ticket(system: System) -> None:
    system.deliver(terms(), "ticket.keep_event")
    booking = confirmed(1)
    system.deliver(booking, CONFIRMED)
    [ticket] = items(system, "ticket")
    words = {"holder_name": "Ada Lovelace", "seat": "Row 3, 12", "note": "wheelchair"}
    system.alter(topology.TICKETS, ticket["pk"], "ticket", **words)
    first = scan(system, ticket["code"])
    system.deliver(cancelled(booking), CANCELLED)

    again, looked_up = scan(system, ticket["code"]), system.http("GET /v1/check-ins/nonce-01", by=DOOR)

    assert (again.status, again.headers["idempotency-replayed"]) == (201, "true")
    assert again.json == looked_up.json == first.json
    assert {name: again.json[name] for name in words} == words


def test_ticket_and_admission_are_of_the_same_moment(system: System, ticket: dict[str, Any]) -> None:
    passed = itertools.count()
    clock.use(lambda: NOW + timedelta(seconds=next(passed)))

    answer = scan(system, ticket["code"])

    [admitted] = items(system, "ticket")
    assert clock.parse(admitted["checked_in_at"]) == clock.parse(answer.json["checked_in_at"])


def test_a_nonce_is_of_one_scan_only(system: System, ticket: dict[str, Any]) -> None:
    scan(system, ticket["code"])

    other = scan(system, ticket["qr_payload"])

    assert (other.status, other.problem) == (422, "nonce-reused")
    assert other.json["errors"][0]["pointer"] == "/nonce"


def test_a_nonce_of_somebody_else_does_not_stand_in_the_way(system: System, ticket: dict[str, Any]) -> None:
    scan(system, ticket["code"])

    assert scan(system, ticket["code"], by=BOSS).problem == "already-checked-in"


def test_a_scan_that_dies_after_admitting_is_answered_when_it_is_repeated(
    system: System, ticket: dict[str, Any]
) -> None:
    with dying("TransactWriteItems"):
        scan(system, ticket["code"])

    again = scan(system, ticket["code"])

    assert again.status == 201
    assert again.headers["idempotency-replayed"] == "true"
    assert [one["did"] for one in items(system, "ticket")[0]["logs"]] == ["create", "issue", "admit"]


def test_the_same_scan_sent_twice_at_once_is_answered_alike(system: System, ticket: dict[str, Any]) -> None:
    """The other one is done after this one has looked for its nonce, and before it reads the ticket."""
    other: list[Reply] = []

    with meanwhile("Query", lambda: other.append(scan(system, ticket["code"]))):  # which looks it up, too
        again = scan(system, ticket["code"])

    assert (other[0].status, again.status, again.json) == (201, 201, other[0].json)
    assert again.headers["idempotency-replayed"] == "true"


def test_of_two_scans_at_once_the_second_is_refused(system: System, ticket: dict[str, Any]) -> None:
    first: list[Reply] = []

    with overtaken(lambda: first.append(scan(system, ticket["code"], by=BOSS, nonce="quicker-one"))):
        second = scan(system, ticket["code"])

    assert first[0].status == 201
    assert (second.status, second.problem) == (409, "already-checked-in")
    assert len(items(system, "scan")) == 1


def test_the_same_scan_twice_at_once_is_one_admission_answered_twice(system: System, ticket: dict[str, Any]) -> None:
    first: list[Reply] = []

    with overtaken(lambda: first.append(scan(system, ticket["code"]))):
        second = scan(system, ticket["code"])

    assert first[0].json == second.json
    assert second.headers["idempotency-replayed"] == "true"
    assert len(items(system, "scan")) == 1


def test_a_ticket_reissued_during_the_scan_is_not_admitted_by_its_old_code(
    system: System, ticket: dict[str, Any]
) -> None:
    with overtaken(lambda: raise_serial(system, ticket)):
        answer = scan(system, ticket["code"])

    assert (answer.status, answer.problem) == (404, "unknown-code")
    assert items(system, "ticket")[0]["status"] == "CREATED"


def test_the_signed_text_of_a_lower_serial_is_dead(system: System, ticket: dict[str, Any]) -> None:
    raise_serial(system, ticket)

    assert scan(system, ticket["qr_payload"]).problem == "unknown-code"
    assert scan(system, signed(system, ticket=ticket["id"], serial=2)).status == 201


def raise_serial(system: System, ticket: dict[str, Any]) -> None:
    system.alter(topology.TICKETS, ticket["pk"], "ticket", serial=2)


def test_a_void_ticket_is_refused(system: System, ticket: dict[str, Any]) -> None:
    booking = confirmed(1)
    system.deliver(booking, CONFIRMED)
    system.deliver(cancelled(booking), CANCELLED)
    [void] = [one for one in items(system, "ticket") if one["status"] == "VOID"]

    answers = [scan(system, void[shown]) for shown in ("code", "qr_payload")]

    assert [(one.status, one.problem) for one in answers] == [(409, "ticket-void")] * 2
    assert items(system, "scan") == []


def test_a_ticket_for_another_event_is_refused(system: System, ticket: dict[str, Any]) -> None:
    answers = [scan(system, ticket[shown], event_id=OTHER_EVENT) for shown in ("code", "qr_payload")]

    assert [(one.status, one.problem) for one in answers] == [(409, "other-event")] * 2
    assert items(system, "ticket")[0]["status"] == "CREATED"


def test_an_event_that_the_caller_does_not_work_for_is_not_disclosed(system: System, ticket: dict[str, Any]) -> None:
    strangers = [Person(), Person("organiser"), Person(user_id=ticket["user_id"])]

    answers = [scan(system, ticket["code"], by=one) for one in strangers]
    answers += [scan(system, ticket["code"], by=one, event_id=ids.new()) for one in (*strangers, DOOR, ADMIN)]

    assert {(one.status, one.problem) for one in answers} == {(404, "event-unknown")}
    assert items(system, "ticket")[0]["status"] == "CREATED"


def test_staff_that_the_organiser_took_back_admits_nobody(system: System, ticket: dict[str, Any]) -> None:
    system.deliver(terms(event_version=2, staff=()), "ticket.keep_event")

    assert scan(system, ticket["code"]).problem == "event-unknown"


@pytest.mark.parametrize(
    "spoil",
    [
        lambda code, _: code[:-1] + ("A" if code[-1] != "A" else "Q"),
        lambda code, _: code.replace(EVENT.upper(), OTHER_EVENT.upper()),
        lambda code, _: code.replace("1.1.", "1.2.", 1),
        lambda code, _: code.replace("1.1.", "2.1.", 1),
        lambda code, _: code[:-10],
        lambda code, _: code + ".MORE",
        lambda code, _: code.lower(),
        lambda _, system: signed(system),
        lambda _, system: signed(system, ticket=EVENT),
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
def test_a_code_that_is_none_is_unknown(system: System, ticket: dict[str, Any], spoil: Any) -> None:
    answer = scan(system, spoil(ticket["qr_payload"], system))

    assert (answer.status, answer.problem) == (404, "unknown-code")


@pytest.mark.parametrize("code", ["- -", "0" * 25, "0" * 27], ids=["blank", "short", "long"])
def test_a_code_of_another_length_is_not_even_looked_up(system: System, ticket: dict[str, Any], code: str) -> None:
    """A blank one is no key: the index would refuse the question, and the answer would be an error of ours."""
    with meanwhile("Query", lambda: None) as asked:
        answer = scan(system, code)

    assert (answer.status, answer.problem, asked) == (404, "unknown-code", [])


def test_a_ticket_that_is_not_signed_yet_is_unknown_at_the_door(system: System, ticket: dict[str, Any]) -> None:
    with dying("TransactWriteItems"):
        system.deliver(confirmed(1), CONFIRMED)
    [pending] = [one for one in items(system, "ticket") if one["status"] == "PENDING"]

    assert scan(system, signed(system, ticket=pending["id"])).problem == "unknown-code"


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
def test_a_wrong_field_is_named(system: System, change: dict[str, Any], pointer: str) -> None:
    body = {"event_id": EVENT, "code": "c", "nonce": "nonce-01"} | change

    answer = system.http("POST /v1/check-ins", body, by=DOOR)

    assert answer.status == 422
    assert [one["pointer"] for one in answer.json["errors"]] == [pointer]
