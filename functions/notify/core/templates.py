"""The words of every mail."""

from datetime import datetime
from zoneinfo import ZoneInfo

from common.bus.booking import BookingCancelled, BookingExpired, BookingFailed
from common.bus.payment import PaymentRefunded
from common.calls.ticket import RenderedTicket, RenderedTickets
from common.mail import Letter, Picture
from notify.core.model import Contact, Telling
from notify.core.money import written

_MONEY_BACK = (
    "If you had paid, the whole amount is on its way back to you by the way you paid; you need not do anything."
)
_EXPIRED = "We held your places as long as we could. No payment came in, so they are free for others again."
_COME_AGAIN = "You have not been charged. If you still want to come, simply book again."
_PATIENCE = "Depending on your bank it takes a few days to arrive."
_FAILED = {
    "declined": "The payment was declined, so we could not keep your places.",
    "amount_mismatch": "What was paid was not the amount due, so we could not keep your places.",
    "no_room": "Your payment came after the hold had ended, and by then no places were left.",
    "limit_reached": "Your payment came after the hold had ended, and by then you had as many places as one may have.",
    "sale_closed": "The sale of these tickets closed before your payment came in.",
    "cancelled": "Your payment came after you had cancelled, so there are no places for it.",
}
_CANCELLED = {
    "buyer": "You cancelled your booking. Its places are free for others again, and its tickets admit nobody any more.",
    "ticket_rejected": "We could not make the tickets of your booking, so it is cancelled. We are sorry for that.",
}


def letter(event: Telling, contact: Contact) -> Letter:
    """What the user is told of a bus event that needs nothing beside it."""
    subject, *said = _said(event)
    return Letter(subject, _greeting(contact), (*said, f"Booking: {event.booking_id}"))


def _said(event: Telling) -> tuple[str, str, str]:
    match event:
        case BookingExpired():
            return "Your booking has expired", _EXPIRED, _COME_AGAIN
        case BookingFailed():
            return "Your booking did not go through", _FAILED[event.reason], _MONEY_BACK
        case BookingCancelled():
            return "Your booking is cancelled", _CANCELLED[event.reason], _MONEY_BACK
        case PaymentRefunded():
            sent = f"We have sent {written(event.amount, event.currency)} back by the way you paid."
            return "Your money is on its way back", sent, _PATIENCE
    raise TypeError(type(event).__name__)


def tickets(booking_id: str, rendered: RenderedTickets, contact: Contact) -> Letter:
    """The tickets themselves, with where and when."""
    pictures = tuple(_picture(number, one) for number, one in enumerate(rendered.tickets, 1))
    count = "your ticket" if len(pictures) == 1 else f"your {len(pictures)} tickets"
    said = (
        f"Here {'is' if len(pictures) == 1 else 'are'} {count} for {rendered.event_name}.",
        f"{_local(rendered.starts_at, rendered.zone)}, {rendered.venue}, {rendered.city}.",
        "Show each QR code at the door, on your phone or on paper. Each admits one person, once: do not pass them on.",
        f"Booking: {booking_id}",
    )
    return Letter(f"Your tickets for {rendered.event_name}", _greeting(contact), said, pictures, rendered.calendar)


def _greeting(contact: Contact) -> str:
    return f"Hello {contact.first_name},"


def _picture(number: int, ticket: RenderedTicket) -> Picture:
    return Picture(f"ticket-{number}.png", f"{number}. {ticket.type_name}: {ticket.code}", ticket.qr_png)


def _local(moment: datetime, zone: str) -> str:
    there = moment.astimezone(ZoneInfo(zone))
    return f"{there:%A}, {there.day} {there:%B %Y}, {there:%H:%M} ({zone})"
