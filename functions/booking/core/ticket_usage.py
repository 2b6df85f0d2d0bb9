"""Tracks check-ins and transfers of a booking's tickets: used tickets block a refund by the buyer.

Ticket events arrive more than once and in any order. The ticket's version orders its check-in events; a transferred
ticket is superseded for good, and its successor has an id of its own.
"""

from booking.core import model, repository
from booking.core.model import Booking, TicketUsage, Trigger, UsageByTicket
from common import log
from common.bus.ticket import TicketCheckedIn, TicketCheckInUndone, TicketTransferred
from common.retries import Contention
from common.store import ConditionFailed

TicketEvent = TicketCheckedIn | TicketCheckInUndone | TicketTransferred
_TRIES = 8  # tickets of one booking are often checked in within the same second


def with_check_in(usages: UsageByTicket, ticket_id: str, version: int, *, is_checked_in: bool) -> UsageByTicket:
    """The usages after a check-in event of this ticket version; an older event changes nothing."""
    usage = usages.get(ticket_id, TicketUsage())
    if usage.version >= version:
        return usages
    return {**usages, ticket_id: usage.model_copy(update={"version": version, "checked_in": is_checked_in})}


def with_transfer(
    usages: UsageByTicket, from_ticket_id: str, to_ticket_id: str, *, to_other_user: bool
) -> UsageByTicket:
    """The usages after a transfer, which replaces one ticket by another: another user's, or the buyer's own again."""
    old_usage = usages.get(from_ticket_id, TicketUsage()).model_copy(update={"superseded": True, "transferred": False})
    new_usage = usages.get(to_ticket_id, TicketUsage())
    new_usage = new_usage.model_copy(update={"transferred": to_other_user and not new_usage.superseded})
    return {**usages, from_ticket_id: old_usage, to_ticket_id: new_usage}


def record_ticket_event(event: TicketEvent) -> None:
    """Record the event with its booking. Raises Contention if other writers keep winning."""
    for _ in range(_TRIES):
        booking = repository.get(event.booking_id)
        usage = _updated_usage(booking, event)
        if usage == booking.ticket_usage:
            return
        try:
            repository.save_ticket_usage(booking, booking.model_copy(update={"ticket_usage": usage}))
        except ConditionFailed:
            continue
        if _was_cancelled_by_buyer(booking) and (model.checked_in_tickets(usage) or model.transferred_tickets(usage)):
            log.count("LateTicketUsage")
        return
    raise Contention(f"ticket usage of booking {event.booking_id} keeps changing")


def _was_cancelled_by_buyer(booking: Booking) -> bool:
    return any(line["action"] == Trigger.CANCEL_BY_POLICY for line in booking.logs)


def _updated_usage(booking: Booking, event: TicketEvent) -> UsageByTicket:
    if isinstance(event, TicketTransferred):
        to_other_user = event.user_id != booking.user_id
        return with_transfer(booking.ticket_usage, event.from_ticket_id, event.ticket_id, to_other_user=to_other_user)
    is_checked_in = isinstance(event, TicketCheckedIn)
    return with_check_in(booking.ticket_usage, event.ticket_id, event.version, is_checked_in=is_checked_in)
