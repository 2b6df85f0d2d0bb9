"""The attendees of an event as a table for a spreadsheet: CSV (RFC 4180) in UTF-8, with a header row."""

import csv
import io
from collections.abc import Mapping
from typing import Any

from common.store import Item
from ticket.core import attendees

COLUMNS = ("ticket_id", "booking_id", "type", "seat", "holder_name", "status", "checked_in_at", "note")
_MOST = 3_000_000  # bytes: Lambda answers with 6 MB, and carries what is not JSON as base64
_AT_ONCE = 250  # tickets of one query
# A cell that begins so is a formula to a spreadsheet (OWASP, CSV injection); an apostrophe makes it text.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def sheet(event: Item, token: str | None) -> tuple[bytes, str | None]:
    """The rows from this place on, as many as one answer carries, and the place of the rest if there is any."""
    text = io.StringIO(newline="")
    lines = csv.writer(text)
    lines.writerow(COLUMNS)
    while True:
        page = attendees.LIST.page(event["pk"], limit=_AT_ONCE, token=token)
        lines.writerows(_row(one, event["types"]) for one in page.items)
        written, token = text.getvalue().encode(), page.next_token
        if token is None or len(written) > _MOST:
            return written, token


def _row(ticket: Item, types: Mapping[str, str]) -> list[str]:
    told = ticket | {"ticket_id": ticket["id"], "type": types.get(ticket["event_type_id"])}
    return [_text(told.get(name)) for name in COLUMNS]


def _text(value: Any) -> str:
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text
