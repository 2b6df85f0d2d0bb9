"""A ticket as one A4 page to print: event and holder, the QR code and the opaque code.

The font is a standard PDF font and covers Western letters only: other letters lose their diacritics or
become a question mark. QR code and opaque code are not affected.
"""

import io
import textwrap
import unicodedata
from collections.abc import Iterable
from zoneinfo import ZoneInfo

import pydyf

from common import clock
from common.store import Item
from ticket.core.rendering import qr

_WIDTH, _HEIGHT = 595, 842  # A4 in points
_LEFT, _TOP = 60, 780
_QR = 280  # points: 10 cm
_PRINTED_FIELDS = {"holder_name": "Name", "seat": "Seat"}


def document(ticket: Item, event: Item, code: str) -> bytes:
    """The PDF file. Deterministic."""
    pdf, page = pydyf.PDF(), pydyf.Stream(compress=True)
    _draw_lines(page, 22, _TOP, textwrap.wrap(event["name"], 40)[:3])
    _draw_lines(page, 12, _TOP - 90, _event_lines(ticket, event))
    _draw_modules(page, qr.modules(ticket["qr_payload"]), top=_TOP - 210)
    _draw_lines(page, 14, _TOP - 230 - _QR, [code])
    pdf.add_object(page)
    pdf.add_page(_page_object(pdf, page))
    buffer = io.BytesIO()
    pdf.write(buffer)
    return buffer.getvalue()


def _event_lines(ticket: Item, event: Item) -> list[str]:
    lines = [f"{_local_time(event, 'starts_at')} ({event['zone']})", f"{event['venue']}, {event['city']}"]
    lines += [f"Doors: {_local_time(event, 'doors_at')}"] if event.get("doors_at") else []
    lines.append(event["types"].get(ticket["event_type_id"], "Ticket"))
    return lines + [f"{label}: {ticket[name]}" for name, label in _PRINTED_FIELDS.items() if ticket.get(name)]


def _local_time(event: Item, name: str) -> str:
    return f"{clock.parse(event[name]).astimezone(ZoneInfo(event['zone'])):%Y-%m-%d %H:%M}"


def _draw_lines(page: pydyf.Stream, size: int, top: int, lines: Iterable[str]) -> None:
    page.begin_text()
    page.set_font_size("F", size)
    page.set_text_matrix(1, 0, 0, 1, _LEFT, top)
    for line in lines:
        page.show_text_string(_encode_cp1252(line[:80]))
        page.move_text_to(0, -size * 1.5)
    page.end_text()


def _encode_cp1252(line: str) -> bytes:
    try:
        return line.encode("cp1252")
    except UnicodeEncodeError:
        return "".join(map(_transliterate, line)).encode("cp1252")


def _transliterate(char: str) -> str:
    base = "".join(one for one in unicodedata.normalize("NFKD", char) if not unicodedata.combining(one))
    for candidate in (char, base):
        if candidate == candidate.encode("cp1252", "ignore").decode("cp1252"):
            return candidate
    return "?"


def _draw_modules(page: pydyf.Stream, rows: list[bytearray], *, top: int) -> None:
    side = _QR / len(rows)
    for row_index, row in enumerate(rows):
        for column, dark in enumerate(row):
            if dark:
                page.rectangle(
                    round(_LEFT + column * side, 2), round(top - (row_index + 1) * side, 2), *[round(side, 2)] * 2
                )
    page.fill()


def _page_object(pdf: pydyf.PDF, content: pydyf.Stream) -> pydyf.Dictionary:
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
