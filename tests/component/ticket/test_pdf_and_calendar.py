"""The ticket as PDF and the event as iCalendar file."""

import base64
from typing import Any

import pytest

from tests.support.drivers.ticket_driver import (
    EVENT,
    ON_CANCELLED,
    OWNER,
    booking_cancelled,
    crash_after,
    event_terms,
    get_document,
    issue_tickets,
    render_tickets,
)
from tests.support.system.system import Person, System

DOCUMENTS = ("pdf", "calendar")


def test_calendar_matches_email_attachment(system: System) -> None:
    system.deliver(event_terms(event_version=7), "ticket.on_event_changed")
    booking = issue_tickets(system)

    response = get_document(system, "calendar")

    assert (response.status, response.headers["content-type"]) == (200, "text/calendar; charset=utf-8")
    document = base64.b64decode(response.text).decode()
    assert document.splitlines() == [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Ticketing//Tickets//EN",
        "METHOD:PUBLISH",
        "BEGIN:VEVENT",
        "SUMMARY:Élan\\, Vital",
        "DTSTART:20260601T180000Z",
        "DTEND:20260601T210000Z",
        "DTSTAMP:20260301T120000Z",
        f"UID:{EVENT}@ticketing",
        "SEQUENCE:7",
        "LOCATION:Große Halle\\, Zürich",
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    assert document == render_tickets(system, booking.booking_id).calendar


@pytest.mark.parametrize("kind", DOCUMENTS)
def test_foreign_and_unknown_ticket_get_same_response(system: System, kind: str) -> None:
    system.deliver(event_terms(), "ticket.on_event_changed")
    issue_tickets(system)

    responses = [get_document(system, kind, by=Person()), system.http(f"GET /v1/tickets/nothing/{kind}", by=OWNER)]

    assert {(one.status, one.problem) for one in responses} == {(404, "ticket-not-found")}


@pytest.mark.parametrize("kind", DOCUMENTS)
@pytest.mark.parametrize("missing", ["pending", "no event"])
def test_document_of_pending_ticket_asks_to_retry(system: System, kind: str, missing: str) -> None:
    if missing == "pending":
        system.deliver(event_terms(), "ticket.on_event_changed")
        with crash_after("TransactWriteItems"):
            issue_tickets(system)
    else:
        issue_tickets(system)

    response = get_document(system, kind)

    assert (response.status, response.problem, response.headers["retry-after"]) == (409, "not-issued", "1")


@pytest.mark.parametrize("kind", DOCUMENTS)
def test_void_ticket_has_no_documents(system: System, kind: str) -> None:
    system.deliver(event_terms(), "ticket.on_event_changed")
    booking: Any = issue_tickets(system)
    system.deliver(booking_cancelled(booking), ON_CANCELLED)

    response = get_document(system, kind)

    assert (response.status, response.problem) == (409, "ticket-void")
