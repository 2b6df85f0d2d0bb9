"""The ticket as PDF: one page, its content and layout."""

import base64
import re
import zlib
from datetime import UTC, datetime

import pytest
from PIL import Image, ImageDraw

from infra import topology
from local import qr_reader
from tests.support.drivers.ticket_driver import event_terms, get_document, issue_tickets, stored_items
from tests.support.system.system import HttpResponse, System


def page_content(response: HttpResponse) -> bytes:
    """The page's content stream."""
    [packed] = re.findall(rb"stream\n(.*?)\nendstream", base64.b64decode(response.text), re.DOTALL)
    return zlib.decompress(packed)


def scanned_text(drawing: bytes) -> str:
    """The text that a scanner reads from the page's squares."""
    image = Image.new("L", (595 * 3, 842 * 3), 255)
    for square in drawn_squares(drawing):
        x, y, width, height = (one * 3 for one in square)
        ImageDraw.Draw(image).rectangle((x, 842 * 3 - y - height, x + width, 842 * 3 - y), fill=0)
    return qr_reader.read_text(image)


def text_lines(drawing: bytes) -> list[tuple[str, float, float, float]]:
    """The page's lines: text, font size, x and y in points from the bottom left."""
    text, size, x, y = list[tuple[str, float, float, float]](), 0.0, 0.0, 0.0
    for line in drawing.decode("cp1252").splitlines():
        *words, operator = line.split(" ")
        if operator == "Tf":
            assert words[0] == "/F"
            size = float(words[1])
        elif operator == "Tm":
            assert words[:4] == ["1", "0", "0", "1"]  # neither rotated nor scaled
            x, y = map(float, words[4:])
        elif operator == "Td":
            x, y = x + float(words[0]), y + float(words[1])
        elif operator == "Tj":
            text.append((re.sub(r"\\(.)", r"\1", " ".join(words)[1:-1]), size, x, y))
    return text


def drawn_squares(drawing: bytes) -> list[tuple[float, ...]]:
    """The page's squares: x, y, width and height in points from the bottom left."""
    rectangles = re.findall(rb"([\d.]+) ([\d.]+) ([\d.]+) ([\d.]+) re\n", drawing)
    return [tuple(map(float, one)) for one in rectangles]


def test_pdf_has_qr_code_and_readable_details(system: System) -> None:
    system.deliver(event_terms(), "ticket.on_event_changed")
    issue_tickets(system)
    [stored] = stored_items(system, "ticket")
    details = {"holder_name": "Ada (Lovelace)", "seat": "Row 3, 12", "note": "not hers to read"}
    system.update_item(topology.TICKETS, stored["pk"], "ticket", **details)

    response = get_document(system, "pdf")

    assert (response.status, response.headers["content-type"]) == (200, "application/pdf")
    drawing = page_content(response)
    assert text_lines(drawing) == [
        ("Élan, Vital", 22, 60, 780),
        ("2026-06-01 20:00 (Europe/Zurich)", 12, 60, 690),
        ("Große Halle, Zürich", 12, 60, 672),
        ("Floor", 12, 60, 654),
        ("Name: Ada (Lovelace)", 12, 60, 636),
        ("Seat: Row 3, 12", 12, 60, 618),
        (stored["code"], 14, 60, 270),
    ]
    assert scanned_text(drawing) == stored["qr_payload"]


def test_qr_code_in_pdf_is_ten_centimetres_without_gaps(system: System) -> None:
    system.deliver(event_terms(), "ticket.on_event_changed")
    issue_tickets(system)

    rectangles = drawn_squares(page_content(get_document(system, "pdf")))

    side = rectangles[0][2]
    assert {(width, height) for _, _, width, height in rectangles} == {(side, side)}
    assert (min(x for x, *_ in rectangles), max(x for x, *_ in rectangles) + side) == pytest.approx((60, 340), abs=0.05)
    assert (min(y for _, y, *_ in rectangles), max(y for _, y, *_ in rectangles) + side) == pytest.approx(
        (290, 570), abs=0.05
    )
    modules = round(280 / side)
    positions = [(each - start) * modules / 280 for x, y, *_ in rectangles for each, start in ((x, 60), (y, 290))]
    assert all(abs(one - round(one)) < 0.01 for one in positions)


def test_pdf_is_one_a4_page_in_standard_font(system: System) -> None:
    system.deliver(event_terms(), "ticket.on_event_changed")
    issue_tickets(system)

    page = base64.b64decode(get_document(system, "pdf").text)

    assert page.startswith(b"%PDF-1.7")
    assert b"<</Type /Pages/Kids [4 0 R]/Count 1>>" in page
    font = b"<</F <</Type /Font/Subtype /Type1/BaseFont /Helvetica/Encoding /WinAnsiEncoding>>>>"
    assert b"3 0 obj\n<</Filter /FlateDecode" in page
    page_object = b"<</Type /Page/Parent 1 0 R/MediaBox [0 0 595 842]/Contents 3 0 R/Resources <</Font %s>>>>" % font
    assert b"4 0 obj\n%s\nendobj" % page_object in page


def test_long_name_wraps_within_pdf_page(system: System) -> None:
    name = " ".join(["nine" * 2] * 30)
    system.deliver(event_terms(name=name, venue="v" * 100), "ticket.on_event_changed")
    issue_tickets(system)

    large = [(text, y) for text, size, _, y in text_lines(page_content(get_document(system, "pdf"))) if size == 22]
    [venue] = [text for text, *_ in text_lines(page_content(get_document(system, "pdf"))) if text.startswith("v")]

    assert large == [(" ".join(["nine" * 2] * 4), y) for y in (780, 747, 714)]
    assert venue == "v" * 80


def test_missing_type_name_falls_back_to_ticket(system: System) -> None:
    system.deliver(event_terms(types=()), "ticket.on_event_changed")
    issue_tickets(system)

    assert text_lines(page_content(get_document(system, "pdf")))[3][0] == "Ticket"


def test_pdf_shows_door_time(system: System) -> None:
    system.deliver(event_terms(doors_at=datetime(2026, 6, 1, 17, tzinfo=UTC)), "ticket.on_event_changed")
    issue_tickets(system)

    assert b"(Doors: 2026-06-01 19:00)" in page_content(get_document(system, "pdf"))


def test_characters_missing_in_font_are_transliterated(system: System) -> None:
    system.deliver(event_terms(name="Nguyễn – Dvořák (東)"), "ticket.on_event_changed")
    issue_tickets(system)

    assert "(Nguyen – Dvorák \\(?\\))".encode("cp1252") in page_content(get_document(system, "pdf"))
