"""What ticket answers."""

from datetime import datetime

from common.call import CallAnswer, CallRequest


class RenderTickets(CallRequest):
    """Everything that the mail about a booking's tickets shows; of this user and these only, if named."""

    booking_id: str
    user_id: str = ""
    ticket_ids: tuple[str, ...] = ()


class RenderedTicket(CallAnswer):
    ticket_id: str
    code: str
    type_name: str
    qr_png: str  # base64


class RenderedTickets(CallAnswer):
    """`calendar` is an iCalendar document (RFC 5545)."""

    event_name: str
    venue: str
    city: str
    zone: str
    starts_at: datetime
    ends_at: datetime
    calendar: str
    tickets: tuple[RenderedTicket, ...]
