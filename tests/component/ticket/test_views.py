"""What owners see of their tickets: lists, one ticket, its QR code, and the email content."""

import base64
import io
import re
from datetime import UTC, datetime

import pytest
from icalendar import Calendar
from PIL import Image

from local import qr_reader
from tests.support.drivers.ticket_driver import (
    EVENT,
    FLOOR,
    ON_CANCELLED,
    ON_CONFIRMED,
    OWNER,
    booking_cancelled,
    booking_confirmed,
    crash_after,
    event_terms,
    issue_tickets,
    render_tickets,
    stored_items,
)
from tests.support.system.system import Person, System
from ticket.core.rendering.email import NotReady

ATTRIBUTES = {
    "id", "user_id", "booking_id", "booking_item_id", "event_type_id", "event_id", "issued_at", "code", "qr_payload",
    "status", "serial", "checked_in_at", "created_at", "updated_at", "holder_name", "seat", "note",
}  # fmt: skip


def test_owner_sees_every_attribute_of_ticket(system: System) -> None:
    issue_tickets(system)
    [stored] = stored_items(system, "ticket")

    response = system.http(f"GET /v1/tickets/{stored['id']}", by=OWNER)

    assert response.status == 200
    assert set(response.json) == ATTRIBUTES
    assert (response.json["code"], response.json["qr_payload"]) == (stored["code"], stored["qr_payload"])
    assert (response.json["status"], response.json["event_id"], response.json["event_type_id"]) == (
        "CREATED",
        EVENT,
        FLOOR,
    )


def test_pending_ticket_is_shown_without_code(system: System) -> None:
    with crash_after("TransactWriteItems"):
        issue_tickets(system)
    [pending] = stored_items(system, "ticket")

    response = system.http(f"GET /v1/tickets/{pending['id']}", by=OWNER)
    drawing = system.http(f"GET /v1/tickets/{pending['id']}/qr", by=OWNER)

    assert (response.json["status"], response.json["code"], response.json["qr_payload"]) == ("PENDING", None, None)
    assert (drawing.status, drawing.problem, drawing.headers["retry-after"]) == (409, "not-issued", "1")


@pytest.mark.parametrize("call", ["GET /v1/tickets/{}", "GET /v1/tickets/{}/qr"])
def test_foreign_unknown_and_malformed_ids_get_same_response(system: System, call: str) -> None:
    booking = issue_tickets(system)
    [stored] = stored_items(system, "ticket")
    attempts = [(stored["id"], Person()), (stored["id"], Person("admin")), ("nothing", OWNER), ("x" * 200, OWNER)]
    attempts += [(booking.booking_id, OWNER), (EVENT, OWNER), ("%F0%9F%8E%AB", OWNER)]

    responses = [system.http(call.format(one), by=by) for one, by in attempts]

    assert {(one.status, one.problem) for one in responses} == {(404, "ticket-not-found")}


def test_tickets_are_listed_in_pages_to_owner_only(system: System) -> None:
    issue_tickets(system, 3)
    issue_tickets(system, 2)
    system.deliver(booking_confirmed(2), ON_CONFIRMED)
    own_ids = {one["id"] for one in stored_items(system, "ticket") if one["user_id"] == OWNER.user_id}

    first = system.http("GET /v1/tickets", by=OWNER, query={"limit": "3"}).json
    second = system.http("GET /v1/tickets", by=OWNER, query={"limit": "3", "next_token": first["next_token"]}).json
    previous = system.http(
        "GET /v1/tickets", by=OWNER, query={"limit": "3", "previous_token": second["previous_token"]}
    ).json

    assert [len(page["items"]) for page in (first, second)] == [3, 2]
    assert {one["id"] for one in first["items"] + second["items"]} == own_ids
    assert second["next_token"] is None
    assert previous["items"] == first["items"]
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
def test_invalid_list_query_is_rejected(system: System, query: dict[str, str], status: int) -> None:
    assert system.http("GET /v1/tickets", by=OWNER, query=query).status == status


def test_page_token_of_other_user_is_rejected(system: System) -> None:
    issue_tickets(system, 2)
    token = system.http("GET /v1/tickets", by=OWNER, query={"limit": "1"}).json["next_token"]

    response = system.http("GET /v1/tickets", by=Person(), query={"next_token": token})

    assert (response.status, response.problem) == (400, "invalid-page-token")


def test_png_decodes_to_signed_payload(system: System) -> None:
    issue_tickets(system)
    [stored] = stored_items(system, "ticket")

    response = system.http(f"GET /v1/tickets/{stored['id']}/qr", by=OWNER, query={"format": "png"})

    assert (response.status, response.base64) == (200, True)
    assert response.headers["content-type"] == "image/png"
    assert response.headers["cache-control"].startswith("private")
    assert qr_reader.read_text(base64.b64decode(response.text)) == stored["qr_payload"]


def test_svg_decodes_to_signed_payload(system: System) -> None:
    issue_tickets(system)
    [stored] = stored_items(system, "ticket")

    default = system.http(f"GET /v1/tickets/{stored['id']}/qr", by=OWNER)
    explicit = system.http(f"GET /v1/tickets/{stored['id']}/qr", by=OWNER, query={"format": "svg"})

    assert default.headers["content-type"] == "image/svg+xml"
    assert default.text == explicit.text
    assert qr_reader.read_text(rasterise_svg(base64.b64decode(default.text).decode())) == stored["qr_payload"]


def rasterise_svg(svg: str) -> bytes:
    """The SVG as PNG: segno draws dark runs as relative moves and horizontal strokes."""
    size, scale = int(re.findall(r'width="(\d+)"', svg)[0]), 8
    image = Image.new("L", (size // scale, size // scale), 255)
    # The dark modules are the stroked path.
    path = re.findall(r'<path[^>]*stroke="#000"[^>]*d="([^"]+)"|<path[^>]*d="([^"]+)"[^>]*stroke="#000"', svg)[0]
    x = y = 0.0
    for command, numbers in re.findall(r"([Mmh])\s*([-\d.\s]+)", "".join(path)):
        values = [float(one) for one in numbers.split()]
        if command == "M":
            x, y = values
        elif command == "m":
            x, y = x + values[0], y + values[1]
        else:
            for offset in range(int(values[0])):
                image.putpixel((int(x) + offset, int(y)), 0)
            x += values[0]
    buffer = io.BytesIO()
    image.resize((size, size), Image.Resampling.NEAREST).save(buffer, "PNG")
    return buffer.getvalue()


def test_unknown_image_format_is_rejected(system: System) -> None:
    issue_tickets(system)
    [stored] = stored_items(system, "ticket")

    response = system.http(f"GET /v1/tickets/{stored['id']}/qr", by=OWNER, query={"format": "gif"})

    assert response.status == 422


def test_void_ticket_is_shown_without_qr_code(system: System) -> None:
    system.deliver(booking_cancelled(issue_tickets(system)), ON_CANCELLED)
    [stored] = stored_items(system, "ticket")

    response = system.http(f"GET /v1/tickets/{stored['id']}/qr", by=OWNER)

    assert system.http(f"GET /v1/tickets/{stored['id']}", by=OWNER).json["status"] == "VOID"
    assert (response.status, response.problem) == (409, "ticket-void")


def test_rejected_ticket_has_no_qr_code_nor_retry_after(system: System) -> None:
    system.deliver(event_terms(status="CANCELLED"), "ticket.on_event_changed")
    issue_tickets(system)
    [stored] = stored_items(system, "ticket")

    response = system.http(f"GET /v1/tickets/{stored['id']}/qr", by=OWNER)

    assert (response.status, response.problem) == (409, "not-issued")
    assert "retry-after" not in response.headers


def test_email_has_every_ticket_with_readable_qr_code(system: System) -> None:
    system.deliver(event_terms(), "ticket.on_event_changed")
    booking = issue_tickets(system, 2)
    stored = {one["id"]: one for one in stored_items(system, "ticket")}

    response = render_tickets(system, booking.booking_id)

    assert (response.event_name, response.venue, response.city, response.zone) == (
        "Élan, Vital",
        "Große Halle",
        "Zürich",
        "Europe/Zurich",
    )
    assert {one.ticket_id for one in response.tickets} == set(stored)
    for one in response.tickets:
        assert (one.type_name, one.code) == ("Floor", stored[one.ticket_id]["code"])
        assert qr_reader.read_text(base64.b64decode(one.qr_png)) == stored[one.ticket_id]["qr_payload"]


def test_calendar_has_event_name_time_and_place(system: System) -> None:
    system.deliver(event_terms(), "ticket.on_event_changed")
    first, second = (render_tickets(system, issue_tickets(system).booking_id).calendar for _ in range(2))

    [entry] = Calendar.from_ical(first).walk("VEVENT")
    assert entry["SUMMARY"] == "Élan, Vital"
    assert entry["LOCATION"] == "Große Halle, Zürich"
    assert entry.decoded("DTSTART") == datetime(2026, 6, 1, 18, tzinfo=UTC)
    assert entry.decoded("DTEND") == datetime(2026, 6, 1, 21, tzinfo=UTC)
    assert str(entry["UID"]) == f"{EVENT}@ticketing"
    assert "DTSTAMP" in entry
    assert first == second


def test_email_excludes_void_tickets(system: System) -> None:
    system.deliver(event_terms(), "ticket.on_event_changed")
    booking, other = issue_tickets(system, 2), issue_tickets(system)
    system.deliver(booking_cancelled(booking), ON_CANCELLED)

    response = render_tickets(system, booking.booking_id)

    assert (response.tickets, response.event_name) == ((), "Élan, Vital")
    assert len(render_tickets(system, other.booking_id).tickets) == 1


@pytest.mark.parametrize(("missing", "reason"), [("everything", "tickets"), ("codes", "tickets"), ("event", "event")])
def test_rendering_of_unfinished_tickets_is_not_ready(system: System, missing: str, reason: str) -> None:
    booking = booking_confirmed()
    if missing == "codes":
        system.deliver(event_terms(), "ticket.on_event_changed")
        with crash_after("TransactWriteItems"):
            system.deliver(booking, ON_CONFIRMED)
    elif missing == "event":
        system.deliver(booking, ON_CONFIRMED)

    with pytest.raises(NotReady, match=f"^{reason}$"):
        render_tickets(system, booking.booking_id)
