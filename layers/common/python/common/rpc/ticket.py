"""RPC contract of ticket."""

from datetime import datetime

from common.rpc.base import RpcRequest, RpcResponse


class RenderTicketsRequest(RpcRequest):
    """Render a booking's tickets for an e-mail; only those of `user_id` and in `ticket_ids`, if set."""

    booking_id: str
    user_id: str = ""
    ticket_ids: tuple[str, ...] = ()


class RenderedTicket(RpcResponse):
    ticket_id: str
    code: str
    type_name: str
    qr_png: str  # base64


class RenderTicketsResponse(RpcResponse):
    """`calendar` is an iCalendar document (RFC 5545)."""

    event_name: str
    venue: str
    city: str
    zone: str
    starts_at: datetime
    ends_at: datetime
    calendar: str
    tickets: tuple[RenderedTicket, ...]
