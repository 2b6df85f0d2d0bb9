"""Ticket: issuance, check-in, attendees and transfers."""

from common.bus.booking import BookingCancelled, BookingConfirmed
from common.bus.events import EventCancelled, EventChanged, EventPublished
from common.bus.ticket import (
    TicketCheckedIn,
    TicketCheckInUndone,
    TicketCreated,
    TicketOffered,
    TicketPending,
    TicketReissued,
    TicketRejected,
    TicketTransferred,
    TicketVoided,
)
from common.bus.user import UserErased
from infra.topology.resources import GET_SECRET, READ_PAGE_TOKEN_KEY, TICKET_SEED, TICKETS
from infra.topology_types import Access, DelayedEvent, FunctionSpec, Invocable, Layer, Route, Subscription

READ_PUT_UPDATE = TICKETS.grant("GetItem", "BatchGetItem", "PutItem", "UpdateItem")
GET = TICKETS.grant("GetItem")
GET_PUT_UPDATE = TICKETS.grant("GetItem", "PutItem", "UpdateItem")
GET_UPDATE = TICKETS.grant("GetItem", "UpdateItem")
READ = TICKETS.grant("GetItem", "BatchGetItem")
LIST_BY_USER = (TICKETS.grant("BatchGetItem"), TICKETS.grant("Query", index="by_user"))

ROWS: tuple[FunctionSpec, ...] = (
    Subscription(
        (EventPublished, EventChanged, EventCancelled), "ticket.on_event_changed", grants=(TICKETS.grant("PutItem"),)
    ),
    Subscription(
        BookingConfirmed,
        "ticket.on_booking_confirmed",
        grants=(READ_PUT_UPDATE, TICKET_SEED.grant(GET_SECRET)),
        publishes=(TicketCreated, TicketPending, TicketRejected, TicketVoided),
        timeout=40,
        layers=(Layer.CORE, Layer.CRYPTO),
    ),
    Subscription(
        BookingCancelled,
        "ticket.on_booking_cancelled",
        grants=(READ_PUT_UPDATE,),
        publishes=(TicketVoided,),
        layers=(Layer.CORE, Layer.CRYPTO),
    ),
    Route("GET /v1/tickets", "ticket.list_tickets", Access.USER, grants=(*LIST_BY_USER, READ_PAGE_TOKEN_KEY)),
    Route("GET /v1/tickets/{ticket_id}", "ticket.get_ticket", Access.USER, grants=(GET,)),
    Route(
        "GET /v1/tickets/{ticket_id}/qr",
        "ticket.get_qr",
        Access.USER,
        grants=(GET,),
        layers=(Layer.CORE, Layer.RENDER),
    ),
    Route(
        "GET /v1/tickets/{ticket_id}/pdf",
        "ticket.get_pdf",
        Access.USER,
        grants=(GET,),
        layers=(Layer.CORE, Layer.RENDER),
    ),
    Route(
        "GET /v1/tickets/{ticket_id}/calendar",
        "ticket.get_calendar",
        Access.USER,
        grants=(GET,),
        layers=(Layer.CORE, Layer.RENDER),
    ),
    Route(
        "POST /v1/check-ins",
        "ticket.check_in",
        Access.USER,
        grants=(GET_PUT_UPDATE, TICKETS.grant("Query", index="by_code"), TICKET_SEED.grant(GET_SECRET)),
        publishes=(TicketCheckedIn,),
        layers=(Layer.CORE, Layer.CRYPTO),
    ),
    Route(
        "GET /v1/check-ins/{nonce}",
        "ticket.get_check_in",
        Access.USER,
        grants=(GET,),
        layers=(Layer.CORE, Layer.CRYPTO),
    ),
    Route(
        "POST /v1/check-ins/{nonce}/undo",
        "ticket.undo_check_in",
        Access.USER,
        grants=(GET_UPDATE,),
        publishes=(TicketCheckInUndone,),
        layers=(Layer.CORE, Layer.CRYPTO),
    ),
    Route(
        "GET /v1/events/{event_id}/door",
        "ticket.get_door",
        Access.USER,
        grants=(TICKETS.grant("GetItem", "Query"), TICKET_SEED.grant(GET_SECRET)),
        layers=(Layer.CORE, Layer.CRYPTO),
    ),
    Route(
        "GET /v1/events/{event_id}/attendees",
        "ticket.list_attendees",
        Access.ORGANISER,
        grants=(READ, TICKETS.grant("Query", index="by_event"), READ_PAGE_TOKEN_KEY),
    ),
    Route(
        "GET /v1/events/{event_id}/attendees/csv",
        "ticket.get_attendees_csv",
        Access.ORGANISER,
        grants=(READ, TICKETS.grant("Query", index="by_event"), READ_PAGE_TOKEN_KEY),
        memory=1769,
        timeout=29,
    ),
    Route(
        "PUT /v1/tickets/{ticket_id}",
        "ticket.update_ticket",
        Access.ORGANISER,
        grants=(GET_UPDATE,),
        layers=(Layer.CORE, Layer.CRYPTO),
    ),
    Route(
        "POST /v1/tickets/{ticket_id}/reissue",
        "ticket.reissue_ticket",
        Access.ORGANISER,
        grants=(GET_PUT_UPDATE, TICKET_SEED.grant(GET_SECRET)),
        publishes=(TicketReissued,),
        layers=(Layer.CORE, Layer.CRYPTO),
    ),
    Route(
        "POST /v1/tickets/{ticket_id}/void",
        "ticket.void_ticket",
        Access.ORGANISER,
        grants=(GET_PUT_UPDATE,),
        publishes=(TicketVoided,),
        layers=(Layer.CORE, Layer.CRYPTO),
    ),
    Route(
        "POST /v1/tickets/{ticket_id}/transfer",
        "ticket.create_transfer",
        Access.USER,
        grants=(GET_PUT_UPDATE,),
        publishes=(TicketOffered,),
        layers=(Layer.CORE, Layer.CRYPTO),
    ),
    Route(
        "DELETE /v1/tickets/{ticket_id}/transfer",
        "ticket.cancel_transfer",
        Access.USER,
        grants=(GET_UPDATE,),
        layers=(Layer.CORE, Layer.CRYPTO),
    ),
    Route(
        "GET /v1/transfers/{transfer_id}",
        "ticket.get_transfer",
        Access.USER,
        grants=(GET,),
        layers=(Layer.CORE, Layer.CRYPTO),
    ),
    Route(
        "POST /v1/transfers/{transfer_id}/accept",
        "ticket.accept_transfer",
        Access.USER,
        grants=(GET_PUT_UPDATE, TICKET_SEED.grant(GET_SECRET)),
        publishes=(TicketTransferred,),
        layers=(Layer.CORE, Layer.CRYPTO),
    ),
    DelayedEvent(
        UserErased,
        "ticket.on_user_erased",
        grants=(TICKETS.grant("BatchGetItem", "UpdateItem"), TICKETS.grant("Query", index="by_user")),
    ),
    Invocable("ticket.render_tickets", grants=(READ,), timeout=15, layers=(Layer.CORE, Layer.RENDER)),
    Invocable("ticket.export_user", grants=LIST_BY_USER, timeout=15),
)
