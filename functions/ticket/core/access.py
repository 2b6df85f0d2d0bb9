"""Whose event it is: who may admit at its door, and who may change its tickets."""

from common.api import Caller
from common.store import Item
from ticket.core import repository
from ticket.core.errors import EventUnknown


def at_door(caller: Caller, event_id: str) -> Item:
    """The event that the caller admits to. Raises EventUnknown."""
    # Whoever has no part in the event learns nothing of it, not even whether it is there.
    event = repository.event(event_id)
    if not event or not _works_there(caller, event):
        raise EventUnknown
    return event


def _works_there(caller: Caller, event: Item) -> bool:
    return caller.user_id in (event["organiser_id"], *event["staff"]) or "admin" in caller.roles
