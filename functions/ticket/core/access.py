"""Who may check in tickets of an event, manage it, or see a ticket. Without access, nothing is disclosed: 404."""

from common.api import Caller
from common.store import Item
from ticket.core import event_copy, repository
from ticket.core.errors import EventNotFound, TicketNotFound


def event_for_staff(caller: Caller, event_id: str) -> Item:
    """The event, if the caller may check in its tickets. Raises EventNotFound."""
    event = event_copy.find(event_id)
    if not event or not _can_admit(caller, event):
        raise EventNotFound
    return event


def _can_admit(caller: Caller, event: Item) -> bool:
    return caller.can_manage(event["organiser_id"]) or caller.user_id in event["staff"]


def event_for_organiser(caller: Caller, event_id: str) -> Item:
    """The event, if the caller may manage it. Raises EventNotFound."""
    event = event_copy.find(event_id)
    if not event or not caller.can_manage(event["organiser_id"]):
        raise EventNotFound
    return event


def get_managed_ticket(caller: Caller, ticket_id: str) -> tuple[Item, str]:
    """A ticket of an event that the caller may manage, and the caller's name in its log. Raises TicketNotFound."""
    ticket = repository.find_ticket(ticket_id)
    event = event_copy.find(ticket["event_id"]) if ticket else None
    if not ticket or not event or not caller.can_manage(event["organiser_id"]):
        raise TicketNotFound
    return ticket, caller.audit_name(event["organiser_id"])


def get_visible_ticket(caller: Caller, ticket_id: str) -> Item:
    """A ticket that the caller owns or whose event they may manage. Raises TicketNotFound."""
    ticket = repository.find_ticket(ticket_id)
    if ticket and ticket["user_id"] == caller.user_id:
        return ticket
    return get_managed_ticket(caller, ticket_id)[0]
