"""The ticket to print and the event for a calendar."""

import base64
import re
import zlib
from datetime import UTC, datetime
from typing import Any

import pytest
from icalendar import Calendar
from PIL import Image, ImageDraw
from zxingcpp import read_barcodes

from tests.component.test_ticket_issuing import CANCELLED, EVENT, at_noon, cancelled, dying, items, terms
from tests.component.test_ticket_showing import OWNER, issued
from tests.support.system import Person, Reply, System

__all__ = ["at_noon"]
CALLS = ("pdf", "calendar")


def paper(system: System, kind: str, *, by: Person = OWNER) -> Reply:
    [stored] = items(system, "ticket")
    return system.http(f"GET /v1/tickets/{stored['id']}/{kind}", by=by)


def content(answer: Reply) -> bytes:
    """What the page draws."""
    [packed] = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", base64.b64decode(answer.text), re.DOTALL)
    return zlib.decompress(packed)


def seen(drawing: bytes) -> str:
    """What a scanner reads off the page's squares."""
    picture = Image.new("L", (595 * 3, 842 * 3), 255)
    for square in re.findall(rb"([\d.]+) ([\d.]+) ([\d.]+) ([\d.]+) re", drawing):
        x, y, width, height = (float(one) * 3 for one in square)
        ImageDraw.Draw(picture).rectangle((x, 842 * 3 - y - height, x + width, 842 * 3 - y), fill=0)
    [found] = read_barcodes(picture)
    return str(found.text)


def test_the_page_has_the_qr_code_and_all_that_a_person_reads(system: System) -> None:
    system.deliver(terms(), "ticket.keep_event")
    issued(system)
    [stored] = items(system, "ticket")

    answer = paper(system, "pdf")

    assert (answer.status, answer.headers["content-type"]) == (200, "application/pdf")
    assert base64.b64decode(answer.text).startswith(b"%PDF-1.7")
    drawing = content(answer)
    for said in ("Élan, Vital", "2026-06-01 20:00 \\(Europe/Zurich\\)", "Große Halle, Zürich", "Floor", stored["code"]):
        assert f"({said})".encode("cp1252") in drawing
    assert seen(drawing) == stored["qr_payload"]


def test_the_page_says_when_the_doors_open(system: System) -> None:
    system.deliver(terms(doors_at=datetime(2026, 6, 1, 17, tzinfo=UTC)), "ticket.keep_event")
    issued(system)

    assert b"(Doors: 2026-06-01 19:00)" in content(paper(system, "pdf"))


def test_what_the_font_lacks_is_spelled_as_well_as_it_can(system: System) -> None:
    system.deliver(terms(name="Nguyễn – Dvořák (東)"), "ticket.keep_event")
    issued(system)

    assert "(Nguyen – Dvorák \\(?\\))".encode("cp1252") in content(paper(system, "pdf"))


def test_the_calendar_is_that_of_the_mail(system: System) -> None:
    system.deliver(terms(), "ticket.keep_event")
    issued(system)

    answer = paper(system, "calendar")

    assert (answer.status, answer.headers["content-type"]) == (200, "text/calendar; charset=utf-8")
    [entry] = Calendar.from_ical(base64.b64decode(answer.text).decode()).walk("VEVENT")
    assert (entry["SUMMARY"], str(entry["UID"])) == ("Élan, Vital", f"{EVENT}@ticketing")


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
