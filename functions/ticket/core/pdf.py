"""A ticket as one page to print: the QR code, and under it all that a person at the door can read.

The text is in one of the fonts that every reader has, so it knows Western letters only: others lose
their marks, or become a question mark. What admits is the QR code and the ASCII code below it.
"""

import io
import textwrap
import unicodedata
from collections.abc import Iterable
from zoneinfo import ZoneInfo

import pydyf

from common import clock
from common.store import Item
from ticket.core import qr

_WIDTH, _HEIGHT = 595, 842  # A4 in points
_LEFT, _TOP = 60, 780
_QR = 280  # points: 10 cm
_PRINTED = {"holder_name": "Name", "seat": "Seat"}


def document(ticket: Item, event: Item, code: str) -> bytes:
    """The page, in the fonts and colours of any printer; the same ticket gives the same bytes."""
    pdf, page = pydyf.PDF(), pydyf.Stream(compress=True)
    _text(page, 22, _TOP, textwrap.wrap(event["name"], 40)[:3])
    _text(page, 12, _TOP - 90, _about(ticket, event))
    _squares(page, qr.modules(ticket["qr_payload"]), top=_TOP - 210)
    _text(page, 14, _TOP - 230 - _QR, [code])
    pdf.add_object(page)
    pdf.add_page(_page(pdf, page))
    written = io.BytesIO()
    pdf.write(written)
    return written.getvalue()


def _about(ticket: Item, event: Item) -> list[str]:
    lines = [f"{_local(event, 'starts_at')} ({event['zone']})", f"{event['venue']}, {event['city']}"]
    lines += [f"Doors: {_local(event, 'doors_at')}"] if event.get("doors_at") else []
    lines.append(event["types"].get(ticket["event_type_id"], "Ticket"))
    return lines + [f"{said}: {ticket[name]}" for name, said in _PRINTED.items() if ticket.get(name)]


def _local(event: Item, name: str) -> str:
    return f"{clock.parse(event[name]).astimezone(ZoneInfo(event['zone'])):%Y-%m-%d %H:%M}"


def _text(page: pydyf.Stream, size: int, top: int, lines: Iterable[str]) -> None:
    page.begin_text()
    page.set_font_size("F", size)
    page.set_text_matrix(1, 0, 0, 1, _LEFT, top)
    for line in lines:
        page.show_text_string(_western(line[:80]))
        page.move_text_to(0, -size * 1.5)
    page.end_text()


def _western(line: str) -> bytes:
    try:
        return line.encode("cp1252")
    except UnicodeEncodeError:
        return "".join(map(_letter, line)).encode("cp1252")


def _letter(char: str) -> str:
    plain = "".join(one for one in unicodedata.normalize("NFKD", char) if not unicodedata.combining(one))
    for said in (char, plain):
        if said == said.encode("cp1252", "ignore").decode("cp1252"):
            return said
    return "?"


def _squares(page: pydyf.Stream, rows: list[bytearray], *, top: int) -> None:
    side = _QR / len(rows)
    for at, row in enumerate(rows):
        for column, dark in enumerate(row):
            if dark:
                page.rectangle(round(_LEFT + column * side, 2), round(top - (at + 1) * side, 2), *[round(side, 2)] * 2)
    page.fill()


def _page(pdf: pydyf.PDF, content: pydyf.Stream) -> pydyf.Dictionary:
    font = pydyf.Dictionary(
        {"Type": "/Font", "Subtype": "/Type1", "BaseFont": "/Helvetica", "Encoding": "/WinAnsiEncoding"}
    )
    return pydyf.Dictionary(
        {
            "Type": "/Page",
            "Parent": pdf.pages.reference,
            "MediaBox": pydyf.Array([0, 0, _WIDTH, _HEIGHT]),
            "Contents": content.reference,
            "Resources": pydyf.Dictionary({"Font": pydyf.Dictionary({"F": font})}),
        }
    )
