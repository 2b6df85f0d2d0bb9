"""What owners see of their tickets: lists, one ticket, its QR code, and what the mail shows."""

import base64
import io
import re
from datetime import UTC, datetime
from typing import Any

import pytest
from icalendar import Calendar
from PIL import Image

from common.calls.ticket import RenderedTickets
from local import scanner
from tests.component.test_ticket_issuing import (
    CANCELLED,
    CONFIRMED,
    EVENT,
    FLOOR,
    at_noon,
    cancelled,
    confirmed,
    dying,
    items,
    terms,
)
from tests.support.system import Person, System
from ticket.core.rendering import NotReady

__all__ = ["at_noon"]
OWNER = Person()
ATTRIBUTES = {
    "id", "user_id", "booking_id", "booking_item_id", "event_type_id", "event_id", "issued_at", "code", "qr_payload",
    "status", "serial", "checked_in_at", "created_at", "updated_at", "holder_name", "seat", "note",
}  # fmt: skip


def issued(system: System, qty: int = 1) -> Any:
    booking = confirmed(qty, user_id=OWNER.user_id)
    system.deliver(booking, CONFIRMED)
    return booking


def rendered(system: System, booking_id: str) -> RenderedTickets:
    return RenderedTickets.model_validate(system.invoke("ticket.render_tickets", {"booking_id": booking_id}))


def test_the_owner_sees_every_attribute_of_a_ticket(system: System) -> None:
    issued(system)
    [stored] = items(system, "ticket")

    answer = system.http(f"GET /v1/tickets/{stored['id']}", by=OWNER)

    assert answer.status == 200
    assert set(answer.json) == ATTRIBUTES
    assert (answer.json["code"], answer.json["qr_payload"]) == (stored["code"], stored["qr_payload"])
    assert (answer.json["status"], answer.json["event_id"], answer.json["event_type_id"]) == ("CREATED", EVENT, FLOOR)


def test_a_ticket_that_is_being_made_is_shown_without_a_code(system: System) -> None:
    with dying("TransactWriteItems"):
        issued(system)
    [pending] = items(system, "ticket")

    answer = system.http(f"GET /v1/tickets/{pending['id']}", by=OWNER)
    drawing = system.http(f"GET /v1/tickets/{pending['id']}/qr", by=OWNER)

    assert (answer.json["status"], answer.json["code"], answer.json["qr_payload"]) == ("PENDING", None, None)
    assert (drawing.status, drawing.problem, drawing.headers["retry-after"]) == (409, "not-issued", "1")


@pytest.mark.parametrize("call", ["GET /v1/tickets/{}", "GET /v1/tickets/{}/qr"])
def test_a_foreign_an_invented_and_an_odd_id_are_answered_alike(system: System, call: str) -> None:
    booking = issued(system)
    [stored] = items(system, "ticket")
    tries = [(stored["id"], Person()), (stored["id"], Person("admin")), ("nothing", OWNER), ("x" * 200, OWNER)]
    tries += [(booking.booking_id, OWNER), (EVENT, OWNER), ("%F0%9F%8E%AB", OWNER)]

    answers = [system.http(call.format(one), by=by) for one, by in tries]

    assert {(one.status, one.problem) for one in answers} == {(404, "ticket-unknown")}


def test_tickets_are_listed_to_their_owner_only_and_in_pages(system: System) -> None:
    issued(system, 3)
    issued(system, 2)
    system.deliver(confirmed(2), CONFIRMED)
    mine = {one["id"] for one in items(system, "ticket") if one["user_id"] == OWNER.user_id}

    first = system.http("GET /v1/tickets", by=OWNER, query={"limit": "3"}).json
    second = system.http("GET /v1/tickets", by=OWNER, query={"limit": "3", "next_token": first["next_token"]}).json
    back = system.http(
        "GET /v1/tickets", by=OWNER, query={"limit": "3", "previous_token": second["previous_token"]}
    ).json

    assert [len(page["items"]) for page in (first, second)] == [3, 2]
    assert {one["id"] for one in first["items"] + second["items"]} == mine
    assert second["next_token"] is None
    assert back["items"] == first["items"]
    assert system.http("GET /v1/tickets", by=Person()).json["items"] == []


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"limit": "0"}, 422),
        ({"limit": "101"}, 422),
        ({"limit": "x"}, 422),
        ({"next_token": "forged"}, 400),
        ({"page": "2"}, 422),
    ],
)
def test_a_list_asked_for_wrongly_is_refused(system: System, query: dict[str, str], status: int) -> None:
    assert system.http("GET /v1/tickets", by=OWNER, query=query).status == status


def test_a_page_token_is_of_one_person_only(system: System) -> None:
    issued(system, 2)
    token = system.http("GET /v1/tickets", by=OWNER, query={"limit": "1"}).json["next_token"]

    answer = system.http("GET /v1/tickets", by=Person(), query={"next_token": token})

    assert (answer.status, answer.problem) == (400, "bad-token")


def test_the_png_decodes_to_exactly_what_was_signed(system: System) -> None:
    issued(system)
    [stored] = items(system, "ticket")

    answer = system.http(f"GET /v1/tickets/{stored['id']}/qr", by=OWNER, query={"format": "png"})

    assert (answer.status, answer.base64) == (200, True)
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["cache-control"].startswith("private")
    assert scanner.text(base64.b64decode(answer.text)) == stored["qr_payload"]


def test_the_svg_draws_the_same_modules_as_the_png(system: System) -> None:
    issued(system)
    [stored] = items(system, "ticket")

    default = system.http(f"GET /v1/tickets/{stored['id']}/qr", by=OWNER)
    named = system.http(f"GET /v1/tickets/{stored['id']}/qr", by=OWNER, query={"format": "svg"})

    assert default.headers["content-type"] == "image/svg+xml"
    assert default.text == named.text
    assert scanner.text(painted(base64.b64decode(default.text).decode())) == stored["qr_payload"]


def painted(svg: str) -> bytes:
    """The drawing's dark runs as a picture: segno writes them as relative moves and horizontal strokes."""
    size, scale = int(re.findall(r'width="(\d+)"', svg)[0]), 8
    picture = Image.new("L", (size // scale, size // scale), 255)
    # The dark path is the one that is stroked.
    path = re.findall(r'<path[^>]*stroke="#000"[^>]*d="([^"]+)"|<path[^>]*d="([^"]+)"[^>]*stroke="#000"', svg)[0]
    x = y = 0.0
    for command, numbers in re.findall(r"([Mmh])\s*([-\d.\s]+)", "".join(path)):
        values = [float(one) for one in numbers.split()]
        if command == "M":
            x, y = values
        elif command == "m":
            x, y = x + values[0], y + values[1]
        else:
            for at in range(int(values[0])):
                picture.putpixel((int(x) + at, int(y)), 0)
            x += values[0]
    drawing = io.BytesIO()
    picture.resize((size, size), Image.Resampling.NEAREST).save(drawing, "PNG")
    return drawing.getvalue()


def test_another_format_is_refused(system: System) -> None:
    issued(system)
    [stored] = items(system, "ticket")

    answer = system.http(f"GET /v1/tickets/{stored['id']}/qr", by=OWNER, query={"format": "gif"})

    assert answer.status == 422


def test_a_void_ticket_is_shown_as_such_and_has_no_qr_code_any_more(system: System) -> None:
    system.deliver(cancelled(issued(system)), CANCELLED)
    [stored] = items(system, "ticket")

    answer = system.http(f"GET /v1/tickets/{stored['id']}/qr", by=OWNER)

    assert system.http(f"GET /v1/tickets/{stored['id']}", by=OWNER).json["status"] == "VOID"
    assert (answer.status, answer.problem) == (409, "ticket-void")


def test_a_rejected_ticket_has_no_qr_code_and_there_is_nothing_to_wait_for(system: System) -> None:
    system.deliver(terms(status="CANCELLED"), "ticket.keep_event")
    issued(system)
    [stored] = items(system, "ticket")

    answer = system.http(f"GET /v1/tickets/{stored['id']}/qr", by=OWNER)

    assert (answer.status, answer.problem) == (409, "not-issued")
    assert "retry-after" not in answer.headers


def test_the_mail_gets_every_ticket_with_a_qr_code_that_decodes(system: System) -> None:
    system.deliver(terms(), "ticket.keep_event")
    booking = issued(system, 2)
    stored = {one["id"]: one for one in items(system, "ticket")}

    answer = rendered(system, booking.booking_id)

    assert (answer.event_name, answer.venue, answer.city, answer.zone) == (
        "Élan, Vital",
        "Große Halle",
        "Zürich",
        "Europe/Zurich",
    )
    assert {one.ticket_id for one in answer.tickets} == set(stored)
    for one in answer.tickets:
        assert (one.type_name, one.code) == ("Floor", stored[one.ticket_id]["code"])
        assert scanner.text(base64.b64decode(one.qr_png)) == stored[one.ticket_id]["qr_payload"]


def test_the_calendar_file_says_what_when_and_where(system: System) -> None:
    system.deliver(terms(), "ticket.keep_event")
    first, second = (rendered(system, issued(system).booking_id).calendar for _ in range(2))

    [entry] = Calendar.from_ical(first).walk("VEVENT")
    assert entry["SUMMARY"] == "Élan, Vital"
    assert entry["LOCATION"] == "Große Halle, Zürich"
    assert entry.decoded("DTSTART") == datetime(2026, 6, 1, 18, tzinfo=UTC)
    assert entry.decoded("DTEND") == datetime(2026, 6, 1, 21, tzinfo=UTC)
    assert str(entry["UID"]) == f"{EVENT}@ticketing"
    assert "DTSTAMP" in entry
    assert first == second


def test_the_mail_gets_no_void_ticket(system: System) -> None:
    system.deliver(terms(), "ticket.keep_event")
    booking, other = issued(system, 2), issued(system)
    system.deliver(cancelled(booking), CANCELLED)

    answer = rendered(system, booking.booking_id)

    assert (answer.tickets, answer.event_name) == ((), "Élan, Vital")
    assert len(rendered(system, other.booking_id).tickets) == 1


@pytest.mark.parametrize(("missing", "named"), [("everything", "tickets"), ("codes", "tickets"), ("event", "event")])
def test_what_is_not_there_yet_is_asked_for_again(system: System, missing: str, named: str) -> None:
    booking = confirmed()
    if missing == "codes":
        system.deliver(terms(), "ticket.keep_event")
        with dying("TransactWriteItems"):
            system.deliver(booking, CONFIRMED)
    elif missing == "event":
        system.deliver(booking, CONFIRMED)

    with pytest.raises(NotReady, match=f"^{named}$"):
        rendered(system, booking.booking_id)
