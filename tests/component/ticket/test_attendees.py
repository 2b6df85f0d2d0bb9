"""An organiser's list of the tickets of an event, in pages and as CSV."""

import base64
import csv
import io
import re
from typing import Any

import pytest

from common import ids, store
from common.store import Put
from tests.support.drivers.ticket_driver import (
    ADMIN,
    DETAILS,
    EVENT,
    ON_CANCELLED,
    ON_CONFIRMED,
    ORGANISER,
    OTHER_EVENT,
    OWNER,
    RECIPIENT,
    STAFF,
    accept_transfer,
    act_on_ticket,
    booking_cancelled,
    booking_confirmed,
    check_in,
    create_transfer,
    event_terms,
    stored_items,
    update_ticket,
)
from tests.support.system.system import HttpResponse, Person, System, row
from ticket.core import attendees


def list_attendees(system: System, *, by: Person = ORGANISER, event_id: str = EVENT, **query: str) -> HttpResponse:
    return system.http(f"GET /v1/events/{event_id}/attendees", by=by, query=query)


def get_csv(system: System, *, by: Person = ORGANISER, event_id: str = EVENT, **query: str) -> HttpResponse:
    return system.http(f"GET /v1/events/{event_id}/attendees/csv", by=by, query=query)


def decoded_body(response: HttpResponse) -> bytes:
    assert response.base64
    return base64.b64decode(response.text)


def csv_rows(response: HttpResponse) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(decoded_body(response).decode(), newline="")))


def ids_by_page(system: System, token_name: str, response: HttpResponse, limit: int = 2) -> list[list[str]]:
    """The ticket ids of each page from this one on, following that token."""
    pages = [[one["ticket_id"] for one in response.json["items"]]]
    while response.json[token_name]:
        response = list_attendees(system, limit=str(limit), **{token_name: response.json[token_name]})
        pages.append([one["ticket_id"] for one in response.json["items"]])
    return pages


@pytest.mark.parametrize("by", [ORGANISER, ADMIN], ids=["organiser", "admin"])
def test_attendee_has_all_fields_but_codes(system: System, ticket: dict[str, Any], by: Person) -> None:
    update_ticket(system, ticket, DETAILS)
    check_in(system, ticket["code"])

    response = list_attendees(system, by=by)

    assert response.status == 200
    [attendee] = [one for one in response.json["items"] if one["ticket_id"] == ticket["id"]]
    assert attendee == DETAILS | {
        "ticket_id": ticket["id"],
        "booking_id": ticket["booking_id"],
        "user_id": OWNER.user_id,
        "event_type_id": ticket["event_type_id"],
        "type_name": "Floor",
        "status": "CHECKED_IN",
        "checked_in_at": "2026-03-01T12:00:00Z",
        "created_at": "2026-03-01T12:00:00Z",
    }
    assert ticket["code"] not in response.text
    assert ticket["qr_payload"] not in response.text


def test_attendee_pages_cover_all_shards_in_both_directions(system: System, ticket: Any) -> None:
    for _ in range(4):
        system.deliver(booking_confirmed(3), ON_CONFIRMED)
    expected = sorted(stored_items(system, "ticket"), key=lambda one: str(one["attendee_as"]), reverse=True)
    assert len({one["attendee_of"] for one in expected}) > 3
    first = list_attendees(system, limit="4")

    forward = ids_by_page(system, "next_token", first, limit=4)
    last = list_attendees(system, limit="4", next_token=last_token(system, first))

    assert [one for page in forward for one in page] == [one["id"] for one in expected]
    assert [len(page) for page in forward] == [4, 4, 4, 2]
    assert ids_by_page(system, "previous_token", last, limit=4) == forward[::-1]


def last_token(system: System, response: HttpResponse) -> str:
    token = ""
    while response.json["next_token"]:
        token = response.json["next_token"]
        response = list_attendees(system, limit="4", next_token=token)
    return token


def test_attendees_are_filtered_by_status(system: System, ticket: dict[str, Any]) -> None:
    check_in(system, ticket["code"])

    checked_in, created = (list_attendees(system, status=one).json["items"] for one in ("CHECKED_IN", "CREATED"))
    empty_page = list_attendees(system, status="VOID", limit="1")

    assert [one["ticket_id"] for one in checked_in] == [ticket["id"]]
    assert len(created) == 1
    assert (empty_page.json["items"], empty_page.json["next_token"] is None) == ([], False)
    assert list_attendees(system, status="LOST").status == 422


def test_attendees_exclude_tickets_of_other_events(system: System, ticket: dict[str, Any]) -> None:
    system.deliver(event_terms(event_id=OTHER_EVENT), "ticket.on_event_changed")
    system.deliver(booking_confirmed(2, event_id=OTHER_EVENT), ON_CONFIRMED)

    assert len(list_attendees(system).json["items"]) == 2
    assert len(csv_rows(get_csv(system))) == 2


def test_void_and_transferred_tickets_stay_listed(system: System, booking: Any, ticket: Any) -> None:
    accepted = accept_transfer(system, create_transfer(system, ticket)).json
    index_keys = {one["id"]: one["attendee_as"] for one in stored_items(system, "ticket")}
    act_on_ticket(system, "reissue", accepted)
    system.deliver(booking_cancelled(booking), ON_CANCELLED)

    listed_tickets = {one["ticket_id"]: (one["user_id"], one["status"]) for one in list_attendees(system).json["items"]}

    assert listed_tickets[ticket["id"]] == (OWNER.user_id, "VOID")
    assert listed_tickets[accepted["id"]] == (RECIPIENT.user_id, "VOID")
    assert len(listed_tickets) == 3
    assert {
        one["id"]: one["attendee_as"] for one in stored_items(system, "ticket")
    } == index_keys  # an index key never changes


def test_csv_has_attendee_fields_but_no_codes(system: System, ticket: dict[str, Any]) -> None:
    update_ticket(system, ticket, DETAILS | {"holder_name": 'Jörg "Jo" Müller, sen.'})
    check_in(system, ticket["code"])

    response = get_csv(system)

    assert response.status == 200
    assert response.headers["content-type"] == "text/csv; charset=utf-8; header=present"
    assert response.headers["content-disposition"] == f'attachment; filename="{EVENT}.csv"'
    assert "link" not in response.headers
    [csv_row] = [one for one in csv_rows(response) if one["ticket_id"] == ticket["id"]]
    assert csv_row == {
        "ticket_id": ticket["id"],
        "booking_id": ticket["booking_id"],
        "type": "Floor",
        "seat": "Row 3, 12",
        "holder_name": 'Jörg "Jo" Müller, sen.',
        "status": "CHECKED_IN",
        "checked_in_at": "2026-03-01T12:00:00.000Z",
        "note": "wheelchair",
    }
    assert decoded_body(response).startswith(b"ticket_id,booking_id,")
    assert decoded_body(response).endswith(b"\r\n")
    assert ticket["code"].encode() not in decoded_body(response)
    assert ticket["qr_payload"].encode() not in decoded_body(response)


def test_missing_value_is_empty_cell(system: System, ticket: dict[str, Any]) -> None:
    [csv_row] = [one for one in csv_rows(get_csv(system)) if one["ticket_id"] == ticket["id"]]

    assert [csv_row[name] for name in ("seat", "holder_name", "note", "checked_in_at")] == [""] * 4


@pytest.mark.parametrize("name", ["=1+1", "+49 30", "-2", "@SUM(A1)", "\uff1d1", '=HYPERLINK("http://x";"y")'])
def test_csv_cell_is_never_formula(system: System, ticket: dict[str, Any], name: str) -> None:
    assert update_ticket(system, ticket, {"holder_name": name, "note": "\t=1", "seat": "a=b"}).status == 200

    [csv_row] = [one for one in csv_rows(get_csv(system)) if one["ticket_id"] == ticket["id"]]

    assert (csv_row["holder_name"], csv_row["note"], csv_row["seat"]) == (f"'{name}", "'\t=1", "a=b")


def test_csv_rows_and_columns_survive_special_characters(system: System, ticket: dict[str, Any]) -> None:
    update_ticket(system, ticket, {"note": 'first\r\n=second,"third"'})

    response = get_csv(system)

    assert len(csv_rows(response)) == 2
    assert {len(one) for one in csv_rows(response)} == {len(attendees.CSV_COLUMNS)}


def test_event_without_tickets_gives_header_and_empty_page(system: System) -> None:
    system.deliver(event_terms(), "ticket.on_event_changed")

    assert list_attendees(system).json == {"items": [], "next_token": None, "previous_token": None}
    assert decoded_body(get_csv(system)).decode() == ",".join(attendees.CSV_COLUMNS) + "\r\n"


def test_csv_overflow_continues_at_next_link(system: System, ticket: dict[str, Any]) -> None:
    long_details = {"note": "\U0001f3ab" * 500, "holder_name": "\U0001f3ab" * 120}
    with system.as_function(row("ticket.accept_transfer")):
        for number in range(1400):
            one = ticket | long_details | {"pk": f"t{number}", "id": f"t{number}"}
            store.write(Put("tickets", one | attendees.list_keys(one)))

    first = get_csv(system)
    link = re.fullmatch(r'<(?P<path>.+)[?]next_token=(?P<token>.+)>; rel="next"', first.headers["link"])
    assert link
    second = get_csv(system, next_token=link["token"])

    assert link["path"] == f"/v1/events/{EVENT}/attendees/csv"
    assert len(first.text) < 6_000_000
    assert "link" not in second.headers
    ticket_ids = [one["ticket_id"] for response in (first, second) for one in csv_rows(response)]
    assert len(ticket_ids) == len(set(ticket_ids)) == 1402


@pytest.mark.parametrize("call", [list_attendees, get_csv])
def test_attendees_require_event_organiser(system: System, ticket: dict[str, Any], call: Any) -> None:
    unknown = [call(system, by=Person("organiser")), call(system, event_id=ids.new())]
    without_role = [call(system, by=one) for one in (OWNER, STAFF)]

    assert {(one.status, one.problem) for one in unknown} == {(404, "event-not-found")}
    assert {(one.status, one.problem) for one in without_role} == {(403, "role-missing")}


@pytest.mark.parametrize("call", [list_attendees, get_csv])
def test_token_of_other_event_is_rejected(system: System, ticket: dict[str, Any], call: Any) -> None:
    system.deliver(event_terms(event_id=OTHER_EVENT), "ticket.on_event_changed")
    token = list_attendees(system, limit="1").json["next_token"]

    responses = [call(system, event_id=OTHER_EVENT, next_token=token), call(system, next_token=f"A{token}")]

    assert {(one.status, one.problem) for one in responses} == {(400, "invalid-page-token")}
