"""The tickets of an event, newest first, in every state: as pages and as CSV."""

import csv
import io
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from common import clock
from common.pagination.paginator import Page, PageParams, ShardedPaginator
from common.store import Item
from ticket.core.model import State
from ticket.core.repository import TABLE

BY_EVENT = ShardedPaginator(TABLE, "by_event", "attendee_of", "attendee_as")
CSV_COLUMNS = ("ticket_id", "booking_id", "type", "seat", "holder_name", "status", "checked_in_at", "note")
_MAX_CSV_BYTES = 3_000_000  # a Lambda response holds 6 MB, and base64 adds a third
_QUERY_LIMIT = 250  # tickets per query
# Spreadsheets run a cell that starts with one of these as a formula (OWASP, CSV injection).
_FORMULA_PREFIXES = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def by_event(event_id: str, paging: PageParams, status: State | None) -> Page:
    """One page of tickets; with a status, those of the page that are in that state."""
    result = BY_EVENT.page(event_id, limit=paging.limit, token=paging.token)
    return replace(result, items=[one for one in result.items if status in (None, one["status"])])


def list_keys(ticket: Mapping[str, Any]) -> dict[str, str]:
    """The index keys of a new ticket in its event's list; they never change."""
    return {
        "attendee_of": BY_EVENT.shard_key(ticket["event_id"], ticket["id"]),
        "attendee_as": f"{clock.iso(clock.now())}#{ticket['id']}",
    }


def csv_page(event: Item, token: str | None) -> tuple[bytes, str | None]:
    """As many rows from the token on as one response holds, and the token of the next page or None."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    writer.writerow(CSV_COLUMNS)
    while True:
        page = BY_EVENT.page(event["pk"], limit=_QUERY_LIMIT, token=token)
        writer.writerows(_csv_row(one, event["types"]) for one in page.items)
        content, token = buffer.getvalue().encode(), page.next_token
        if token is None or len(content) > _MAX_CSV_BYTES:
            return content, token


def _csv_row(ticket: Item, types: Mapping[str, str]) -> list[str]:
    fields = ticket | {"ticket_id": ticket["id"], "type": types.get(ticket["event_type_id"])}
    return [_csv_cell(fields.get(name)) for name in CSV_COLUMNS]


def _csv_cell(value: Any) -> str:
    """The value as text; a leading apostrophe keeps a spreadsheet from running it as a formula."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA_PREFIXES) else text
