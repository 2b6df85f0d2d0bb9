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
    return caller.manages(event["organiser_id"]) or caller.user_id in event["staff"]


def organiser_of(caller: Caller, event_id: str) -> Item:
    """The event, which is the caller's to manage. Raises EventUnknown."""
    event = repository.event(event_id)
    if not event or not caller.manages(event["organiser_id"]):
        raise EventUnknown
    return event


def organised(caller: Caller, ticket_id: str) -> tuple[Item, str]:
    """The ticket of an event that is the caller's to manage, and how its log names them. Raises TicketUnknown."""
    ticket = repository.ticket(ticket_id)
    event = repository.event(ticket["event_id"]) if ticket else None
    if not ticket or not event or not caller.manages(event["organiser_id"]):
        raise TicketUnknown
    return ticket, caller.actor(event["organiser_id"])


def seen(caller: Caller, ticket_id: str) -> Item:
    """The ticket of the caller's own, or of an event that they organise. Raises TicketUnknown."""
    ticket = repository.ticket(ticket_id)
    if ticket and ticket["user_id"] == caller.user_id:
        return ticket
    return organised(caller, ticket_id)[0]
