"""Who comes to an event: all of its tickets, the newest first, whoever holds them."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from common import clock
from common.cursor import Page, Sharded
from common.paging import Paging
from ticket.core.model import State
from ticket.core.repository import TABLE

LIST = Sharded(TABLE, "by_event", "attendee_of", "attendee_as")


def page(event_id: str, paging: Paging, status: State | None) -> Page:
    """One page of them, or what is in that state of it."""
    found = LIST.page(event_id, limit=paging.limit, token=paging.token)
    return replace(found, items=[one for one in found.items if status in (None, one["status"])])


def place(ticket: Mapping[str, Any]) -> dict[str, str]:
    """Where a new ticket stands in its event's list, from here on."""
    return {
        "attendee_of": LIST.key(ticket["event_id"], ticket["id"]),
        "attendee_as": f"{clock.iso(clock.now())}#{ticket['id']}",
    }
