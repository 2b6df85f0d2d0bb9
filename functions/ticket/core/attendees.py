"""Who comes to an event: all of its tickets, the newest first, whoever holds them."""

from collections.abc import Mapping
from typing import Any

from common import clock
from common.cursor import Sharded
from ticket.core.repository import TABLE

LIST = Sharded(TABLE, "by_event", "attendee_of", "attendee_as")


def place(ticket: Mapping[str, Any]) -> dict[str, str]:
    """Where a new ticket stands in its event's list, from here on."""
    return {
        "attendee_of": LIST.key(ticket["event_id"], ticket["id"]),
        "attendee_as": f"{clock.iso(clock.now())}#{ticket['id']}",
    }
