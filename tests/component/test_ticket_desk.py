"""What an organiser does with tickets: new codes, withdrawal, holder, seat and note."""

from typing import Any

import pytest

from common import ids
from common.bus.ticket import TicketReissued, TicketVoided
from common.outbox import published
from infra import topology
from tests.component.test_ticket_door import ADMIN, BOSS, DOOR, overtaken, scan
from tests.component.test_ticket_issuing import CANCELLED, CONFIRMED, at_noon, cancelled, confirmed, dying, items, terms
from tests.component.test_ticket_showing import OWNER
from tests.component.test_ticket_undoing import door, unsound
from tests.support.refusals import losing_a_reply
from tests.support.system import Person, Reply, System

__all__ = ["at_noon"]
WORDS = {"holder_name": "Ada Lovelace", "seat": "Row 3, 12", "note": "wheelchair"}
DEEDS = ("reissue", "void")


@pytest.fixture
def booking(system: System) -> Any:
    """A booking of two valid tickets."""
    system.deliver(terms(), "ticket.keep_event")
    made = confirmed(2, user_id=OWNER.user_id)
    system.deliver(made, CONFIRMED)
    return made


@pytest.fixture
def ticket(system: System, booking: Any) -> dict[str, Any]:
    return items(system, "ticket")[0]


def do(system: System, deed: str, ticket: dict[str, Any], *, by: Person = BOSS) -> Reply:
    return system.http(f"POST /v1/tickets/{ticket['id']}/{deed}", by=by)


def describe(
    system: System, ticket: dict[str, Any], words: dict[str, Any], *, by: Person = BOSS, seen: str | None = "*"
) -> Reply:
    headers = {"If-Match": seen} if seen else {}
    return system.http(f"PUT /v1/tickets/{ticket['id']}", words, by=by, headers=headers)


def now(system: System, ticket: dict[str, Any]) -> dict[str, Any]:
    return next(one for one in items(system, "ticket") if one["id"] == ticket["id"])


def shown(system: System, ticket: dict[str, Any], by: Person = OWNER) -> dict[str, Any]:
    found: dict[str, Any] = system.http(f"GET /v1/tickets/{ticket['id']}", by=by).json
    return found


@pytest.mark.parametrize("by", [BOSS, ADMIN], ids=["organiser", "admin"])
def test_a_reissued_ticket_admits_by_its_new_codes_only(system: System, ticket: dict[str, Any], by: Person) -> None:
    answer = do(system, "reissue", ticket, by=by)

    assert (answer.status, answer.json["serial"], answer.json["code"], answer.json["qr_payload"]) == (
        200,
        2,
        None,
        None,
    )
    fresh = shown(system, ticket)
    old = [scan(system, ticket[name], nonce=f"old-{name}") for name in ("code", "qr_payload")]
    assert {(one.status, one.problem) for one in old} == {(404, "unknown-code")}
    assert fresh["code"] != ticket["code"]
    assert scan(system, fresh["code"]).status == 201
    assert scan(system, fresh["qr_payload"], nonce="nonce-qr").problem == "already-checked-in"
    assert now(system, ticket)["code"] == ticket["code"]  # a key of the index never changes
    assert unsound(system) == []


def test_of_a_reissue_the_bus_hears_ids_only(system: System, ticket: dict[str, Any]) -> None:
    do(system, "reissue", ticket)

    [said] = published(now(system, ticket))

    assert isinstance(said, TicketReissued)
    assert (said.ticket_id, said.user_id, said.booking_id) == (ticket["id"], OWNER.user_id, ticket["booking_id"])
    fresh = shown(system, ticket)
    assert not any(fresh[name] in said.model_dump_json() for name in ("code", "qr_payload"))


def test_a_ticket_reissued_twice_stands_once_on_the_door_s_list(system: System, ticket: dict[str, Any]) -> None:
    do(system, "reissue", ticket)
    do(system, "reissue", ticket)

    assert door(system).json["revoked"] == [{"ticket_id": ticket["id"], "serial": 2}]
    assert door(system).json["counts"]["void"] == 0
    assert scan(system, shown(system, ticket)["code"]).status == 201


def test_a_withdrawn_ticket_admits_nobody_and_the_others_do(system: System, ticket: dict[str, Any]) -> None:
    answer = do(system, "void", ticket)

    assert (answer.status, answer.json["status"]) == (200, "VOID")
    assert scan(system, ticket["code"]).problem == "ticket-void"
    [other] = [one for one in items(system, "ticket") if one["id"] != ticket["id"]]
    assert scan(system, other["code"]).status == 201
    assert door(system).json["revoked"] == [{"ticket_id": ticket["id"], "serial": None}]
    assert door(system).json["counts"] == {"issued": 2, "void": 1, "checked_in": 1}
    [issue] = items(system, "issue")
    assert issue["ticket_ids"] == [other["id"]]
    [said] = published(issue)
    assert isinstance(said, TicketVoided)
    assert (said.ticket_ids, said.user_id, said.booking_id) == ((ticket["id"],), OWNER.user_id, issue["id"])
    assert unsound(system) == []


def test_a_withdrawal_that_is_repeated_changes_nothing_more(system: System, ticket: dict[str, Any]) -> None:
    do(system, "void", ticket)
    before = system.scan(topology.TICKETS)

    assert do(system, "void", ticket).status == 200
    assert system.scan(topology.TICKETS) == before


def test_a_booking_is_cancelled_with_a_ticket_withdrawn_before(
    system: System, booking: Any, ticket: dict[str, Any]
) -> None:
    do(system, "void", ticket)

    system.deliver(cancelled(booking), CANCELLED)

    assert {one["status"] for one in items(system, "ticket")} == {"VOID"}
    assert door(system).json["counts"] == {"issued": 2, "void": 2, "checked_in": 0}
    assert unsound(system) == []


def test_whoever_was_admitted_counts_as_such_when_the_booking_is_cancelled(
    system: System, booking: Any, ticket: dict[str, Any]
) -> None:
    scan(system, ticket["code"])

    system.deliver(cancelled(booking), CANCELLED)

    assert {one["status"] for one in items(system, "ticket")} == {"VOID"}
    assert door(system).json["counts"] == {"issued": 2, "void": 2, "checked_in": 1}
    assert unsound(system) == []


def test_a_ticket_that_was_admitted_can_be_withdrawn_but_not_reissued(system: System, ticket: dict[str, Any]) -> None:
    scan(system, ticket["code"])

    again, gone = do(system, "reissue", ticket), do(system, "void", ticket)

    assert (again.status, again.problem) == (409, "already-checked-in")
    assert again.json["checked_in_at"] == "2026-03-01T12:00:00.000Z"
    assert gone.status == 200


def test_a_void_ticket_is_neither_reissued_nor_described(system: System, ticket: dict[str, Any]) -> None:
    do(system, "void", ticket)

    answers = [do(system, "reissue", ticket), describe(system, ticket, WORDS)]

    assert {(one.status, one.problem) for one in answers} == {(409, "ticket-void")}


@pytest.mark.parametrize("deed", DEEDS)
def test_a_ticket_that_is_being_made_is_left_alone(system: System, deed: str) -> None:
    system.deliver(terms(), "ticket.keep_event")
    with dying("TransactWriteItems"):
        system.deliver(confirmed(1), CONFIRMED)
    [pending] = items(system, "ticket")

    answer = do(system, deed, pending)

    assert (answer.status, answer.problem, answer.headers["retry-after"]) == (409, "not-issued", "1")


@pytest.mark.parametrize("deed", DEEDS)
def test_for_a_ticket_that_was_rejected_there_is_nothing_to_wait_for(system: System, deed: str) -> None:
    system.deliver(terms(status="CANCELLED"), "ticket.keep_event")
    system.deliver(confirmed(1), CONFIRMED)
    [rejected] = items(system, "ticket")

    answer = do(system, deed, rejected)

    assert (answer.status, answer.problem) == (409, "not-issued")
    assert "retry-after" not in answer.headers


@pytest.mark.parametrize(("deed", "told"), [("reissue", (409, "already-checked-in")), ("void", (200, None))])
def test_a_ticket_that_changes_meanwhile_is_looked_at_again(
    system: System, ticket: dict[str, Any], deed: str, told: tuple[int, str | None]
) -> None:
    with overtaken(lambda: scan(system, ticket["code"])):
        answer = do(system, deed, ticket)

    assert (answer.status, answer.problem if answer.status > 299 else None) == told
    assert unsound(system) == []


def test_holder_and_seat_are_shown_to_the_owner_and_the_note_is_not(system: System, ticket: dict[str, Any]) -> None:
    answer = describe(system, ticket, WORDS)

    assert answer.status == 200
    assert {name: answer.json[name] for name in WORDS} == WORDS
    mine, theirs = shown(system, ticket), shown(system, ticket, BOSS)
    assert (mine["holder_name"], mine["seat"], mine["note"]) == ("Ada Lovelace", "Row 3, 12", None)
    assert (theirs["note"], theirs["code"], theirs["qr_payload"]) == ("wheelchair", None, None)
    assert mine["code"] == ticket["code"]


def test_what_is_left_out_is_empty_afterwards(system: System, ticket: dict[str, Any]) -> None:
    describe(system, ticket, WORDS)

    answer = describe(system, ticket, {"seat": "Row 4, 1"})

    assert [answer.json[name] for name in WORDS] == [None, "Row 4, 1", None]


@pytest.mark.moto
def test_an_edit_whose_reply_was_lost_is_done(system: System, ticket: dict[str, Any]) -> None:
    with losing_a_reply("dynamodb", "UpdateItem") as sent:
        answer = describe(system, ticket, WORDS)

    assert (len(sent), answer.status, answer.json["seat"]) == (2, 200, WORDS["seat"])


def test_an_edit_of_what_was_not_seen_is_refused(system: System, ticket: dict[str, Any]) -> None:
    tag = system.http(f"GET /v1/tickets/{ticket['id']}", by=BOSS).headers["etag"]
    first = describe(system, ticket, WORDS, seen=tag)

    late, blind = describe(system, ticket, {}, seen=tag), describe(system, ticket, {}, seen=None)

    assert first.status == 200
    assert (late.status, late.problem) == (412, "changed")
    assert (blind.status, blind.problem) == (428, "revision-missing")
    assert describe(system, ticket, {}, seen=first.headers["etag"]).status == 200


@pytest.mark.parametrize(
    ("words", "pointer"),
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
def test_a_wrong_word_is_named(system: System, ticket: dict[str, Any], words: dict[str, Any], pointer: str) -> None:
    answer = describe(system, ticket, words)

    assert (answer.status, answer.json["errors"][0]["pointer"]) == (422, pointer)


def test_words_of_any_script_and_lines_of_a_note_are_kept(system: System, ticket: dict[str, Any]) -> None:
    words = {"holder_name": "नमस्ते 👩\u200d🎤 O’Neil", "seat": "A\u00a01", "note": "first\nsecond\tcolumn"}

    answer = describe(system, ticket, words)

    assert {name: answer.json[name] for name in words} == words


def test_only_the_event_s_organiser_may(system: System, ticket: dict[str, Any]) -> None:
    other, nothing = Person("organiser"), {"id": ids.new()}

    unknown = [do(system, deed, ticket, by=other) for deed in DEEDS] + [do(system, deed, nothing) for deed in DEEDS]
    unknown += [describe(system, ticket, WORDS, by=other), describe(system, nothing, WORDS)]
    lacking = [do(system, deed, ticket, by=one) for deed in DEEDS for one in (OWNER, DOOR)]

    assert {(one.status, one.problem) for one in unknown} == {(404, "ticket-unknown")}
    assert {(one.status, one.problem) for one in lacking} == {(403, "role-missing")}
