"""Notify: contacts, notifications and e-mail."""

from common.bus.auth import UserRegistered
from common.bus.booking import BookingCancelled, BookingExpired, BookingFailed
from common.bus.events import EventCancelled, EventChanged, EventPublished
from common.bus.notify import NotiCreated, NotiPending
from common.bus.payment import PaymentRefunded
from common.bus.ticket import TicketCreated, TicketOffered, TicketReissued, TicketTransferred, TicketVoided
from common.bus.user import SettingsChanged, UserErased, UserUpdated
from infra.topology.resources import NOTIFICATIONS, READ_PAGE_TOKEN_KEY, SES, SHORT_HOLDS
from infra.topology_types import Access, DelayedEvent, FunctionSpec, Invocable, Route, Subscription

UPDATE = NOTIFICATIONS.grant("UpdateItem")
PUT_UPDATE = NOTIFICATIONS.grant("PutItem", "UpdateItem")
PUT = NOTIFICATIONS.grant("PutItem")
GET_QUERY_PUT_UPDATE = NOTIFICATIONS.grant("GetItem", "PutItem", "UpdateItem", "Query")
GET_UPDATE = NOTIFICATIONS.grant("GetItem", "UpdateItem")
LIST_BY_USER = (NOTIFICATIONS.grant("BatchGetItem"), NOTIFICATIONS.grant("Query", index="by_user"))

ROWS: tuple[FunctionSpec, ...] = (
    Subscription(UserRegistered, "notify.on_user_registered", grants=(UPDATE,)),
    Subscription(UserUpdated, "notify.on_user_updated", grants=(UPDATE,)),
    Subscription(SettingsChanged, "notify.on_settings_changed", grants=(UPDATE,)),
    Subscription((EventPublished, EventChanged, EventCancelled), "notify.on_event_changed", grants=(UPDATE,)),
    Subscription(TicketCreated, "notify.on_ticket_created", grants=(PUT_UPDATE,), publishes=(NotiPending,)),
    Subscription(TicketOffered, "notify.on_ticket_offered", grants=(PUT,), publishes=(NotiPending,)),
    Subscription(TicketTransferred, "notify.on_ticket_transferred", grants=(PUT_UPDATE,), publishes=(NotiPending,)),
    Subscription(TicketReissued, "notify.on_ticket_reissued", grants=(PUT,), publishes=(NotiPending,)),
    Subscription(TicketVoided, "notify.on_ticket_voided", grants=(PUT_UPDATE,), publishes=(NotiPending,)),
    Subscription(BookingExpired, "notify.on_booking_expired", grants=(PUT,), publishes=(NotiPending,)),
    Subscription(BookingFailed, "notify.on_booking_failed", grants=(PUT,), publishes=(NotiPending,)),
    Subscription(BookingCancelled, "notify.on_booking_cancelled", grants=(PUT,), publishes=(NotiPending,)),
    Subscription(PaymentRefunded, "notify.on_payment_refunded", grants=(PUT,), publishes=(NotiPending,)),
    DelayedEvent(
        EventChanged,
        "notify.announce_event_changes",
        grants=(GET_QUERY_PUT_UPDATE, SHORT_HOLDS),
        publishes=(NotiPending,),
        timeout=60,
    ),
    DelayedEvent(
        EventPublished,
        "notify.send_event_reminders",
        grants=(GET_QUERY_PUT_UPDATE,),
        publishes=(NotiPending,),
        timeout=60,
    ),
    DelayedEvent(
        UserErased,
        "notify.on_user_erased",
        grants=(PUT,),
        timeout=30,
        purges_dlq_of=("notify.on_user_registered", "notify.on_user_updated", "notify.on_settings_changed"),
    ),
    Subscription(
        NotiPending,
        "notify.send_notification",
        grants=(GET_UPDATE, SES.grant("SendEmail", "SendRawEmail")),
        invokes=("ticket.render_tickets",),
        publishes=(NotiCreated,),
        timeout=50,
    ),
    Route(
        "GET /v1/notifications", "notify.list_notifications", Access.USER, grants=(*LIST_BY_USER, READ_PAGE_TOKEN_KEY)
    ),
    Route("PUT /v1/notifications/{notification_id}", "notify.mark_notification", Access.USER, grants=(GET_UPDATE,)),
    Route(
        "POST /v1/notifications/{notification_id}/resend",
        "notify.resend_notification",
        Access.USER,
        grants=(GET_UPDATE,),
        publishes=(NotiPending,),
    ),
    Invocable(
        "notify.export_user",
        grants=(NOTIFICATIONS.grant("BatchGetItem", "Query"), NOTIFICATIONS.grant("Query", index="by_user")),
        timeout=15,
    ),
)
