"""The ticket to print and the event for a calendar."""

import base64
from typing import Any

import pytest

from tests.component.test_ticket_issuing import CANCELLED, EVENT, at_noon, cancelled, dying, items, terms
from tests.component.test_ticket_showing import OWNER, issued, rendered
from tests.support.system import Person, Reply, System

__all__ = ["at_noon"]
CALLS = ("pdf", "calendar")


def paper(system: System, kind: str, *, by: Person = OWNER) -> Reply:
    [stored] = items(system, "ticket")
    return system.http(f"GET /v1/tickets/{stored['id']}/{kind}", by=by)


def test_the_calendar_is_that_of_the_mail(system: System) -> None:
    system.deliver(terms(event_version=7), "ticket.keep_event")
    booking = issued(system)

    answer = paper(system, "calendar")

    assert (answer.status, answer.headers["content-type"]) == (200, "text/calendar; charset=utf-8")
    document = base64.b64decode(answer.text).decode()
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
    assert document == rendered(system, booking.booking_id).calendar


@pytest.mark.parametrize("kind", CALLS)
def test_a_foreign_and_an_invented_ticket_are_answered_alike(system: System, kind: str) -> None:
    system.deliver(terms(), "ticket.keep_event")
    issued(system)

    answers = [paper(system, kind, by=Person()), system.http(f"GET /v1/tickets/nothing/{kind}", by=OWNER)]

    assert {(one.status, one.problem) for one in answers} == {(404, "ticket-unknown")}


@pytest.mark.parametrize("kind", CALLS)
@pytest.mark.parametrize("made", ["pending", "no event"])
def test_what_is_still_being_made_is_asked_for_again(system: System, kind: str, made: str) -> None:
    if made == "pending":
        system.deliver(terms(), "ticket.keep_event")
        with dying("TransactWriteItems"):
            issued(system)
    else:
        issued(system)

    answer = paper(system, kind)

    assert (answer.status, answer.problem, answer.headers["retry-after"]) == (409, "not-issued", "1")


@pytest.mark.parametrize("kind", CALLS)
def test_a_void_ticket_is_printed_no_more(system: System, kind: str) -> None:
    system.deliver(terms(), "ticket.keep_event")
    booking: Any = issued(system)
    system.deliver(cancelled(booking), CANCELLED)

    answer = paper(system, kind)

    assert (answer.status, answer.problem) == (409, "ticket-void")
