"""Booking: inventory, holds, sales counters and event cancellation."""

from common.bus.booking import (
    AvailabilityChanged,
    BookingCancelled,
    BookingConfirmed,
    BookingExpired,
    BookingExtended,
    BookingFailed,
    BookingOrdered,
    CapacityChanged,
)
from common.bus.events import EventCancelled, EventChanged, EventPublished
from common.bus.payment import PaymentFailed, PaymentRefunded, PaymentRefundFailed, PaymentSucceeded
from common.bus.ticket import TicketCheckedIn, TicketCheckInUndone, TicketRejected, TicketTransferred
from common.bus.user import UserErased
from infra.topology.resources import BOOKINGS, HOLD_BACKSTOP, READ_PAGE_TOKEN_KEY
from infra.topology_types import Access, DelayedEvent, FunctionSpec, Invocable, Route, Subscription

READ_PUT_UPDATE = BOOKINGS.grant("GetItem", "BatchGetItem", "PutItem", "UpdateItem")
READ = BOOKINGS.grant("GetItem", "BatchGetItem")
GET = BOOKINGS.grant("GetItem")
GET_UPDATE = BOOKINGS.grant("GetItem", "UpdateItem")
LIST_BY_USER = (BOOKINGS.grant("BatchGetItem"), BOOKINGS.grant("Query", index="by_user"))

ROWS: tuple[FunctionSpec, ...] = (
    Subscription(
        (EventPublished, EventChanged),
        "booking.on_event_changed",
        grants=(READ_PUT_UPDATE,),
        publishes=(AvailabilityChanged,),
    ),
    Route("GET /v1/events/{event_id}/availability", "booking.get_availability", Access.PUBLIC, grants=(READ,)),
    Route(
        "POST /v1/bookings",
        "booking.create_booking",
        Access.USER,
        grants=(READ_PUT_UPDATE,),
        publishes=(BookingOrdered,),
    ),
    Route("GET /v1/bookings", "booking.list_bookings", Access.USER, grants=(*LIST_BY_USER, READ_PAGE_TOKEN_KEY)),
    Route("GET /v1/bookings/{booking_id}", "booking.get_booking", Access.USER, grants=(GET,)),
    Route(
        "POST /v1/bookings/{booking_id}/cancel",
        "booking.cancel_booking",
        Access.USER,
        grants=(GET_UPDATE,),
        publishes=(BookingCancelled,),
    ),
    Route(
        "POST /v1/bookings/{booking_id}/extend",
        "booking.extend_booking",
        Access.USER,
        grants=(GET_UPDATE,),
        publishes=(BookingExtended,),
    ),
    Route(
        "GET /v1/events/{event_id}/bookings",
        "booking.list_event_bookings",
        Access.ORGANISER,
        grants=(READ, BOOKINGS.grant("Query", index="by_event"), READ_PAGE_TOKEN_KEY),
    ),
    DelayedEvent(
        EventCancelled,
        "booking.cancel_bookings",
        grants=(READ_PUT_UPDATE, BOOKINGS.grant("Query", index="by_event")),
        publishes=(AvailabilityChanged, BookingCancelled),
        timeout=30,
    ),
    Route("GET /v1/events/{event_id}/cancellation", "booking.get_cancellation", Access.ORGANISER, grants=(GET,)),
    Route("GET /v1/events/{event_id}/sales", "booking.get_sales", Access.ORGANISER, grants=(READ,)),
    Route(
        "PUT /v1/events/{event_id}/types/{type_id}/capacity",
        "booking.set_capacity",
        Access.ORGANISER,
        grants=(BOOKINGS.grant("GetItem", "BatchGetItem", "UpdateItem"),),
        invokes=("events.find_event_type",),
        publishes=(CapacityChanged,),
        timeout=29,
    ),
    Subscription(
        (BookingOrdered, BookingConfirmed, BookingFailed, BookingExpired, BookingCancelled, CapacityChanged),
        "booking.on_booking_changed",
        grants=(READ_PUT_UPDATE,),
        publishes=(AvailabilityChanged,),
        timeout=20,
        batch_size=500,
        batch_window=1,
        max_concurrency=2,
    ),
    Subscription(
        PaymentSucceeded,
        "booking.on_payment_succeeded",
        grants=(GET_UPDATE,),
        publishes=(BookingConfirmed, BookingFailed),
    ),
    Subscription(
        PaymentFailed, "booking.on_payment_failed", grants=(GET_UPDATE,), publishes=(BookingExpired, BookingFailed)
    ),
    Subscription(PaymentRefunded, "booking.on_payment_refunded", grants=(GET_UPDATE,), publishes=(BookingCancelled,)),
    Subscription(PaymentRefundFailed, "booking.on_payment_refund_failed", grants=(GET_UPDATE,)),
    Subscription(TicketRejected, "booking.on_ticket_rejected", grants=(GET_UPDATE,), publishes=(BookingCancelled,)),
    Subscription(
        (TicketCheckedIn, TicketCheckInUndone, TicketTransferred), "booking.on_ticket_used", grants=(GET_UPDATE,)
    ),
    DelayedEvent(
        BookingOrdered, "booking.expire_hold_backstop", grants=(GET_UPDATE, HOLD_BACKSTOP), publishes=(BookingExpired,)
    ),
    DelayedEvent(
        UserErased,
        "booking.on_user_erased",
        grants=(BOOKINGS.grant("BatchGetItem", "UpdateItem"), BOOKINGS.grant("Query", index="by_user")),
    ),
    Invocable("booking.export_user", grants=LIST_BY_USER, timeout=15),
)
