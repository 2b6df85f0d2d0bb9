"""The ticket to print: one page, what stands on it and where."""

import base64
import re
import zlib
from datetime import UTC, datetime

import pytest
from PIL import Image, ImageDraw

from infra import topology
from local import scanner
from tests.component.test_ticket_issuing import at_noon, items, terms
from tests.component.test_ticket_papers import paper
from tests.component.test_ticket_showing import issued
from tests.support.system import Reply, System

__all__ = ["at_noon"]


def content(answer: Reply) -> bytes:
    """What the page draws."""
    [packed] = re.findall(rb"stream\n(.*?)\nendstream", base64.b64decode(answer.text), re.DOTALL)
    return zlib.decompress(packed)


def seen(drawing: bytes) -> str:
    """What a scanner reads off the page's squares."""
    picture = Image.new("L", (595 * 3, 842 * 3), 255)
    for square in squares(drawing):
        x, y, width, height = (one * 3 for one in square)
        ImageDraw.Draw(picture).rectangle((x, 842 * 3 - y - height, x + width, 842 * 3 - y), fill=0)
    return scanner.text(picture)


def lines(drawing: bytes) -> list[tuple[str, float, float, float]]:
    """The page's lines: what, in which size, how far from the left and how far from the bottom."""
    found, size, x, y = list[tuple[str, float, float, float]](), 0.0, 0.0, 0.0
    for line in drawing.decode("cp1252").splitlines():
        *words, operator = line.split(" ")
        if operator == "Tf":
            assert words[0] == "/F"
            size = float(words[1])
        elif operator == "Tm":
            assert words[:4] == ["1", "0", "0", "1"]  # neither turned nor stretched
            x, y = map(float, words[4:])
        elif operator == "Td":
            x, y = x + float(words[0]), y + float(words[1])
        elif operator == "Tj":
            found.append((re.sub(r"\\(.)", r"\1", " ".join(words)[1:-1]), size, x, y))
    return found


def squares(drawing: bytes) -> list[tuple[float, ...]]:
    """The page's squares: how far from the left and from the bottom, how wide and how high."""
    found = re.findall(rb"([\d.]+) ([\d.]+) ([\d.]+) ([\d.]+) re\n", drawing)
    return [tuple(map(float, one)) for one in found]


def test_the_page_has_the_qr_code_and_all_that_a_person_reads(system: System) -> None:
    system.deliver(terms(), "ticket.keep_event")
    issued(system)
    [stored] = items(system, "ticket")
    named = {"holder_name": "Ada (Lovelace)", "seat": "Row 3, 12", "note": "not hers to read"}
    system.alter(topology.TICKETS, stored["pk"], "ticket", **named)

    answer = paper(system, "pdf")

    assert (answer.status, answer.headers["content-type"]) == (200, "application/pdf")
    drawing = content(answer)
    assert lines(drawing) == [
        ("Élan, Vital", 22, 60, 780),
        ("2026-06-01 20:00 (Europe/Zurich)", 12, 60, 690),
        ("Große Halle, Zürich", 12, 60, 672),
        ("Floor", 12, 60, 654),
        ("Name: Ada (Lovelace)", 12, 60, 636),
        ("Seat: Row 3, 12", 12, 60, 618),
        (stored["code"], 14, 60, 270),
    ]
    assert seen(drawing) == stored["qr_payload"]


def test_the_qr_code_is_ten_centimetres_between_the_lines_and_without_gaps(system: System) -> None:
    system.deliver(terms(), "ticket.keep_event")
    issued(system)

    drawn = squares(content(paper(system, "pdf")))

    side = drawn[0][2]
    assert {(width, height) for _, _, width, height in drawn} == {(side, side)}
    assert (min(x for x, *_ in drawn), max(x for x, *_ in drawn) + side) == pytest.approx((60, 340), abs=0.05)
    assert (min(y for _, y, *_ in drawn), max(y for _, y, *_ in drawn) + side) == pytest.approx((290, 570), abs=0.05)
    modules = round(280 / side)
    places = [(each - start) * modules / 280 for x, y, *_ in drawn for each, start in ((x, 60), (y, 290))]
    assert all(abs(one - round(one)) < 0.01 for one in places)


def test_the_page_is_one_of_a4_in_a_font_that_every_reader_has(system: System) -> None:
    system.deliver(terms(), "ticket.keep_event")
    issued(system)

    page = base64.b64decode(paper(system, "pdf").text)

    assert page.startswith(b"%PDF-1.7")
    assert b"<</Type /Pages/Kids [4 0 R]/Count 1>>" in page
    font = b"<</F <</Type /Font/Subtype /Type1/BaseFont /Helvetica/Encoding /WinAnsiEncoding>>>>"
    assert b"3 0 obj\n<</Filter /FlateDecode" in page
    said = b"<</Type /Page/Parent 1 0 R/MediaBox [0 0 595 842]/Contents 3 0 R/Resources <</Font %s>>>>" % font
    assert b"4 0 obj\n%s\nendobj" % said in page


def test_a_long_name_is_three_lines_and_no_line_leaves_the_page(system: System) -> None:
    words = " ".join(["nine" * 2] * 30)
    system.deliver(terms(name=words, venue="v" * 100), "ticket.keep_event")
    issued(system)

    large = [(said, y) for said, size, _, y in lines(content(paper(system, "pdf"))) if size == 22]
    [venue] = [said for said, *_ in lines(content(paper(system, "pdf"))) if said.startswith("v")]

    assert large == [(" ".join(["nine" * 2] * 4), y) for y in (780, 747, 714)]
    assert venue == "v" * 80


def test_a_type_that_the_event_does_not_name_is_a_ticket(system: System) -> None:
    system.deliver(terms(types=()), "ticket.keep_event")
    issued(system)

    assert lines(content(paper(system, "pdf")))[3][0] == "Ticket"


def test_the_page_says_when_the_doors_open(system: System) -> None:
    system.deliver(terms(doors_at=datetime(2026, 6, 1, 17, tzinfo=UTC)), "ticket.keep_event")
    issued(system)

    assert b"(Doors: 2026-06-01 19:00)" in content(paper(system, "pdf"))


def test_what_the_font_lacks_is_spelled_as_well_as_it_can(system: System) -> None:
    system.deliver(terms(name="Nguyễn – Dvořák (東)"), "ticket.keep_event")
    issued(system)

    assert "(Nguyen – Dvorák \\(?\\))".encode("cp1252") in content(paper(system, "pdf"))
