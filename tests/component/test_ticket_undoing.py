"""At the door beside admitting: taking an admission back, and what a door takes along."""

import base64
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from common import ids
from common.bus.ticket import TicketCheckInUndone
from common.outbox import published
from infra import topology
from reconcile.core.histories import histories_are_paths
from reconcile.core.tickets import doors_count_right, tickets_admit_once
from tests.component.test_ticket_door import ADMIN, BOSS, DOOR, overtaken, scan, ticket
from tests.component.test_ticket_issuing import CANCELLED, CONFIRMED, EVENT, at_noon, cancelled, confirmed, items, terms
from tests.support.system import Person, Reply, System

__all__ = ["at_noon", "ticket"]
CHECKS = (doors_count_right, histories_are_paths, tickets_admit_once)


def undo(system: System, *, by: Person = DOOR, nonce: str = "nonce-01") -> Reply:
    return system.http(f"POST /v1/check-ins/{nonce}/undo", by=by)


def door(system: System, *, by: Person = DOOR, event_id: str = EVENT, known: str = "none") -> Reply:
    return system.http(f"GET /v1/events/{event_id}/door", by=by, headers={"If-None-Match": known})


def unsound(system: System) -> list[str]:
    tables = {"tickets": system.scan(topology.TICKETS)}
    return [said for check in CHECKS for said in check(tables)]


def test_an_admission_that_is_taken_back_leaves_the_ticket_as_it_was(system: System, ticket: dict[str, Any]) -> None:
    scan(system, ticket["code"])

    answer = undo(system)

    assert (answer.status, answer.json["undone_at"]) == (200, answer.json["checked_in_at"])
    assert answer.json == system.http("GET /v1/check-ins/nonce-01", by=DOOR).json
    [now] = items(system, "ticket")
    assert now["status"] == "CREATED"
    assert not {"checked_in_at", "checked_in_by", "scan_id"} & set(now)
    assert [one["did"] for one in now["logs"]] == ["create", "issue", "admit", "undo"]
    assert now["logs"][-1]["by"] == DOOR.user_id
    [said] = published(now)
    assert isinstance(said, TicketCheckInUndone)
    assert (said.ticket_id, said.booking_id, said.version) == (ticket["id"], ticket["booking_id"], now["version"])
    assert unsound(system) == []


def test_after_an_undo_the_ticket_admits_by_another_nonce_only(system: System, ticket: dict[str, Any]) -> None:
    scan(system, ticket["code"])
    undo(system)

    same, other = scan(system, ticket["code"]), scan(system, ticket["code"], nonce="nonce-02")

    assert (same.status, same.problem) == (410, "check-in-undone")
    assert other.status == 201
    assert unsound(system) == []


def test_an_undo_that_is_repeated_changes_nothing_more(system: System, ticket: dict[str, Any]) -> None:
    scan(system, ticket["code"])
    undo(system)
    scan(system, ticket["code"], nonce="nonce-02")
    before = items(system, "ticket")

    assert undo(system).status == 200
    assert items(system, "ticket") == before
    assert door(system).json["counts"]["checked_in"] == 1


def test_two_undoes_at_once_are_one(system: System, ticket: dict[str, Any]) -> None:
    scan(system, ticket["code"])

    with overtaken(lambda: undo(system)):
        second = undo(system)

    assert second.status == 200
    assert [one["did"] for one in items(system, "ticket")[0]["logs"]].count("undo") == 1
    assert unsound(system) == []


def test_an_admission_of_nobody_or_somebody_else_is_unknown(system: System, ticket: dict[str, Any]) -> None:
    scan(system, ticket["code"])

    answers = [undo(system, by=BOSS), undo(system, by=Person()), undo(system, nonce="another-nonce")]

    assert {(one.status, one.problem) for one in answers} == {(404, "check-in-unknown")}
    assert items(system, "ticket")[0]["status"] == "CHECKED_IN"


def test_staff_that_the_organiser_took_back_takes_nothing_back(system: System, ticket: dict[str, Any]) -> None:
    scan(system, ticket["code"])
    system.deliver(terms(event_version=2, staff=()), "ticket.keep_event")

    answer = undo(system)

    assert (answer.status, answer.problem) == (404, "event-unknown")
    assert items(system, "ticket")[0]["status"] == "CHECKED_IN"


def test_a_ticket_that_is_void_since_is_not_made_valid_by_an_undo(system: System) -> None:
    system.deliver(terms(), "ticket.keep_event")
    booking = confirmed(1)
    system.deliver(booking, CONFIRMED)
    scan(system, items(system, "ticket")[0]["code"])
    system.deliver(cancelled(booking), CANCELLED)

    answer = undo(system)

    assert (answer.status, answer.problem) == (409, "ticket-void")
    assert items(system, "ticket")[0]["status"] == "VOID"


@pytest.mark.parametrize("by", [DOOR, BOSS, ADMIN], ids=["staff", "organiser", "admin"])
def test_the_door_knows_its_event_and_counts(system: System, ticket: dict[str, Any], by: Person) -> None:
    system.deliver(confirmed(3), CONFIRMED)
    scan(system, ticket["code"])

    answer = door(system, by=by)

    assert answer.status == 200
    assert answer.json["event"]["name"] == "Élan, Vital"
    assert set(answer.json["event"]["types"].values()) == {"Floor", "Balcony"}
    assert answer.json["counts"] == {"issued": 4, "void": 0, "checked_in": 1}
    assert answer.json["revoked"] == []


def test_the_door_s_key_proves_a_ticket_without_a_network(system: System, ticket: dict[str, Any]) -> None:
    [key] = door(system).json["keys"]

    assert (key["kid"], key["kty"], key["crv"]) == ("1", "OKP", "Ed25519")
    body, _, signature = ticket["qr_payload"].rpartition(".")
    signed = base64.b32decode(signature + "=" * (-len(signature) % 8))
    Ed25519PublicKey.from_public_bytes(base64.urlsafe_b64decode(key["x"] + "=")).verify(signed, body.encode())


def test_the_tickets_of_a_cancelled_booking_stand_on_the_door_s_list(system: System, ticket: dict[str, Any]) -> None:
    booking = confirmed(2)
    system.deliver(booking, CONFIRMED)
    system.deliver(cancelled(booking), CANCELLED)
    void = sorted(one["id"] for one in items(system, "ticket") if one["status"] == "VOID")

    answer = door(system)

    assert answer.json["revoked"] == [{"ticket_id": one, "serial": None} for one in void]
    assert answer.json["counts"] == {"issued": 3, "void": 2, "checked_in": 0}
    assert unsound(system) == []


def test_a_door_that_has_it_already_is_told_so_until_something_changes(system: System, ticket: dict[str, Any]) -> None:
    tag = door(system).headers["etag"]

    same = door(system, known=tag)
    scan(system, ticket["code"])
    changed = door(system, known=tag)

    assert (same.status, same.text, same.headers["etag"]) == (304, "", tag)
    assert changed.status == 200
    assert changed.headers["etag"] != tag


def test_a_door_is_shown_to_those_who_work_there_only(system: System, ticket: dict[str, Any]) -> None:
    answers = [door(system, by=Person()), door(system, by=Person("organiser")), door(system, event_id=ids.new())]

    assert {(one.status, one.problem) for one in answers} == {(404, "event-unknown")}
