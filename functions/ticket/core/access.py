"""Whose event it is: who may admit at its door, and who may change its tickets."""

from common.api import Caller
from common.store import Item
from ticket.core import repository
from ticket.core.errors import EventUnknown, TicketUnknown


def at_door(caller: Caller, event_id: str) -> Item:
    """The event that the caller admits to. Raises EventUnknown."""
    # Whoever has no part in the event learns nothing of it, not even whether it is there.
    event = repository.event(event_id)
    if not event or not _works_there(caller, event):
        raise EventUnknown
    return event


def _works_there(caller: Caller, event: Item) -> bool:
    return caller.user_id in (event["organiser_id"], *event["staff"]) or "admin" in caller.roles


def organiser_of(caller: Caller, event_id: str) -> Item:
    """The event that the caller organises. Raises EventUnknown."""
    event = repository.event(event_id)
    if not event or not _organises(caller, event):
        raise EventUnknown
    return event


def organised(caller: Caller, ticket_id: str) -> Item:
    """The ticket of an event that the caller organises. Raises TicketUnknown."""
    ticket = repository.ticket(ticket_id)
    event = repository.event(ticket["event_id"]) if ticket else None
    if not ticket or not event or not _organises(caller, event):
        raise TicketUnknown
    return ticket


def seen(caller: Caller, ticket_id: str) -> Item:
    """The ticket of the caller's own, or of an event that they organise. Raises TicketUnknown."""
    ticket = repository.ticket(ticket_id)
    if ticket and ticket["user_id"] == caller.user_id:
        return ticket
    return organised(caller, ticket_id)


def _organises(caller: Caller, event: Item) -> bool:
    return caller.user_id == event["organiser_id"] or "admin" in caller.roles
