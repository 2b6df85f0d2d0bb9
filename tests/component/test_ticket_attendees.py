"""An organiser's list of the tickets of an event, in pages and as a sheet."""

import base64
import csv
import io
import re
from typing import Any

import pytest

from common import ids, store
from common.store import Put
from tests.component.test_ticket_desk import WORDS, booking, describe, do, ticket
from tests.component.test_ticket_door import ADMIN, BOSS, DOOR, OTHER_EVENT, scan
from tests.component.test_ticket_issuing import CANCELLED, CONFIRMED, EVENT, at_noon, cancelled, confirmed, items, terms
from tests.component.test_ticket_showing import OWNER
from tests.component.test_ticket_transfers import FRIEND, accept, offer
from tests.support.system import Person, Reply, System, row
from ticket.core import attendees, sheet

__all__ = ["at_noon", "booking", "ticket"]


def listed(system: System, *, by: Person = BOSS, event_id: str = EVENT, **query: str) -> Reply:
    return system.http(f"GET /v1/events/{event_id}/attendees", by=by, query=query)


def written(system: System, *, by: Person = BOSS, event_id: str = EVENT, **query: str) -> Reply:
    return system.http(f"GET /v1/events/{event_id}/attendees/csv", by=by, query=query)


def content(answer: Reply) -> bytes:
    assert answer.base64
    return base64.b64decode(answer.text)


def rows(answer: Reply) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content(answer).decode(), newline="")))


def every(system: System, way: str, answer: Reply, limit: int = 2) -> list[list[str]]:
    """The pages from this one on, that way, as ticket ids."""
    pages = [[one["ticket_id"] for one in answer.json["items"]]]
    while answer.json[way]:
        answer = listed(system, limit=str(limit), **{way: answer.json[way]})
        pages.append([one["ticket_id"] for one in answer.json["items"]])
    return pages


@pytest.mark.parametrize("by", [BOSS, ADMIN], ids=["organiser", "admin"])
def test_an_attendee_is_shown_with_all_but_what_admits(system: System, ticket: dict[str, Any], by: Person) -> None:
    describe(system, ticket, WORDS)
    scan(system, ticket["code"])

    answer = listed(system, by=by)

    assert answer.status == 200
    [mine] = [one for one in answer.json["items"] if one["ticket_id"] == ticket["id"]]
    assert mine == WORDS | {
        "ticket_id": ticket["id"],
        "booking_id": ticket["booking_id"],
        "user_id": OWNER.user_id,
        "event_type_id": ticket["event_type_id"],
        "type_name": "Floor",
        "status": "CHECKED_IN",
        "checked_in_at": "2026-03-01T12:00:00Z",
        "created_at": "2026-03-01T12:00:00Z",
    }
    assert ticket["code"] not in answer.text
    assert ticket["qr_payload"] not in answer.text


def test_every_ticket_is_listed_once_in_both_directions_whatever_shard_it_is_in(system: System, ticket: Any) -> None:
    for _ in range(4):
        system.deliver(confirmed(3), CONFIRMED)
    placed = sorted(items(system, "ticket"), key=lambda one: str(one["attendee_as"]), reverse=True)
    assert len({one["attendee_of"] for one in placed}) > 3
    first = listed(system, limit="4")

    onward = every(system, "next_token", first, limit=4)
    last = listed(system, limit="4", next_token=last_token(system, first))

    assert [one for page in onward for one in page] == [one["id"] for one in placed]
    assert [len(page) for page in onward] == [4, 4, 4, 2]
    assert every(system, "previous_token", last, limit=4) == onward[::-1]


def last_token(system: System, answer: Reply) -> str:
    token = ""
    while answer.json["next_token"]:
        token = answer.json["next_token"]
        answer = listed(system, limit="4", next_token=token)
    return token


def test_those_in_one_state_may_be_asked_for(system: System, ticket: dict[str, Any]) -> None:
    scan(system, ticket["code"])

    inside, outside = (listed(system, status=one).json["items"] for one in ("CHECKED_IN", "CREATED"))
    short = listed(system, status="VOID", limit="1")

    assert [one["ticket_id"] for one in inside] == [ticket["id"]]
    assert len(outside) == 1
    assert (short.json["items"], short.json["next_token"] is None) == ([], False)
    assert listed(system, status="LOST").status == 422


def test_tickets_of_other_events_are_not_in_it(system: System, ticket: dict[str, Any]) -> None:
    system.deliver(terms(event_id=OTHER_EVENT), "ticket.keep_event")
    system.deliver(confirmed(2, event_id=OTHER_EVENT), CONFIRMED)

    assert len(listed(system).json["items"]) == 2
    assert len(rows(written(system))) == 2


def test_void_tickets_and_those_that_were_passed_on_stay_in_it(system: System, booking: Any, ticket: Any) -> None:
    taken = accept(system, offer(system, ticket)).json
    places = {one["id"]: one["attendee_as"] for one in items(system, "ticket")}
    do(system, "reissue", taken)
    system.deliver(cancelled(booking), CANCELLED)

    found = {one["ticket_id"]: (one["user_id"], one["status"]) for one in listed(system).json["items"]}

    assert found[ticket["id"]] == (OWNER.user_id, "VOID")
    assert found[taken["id"]] == (FRIEND.user_id, "VOID")
    assert len(found) == 3
    assert {one["id"]: one["attendee_as"] for one in items(system, "ticket")} == places  # an index key never changes


def test_the_sheet_says_the_same_and_no_code(system: System, ticket: dict[str, Any]) -> None:
    describe(system, ticket, WORDS | {"holder_name": 'Jörg "Jo" Müller, sen.'})
    scan(system, ticket["code"])

    answer = written(system)

    assert answer.status == 200
    assert answer.headers["content-type"] == "text/csv; charset=utf-8; header=present"
    assert answer.headers["content-disposition"] == f'attachment; filename="{EVENT}.csv"'
    assert "link" not in answer.headers
    [mine] = [one for one in rows(answer) if one["ticket_id"] == ticket["id"]]
    assert mine == {
        "ticket_id": ticket["id"],
        "booking_id": ticket["booking_id"],
        "type": "Floor",
        "seat": "Row 3, 12",
        "holder_name": 'Jörg "Jo" Müller, sen.',
        "status": "CHECKED_IN",
        "checked_in_at": "2026-03-01T12:00:00.000Z",
        "note": "wheelchair",
    }
    assert content(answer).startswith(b"ticket_id,booking_id,")
    assert content(answer).endswith(b"\r\n")
    assert ticket["code"].encode() not in content(answer)
    assert ticket["qr_payload"].encode() not in content(answer)


def test_what_nobody_has_said_is_an_empty_cell(system: System, ticket: dict[str, Any]) -> None:
    [mine] = [one for one in rows(written(system)) if one["ticket_id"] == ticket["id"]]

    assert [mine[name] for name in ("seat", "holder_name", "note", "checked_in_at")] == [""] * 4


@pytest.mark.parametrize("name", ["=1+1", "+49 30", "-2", "@SUM(A1)", "\uff1d1", '=HYPERLINK("http://x";"y")'])
def test_a_cell_is_never_a_formula(system: System, ticket: dict[str, Any], name: str) -> None:
    assert describe(system, ticket, {"holder_name": name, "note": "\t=1", "seat": "a=b"}).status == 200

    [mine] = [one for one in rows(written(system)) if one["ticket_id"] == ticket["id"]]

    assert (mine["holder_name"], mine["note"], mine["seat"]) == (f"'{name}", "'\t=1", "a=b")


def test_lines_and_columns_stay_what_they_are(system: System, ticket: dict[str, Any]) -> None:
    describe(system, ticket, {"note": 'first\r\n=second,"third"'})

    answer = written(system)

    assert len(rows(answer)) == 2
    assert {len(one) for one in rows(answer)} == {len(sheet.COLUMNS)}


def test_an_event_without_tickets_is_a_header_and_an_empty_page(system: System) -> None:
    system.deliver(terms(), "ticket.keep_event")

    assert listed(system).json == {"items": [], "next_token": None, "previous_token": None}
    assert content(written(system)).decode() == ",".join(sheet.COLUMNS) + "\r\n"


def test_what_does_not_fit_into_one_answer_is_behind_its_link(system: System, ticket: dict[str, Any]) -> None:
    wordy = {"note": "\U0001f3ab" * 500, "holder_name": "\U0001f3ab" * 120}
    with system.acting(row("ticket.accept_transfer")):
        for number in range(1400):
            one = ticket | wordy | {"pk": f"t{number}", "id": f"t{number}"}
            store.write(Put("tickets", one | attendees.place(one)))

    first = written(system)
    link = re.fullmatch(r'<(?P<path>.+)[?]next_token=(?P<token>.+)>; rel="next"', first.headers["link"])
    assert link
    second = written(system, next_token=link["token"])

    assert link["path"] == f"/v1/events/{EVENT}/attendees/csv"
    assert len(first.text) < 6_000_000
    assert "link" not in second.headers
    found = [one["ticket_id"] for answer in (first, second) for one in rows(answer)]
    assert len(found) == len(set(found)) == 1402


@pytest.mark.parametrize("call", [listed, written])
def test_the_organiser_of_the_event_only(system: System, ticket: dict[str, Any], call: Any) -> None:
    unknown = [call(system, by=Person("organiser")), call(system, event_id=ids.new())]
    lacking = [call(system, by=one) for one in (OWNER, DOOR)]

    assert {(one.status, one.problem) for one in unknown} == {(404, "event-unknown")}
    assert {(one.status, one.problem) for one in lacking} == {(403, "role-missing")}


@pytest.mark.parametrize("call", [listed, written])
def test_a_token_of_another_event_is_refused(system: System, ticket: dict[str, Any], call: Any) -> None:
    system.deliver(terms(event_id=OTHER_EVENT), "ticket.keep_event")
    token = listed(system, limit="1").json["next_token"]

    answers = [call(system, event_id=OTHER_EVENT, next_token=token), call(system, next_token=f"A{token}")]

    assert {(one.status, one.problem) for one in answers} == {(400, "bad-token")}
