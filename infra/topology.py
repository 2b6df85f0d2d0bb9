"""THE PAGE: every table, call, bus event, timer and grant of the system, and nothing else.

Read a row as: what wakes it · which function (`functions/<service>/<file>.py`) · who may call · what it may do.

    Route       the HTTP gateway. USER is anybody logged in, ORGANISER and ADMIN are roles (an admin has all of them,
                and manages everybody's events as their organiser does);
                whose thing it is, or who is staff of an event, the function checks itself.
    Authorizer  the gateway, for every route of USER, ORGANISER and ADMIN, at most once a minute per token.
    On, Timer   the bus only, through a queue of the function's own; the bus event's module says which service tells it.
                From the DLQs of those that it `sweeps` the function takes what is about somebody who left.
    Call        the rows that name it in `calls`, and operators.
    Stream      the tables' changes.
    Every       the clock, and operators.

`may` is all that a function may do beside being woken, writing its log and tracing: GetItem, BatchGetItem, Query and
GetObject read, PutItem, UpdateItem and PutObject write, DeleteItem erases. A bus event is published by the item that a
write leaves behind.
"""

from common.bus.auth import LetterDue, UserRegistered
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
from common.bus.events import CategoryChanged, EventCancelled, EventChanged, EventPublished
from common.bus.notify import NotiPending
from common.bus.payment import PaymentFailed, PaymentRefunded, PaymentRefundFailed, PaymentSucceeded, RefundRequested
from common.bus.ticket import (
    TicketCheckedIn,
    TicketCheckInUndone,
    TicketCreated,
    TicketOffered,
    TicketReissued,
    TicketRejected,
    TicketTransferred,
    TicketVoided,
)
from common.bus.user import SettingsChanged, UserErased, UserUpdated
from infra.vocabulary import (
    Authorizer,
    Bucket,
    Call,
    Every,
    Index,
    Key,
    Mail,
    On,
    Route,
    Secret,
    Setting,
    Stream,
    Table,
    Timer,
    Trigger,
    Who,
)

# fmt: off
AUTH     = Table("auth",          (Index("by_user", "user_id", "created_at"),), ttl="expires_at")
USERS    = Table("users",         (Index("by_day", "joined", "listed_as"),))
EVENTS   = Table("events",        (Index("listed", "listed", "listed_as"), Index("by_organiser", "organiser_id", "created_at")))
BOOKINGS = Table("bookings",      (Index("by_user", "user_id", "created_at"), Index("by_event", "roll", "created_at")))
PAYMENTS = Table("payments",      (Index("by_user", "user_id", "created_at"),), ttl="expires_at")
TICKETS  = Table("tickets",       (Index("by_user", "user_id", "created_at"), Index("by_code", "code"), Index("by_event", "attendee_of", "attendee_as")))
NOTICES  = Table("notifications", (Index("by_user", "user_id", "created_at"),))
SANDBOX  = Table("sandbox",       stream=False, ttl="expires_at")
ROUNDS   = Table("rounds",        stream=False, ttl="expires_at")
TABLES = (AUTH, USERS, EVENTS, BOOKINGS, PAYMENTS, TICKETS, NOTICES, SANDBOX, ROUNDS)

SEARCH = Bucket("search", "events.sqlite3")      # the search index, each version whole
BUCKETS = (SEARCH,)

TOKEN_KEYS  = Key("token")                      # ES256, access tokens
REFRESH_KEY = Secret("refresh")                 # derives the successor of a refresh token
CODE_KEY    = Secret("mail-code")               # derives the codes of auth's mails
CURSOR_KEY  = Secret("cursor")                  # signs page tokens
TICKET_SEED = Secret("ticket-seed")             # derives the Ed25519 key of each event
PROVIDER    = Secret("provider", given=True)    # {"api_key", "webhook_secret"}, while it changes "previous_webhook_secret"
SECRETS = (REFRESH_KEY, CODE_KEY, CURSOR_KEY, TICKET_SEED, PROVIDER)
SES = Mail()

ISSUER       = Setting("TOKEN_ISSUER")          # iss and aud of access tokens
PUBLIC_URL   = Setting("PUBLIC_URL")            # where people reach the API, no trailing slash
PROVIDER_API = Setting("PROVIDER_API")          # the provider's API base; the sandbox's where no live key is given
SHORT_HOLDS  = Setting("SHORT_HOLDS")           # "1" on the local stage: seconds do for minutes
BACKSTOP     = Setting("HOLD_BACKSTOP_SECONDS") # how long after payment's deadline booking ends a hold itself
FAULTS       = Setting("PROVIDER_FAULTS")       # "1" on the local stage: its sandbox misbehaves when asked to (docs/sandbox.md)
SETTINGS = (ISSUER, PUBLIC_URL, PROVIDER_API, SHORT_HOLDS, BACKSTOP, FAULTS)

GET_SECRET = "GetSecretValue"
EXPORTERS  = tuple(f"{service}.export_user" for service in ("auth", "booking", "payment", "ticket", "notify", "events"))
SIGN_PAGE  = CURSOR_KEY.may(GET_SECRET)
LISTING    = ("Query",)
SEE_SEARCH = SEARCH.may("ListBucket")           # without it S3 answers 403, not 404, while there is no index

ROWS: tuple[Trigger, ...] = (
    # gateway: what belongs to no service
    Route("GET /v1/health",                   "gateway.get_health",       Who.ANYONE),
    Route("GET /v1/openapi.json",             "gateway.get_openapi",      Who.ANYONE),
    Route("GET /v1/docs",                     "gateway.get_docs",         Who.ANYONE),
    Route("GET /v1/docs/{file}",              "gateway.get_docs_file",    Who.ANYONE),
    Route("GET /problems/{slug}",             "gateway.get_problem",      Who.ANYONE),
    Route("$default",                         "gateway.refuse_unknown",   Who.ANYONE),

    # auth: who is calling
    Authorizer("auth.authorize",              may=(ISSUER, TOKEN_KEYS.may("GetPublicKey"), AUTH.may("GetItem"))),
    Route("POST /v1/register",                "auth.register",            Who.ANYONE,    may=(AUTH.may("PutItem"),), memory=1769),
    Route("POST /v1/email/verify",            "auth.verify_email",        Who.ANYONE,    may=(AUTH.may("GetItem", "PutItem", "UpdateItem"),)),
    Route("POST /v1/email/verification",      "auth.request_verification", Who.USER,     may=(AUTH.may("PutItem", "UpdateItem"),)),
    Route("POST /v1/login",                   "auth.login",               Who.ANYONE,    may=(ISSUER, AUTH.may("GetItem", "PutItem", "UpdateItem"), TOKEN_KEYS.may("Sign"), REFRESH_KEY.may(GET_SECRET)), memory=1769),
    Route("POST /v1/token/refresh",           "auth.refresh_token",       Who.ANYONE,    may=(ISSUER, AUTH.may("GetItem", "UpdateItem"), TOKEN_KEYS.may("Sign"), REFRESH_KEY.may(GET_SECRET))),
    Route("POST /v1/logout",                  "auth.logout",              Who.USER,      may=(AUTH.may("UpdateItem"),)),
    Route("POST /v1/password/forgot",         "auth.request_reset",       Who.ANYONE,    may=(AUTH.may("PutItem"),)),
    Route("POST /v1/password/reset",          "auth.reset_password",      Who.ANYONE,    may=(AUTH.may("GetItem", "Query", "PutItem", "UpdateItem"),), memory=1769, seconds=29),
    Route("PUT /v1/password",                 "auth.change_password",     Who.USER,      may=(AUTH.may("GetItem", "Query", "PutItem", "UpdateItem"),), memory=1769, seconds=29),
    Route("GET /v1/sessions",                 "auth.list_sessions",       Who.USER,      may=(AUTH.may("BatchGetItem"), AUTH.may(*LISTING, index="by_user"), SIGN_PAGE)),
    Route("DELETE /v1/sessions/{session_id}", "auth.end_session",         Who.USER,      may=(AUTH.may("UpdateItem"),)),
    Route("GET /v1/jwks",                     "auth.get_jwks",            Who.ANYONE,    may=(TOKEN_KEYS.may("GetPublicKey"),)),
    Route("PUT /v1/users/{user_id}/roles",    "auth.set_roles",           Who.ADMIN,     may=(AUTH.may("GetItem", "Query", "UpdateItem", "ConditionCheckItem"),)),
    On(LetterDue,                             "auth.on_letter_due",       may=(AUTH.may("GetItem", "Query", "PutItem", "UpdateItem"), CODE_KEY.may(GET_SECRET), SES.may("SendEmail", "SendRawEmail")), seconds=40),
    On(SettingsChanged,                       "auth.on_settings_changed", may=(AUTH.may("UpdateItem"),)),
    Timer(UserErased,                         "auth.on_user_erased",      may=(AUTH.may("GetItem", "Query", "PutItem", "UpdateItem", "DeleteItem"),), seconds=30, sweeps=("auth.on_settings_changed",)),
    Call("auth.ensure_admin",                 may=(AUTH.may("GetItem", "PutItem"),), memory=1769),
    Call("auth.export_user",                  may=(AUTH.may("Query"),), seconds=15),

    # user: who they are
    On(UserRegistered,                        "user.on_user_registered",  may=(USERS.may("PutItem"),)),
    Timer(UserErased,                         "user.on_user_erased",      seconds=30, sweeps=("user.on_user_registered",)),
    Route("GET /v1/users",                    "user.list_users",          Who.ADMIN,     may=(USERS.may("BatchGetItem", "Query"), USERS.may(*LISTING, index="by_day"), SIGN_PAGE)),
    Route("GET /v1/users/{user_id}",          "user.get_user",            Who.USER,      may=(USERS.may("GetItem"),)),
    Route("PUT /v1/users/{user_id}",          "user.update_user",         Who.USER,      may=(USERS.may("GetItem", "UpdateItem"),)),
    Route("GET /v1/users/{user_id}/settings", "user.get_settings",        Who.USER,      may=(USERS.may("GetItem"),)),
    Route("PUT /v1/users/{user_id}/settings", "user.update_settings",     Who.USER,      may=(USERS.may("GetItem", "UpdateItem"),)),
    Route("DELETE /v1/users/{user_id}",       "user.erase_user",          Who.USER,      may=(USERS.may("GetItem", "UpdateItem", "DeleteItem"),), calls=("events.find_open_events",), seconds=20),
    Route("GET /v1/users/{user_id}/export",   "user.export_user",         Who.USER,      may=(USERS.may("GetItem", "Query"), SIGN_PAGE), calls=EXPORTERS, seconds=29),

    # events: what is on
    Route("POST /v1/categories",              "events.create_category",   Who.ADMIN,     may=(EVENTS.may("PutItem"),)),
    Route("GET /v1/categories",               "events.list_categories",   Who.ANYONE,    may=(EVENTS.may("BatchGetItem"), EVENTS.may(*LISTING, index="listed"), SIGN_PAGE)),
    Route("GET /v1/categories/{category_id}", "events.get_category",      Who.ANYONE,    may=(EVENTS.may("GetItem"),)),
    Route("PUT /v1/categories/{category_id}", "events.update_category",   Who.ADMIN,     may=(EVENTS.may("GetItem", "PutItem", "UpdateItem"),)),
    Route("POST /v1/events",                  "events.create_event",      Who.ORGANISER, may=(EVENTS.may("GetItem", "BatchGetItem", "PutItem"), SHORT_HOLDS)),
    Route("PUT /v1/events/{event_id}",        "events.update_event",      Who.ORGANISER, may=(EVENTS.may("GetItem", "BatchGetItem", "UpdateItem"), SHORT_HOLDS)),
    Route("POST /v1/events/{event_id}/types", "events.create_type",       Who.ORGANISER, may=(EVENTS.may("GetItem", "UpdateItem"),)),
    Route("PUT /v1/events/{event_id}/types/{type_id}", "events.update_type", Who.ORGANISER, may=(EVENTS.may("GetItem", "BatchGetItem", "UpdateItem"),)),
    Route("PUT /v1/events/{event_id}/staff",  "events.set_staff",         Who.ORGANISER, may=(EVENTS.may("GetItem", "BatchGetItem", "UpdateItem"),)),
    Route("POST /v1/events/{event_id}/publish", "events.publish_event",   Who.ORGANISER, may=(EVENTS.may("GetItem", "BatchGetItem", "UpdateItem"),)),
    Route("POST /v1/events/{event_id}/cancel", "events.cancel_event",     Who.ORGANISER, may=(EVENTS.may("GetItem", "BatchGetItem", "UpdateItem"),)),
    Route("POST /v1/events/{event_id}/clone", "events.clone_event",       Who.ORGANISER, may=(EVENTS.may("GetItem", "BatchGetItem", "PutItem"),)),
    Route("GET /v1/users/{user_id}/events",   "events.list_own_events",   Who.USER,      may=(EVENTS.may("BatchGetItem"), EVENTS.may(*LISTING, index="by_organiser"), SIGN_PAGE)),
    Route("GET /v1/users/{user_id}/events/{event_id}", "events.get_own_event", Who.USER, may=(EVENTS.may("GetItem", "BatchGetItem"),)),
    Route("GET /v1/events",                   "events.list_events",       Who.ANYONE,    may=(SEARCH.may("GetObject"), SEE_SEARCH, SIGN_PAGE), memory=1769),
    Route("GET /v1/events/{event_id}",        "events.get_event",         Who.ANYONE,    may=(EVENTS.may("GetItem", "BatchGetItem"),)),
    Timer(EventPublished,                     "events.end_event",         may=(EVENTS.may("GetItem", "UpdateItem"),)),
    On(CapacityChanged,                       "events.on_capacity_changed", may=(EVENTS.may("UpdateItem"),)),
    On((EventPublished, EventChanged, EventCancelled, CategoryChanged, AvailabilityChanged, CapacityChanged), "events.build_index", may=(EVENTS.may("BatchGetItem", "UpdateItem"), EVENTS.may(*LISTING, index="listed"), SEARCH.may("GetObject", "PutObject"), SEE_SEARCH), memory=1769, seconds=20, batch=500, window=1, at_once=2),
    Timer(UserErased,                         "events.on_user_erased",    may=(EVENTS.may("BatchGetItem", "DeleteItem"), EVENTS.may(*LISTING, index="by_organiser"))),
    Call("events.rebuild_index",              may=(EVENTS.may("BatchGetItem"), EVENTS.may(*LISTING, index="listed"), SEARCH.may("GetObject", "PutObject"), SEE_SEARCH), memory=1769, seconds=120),
    Call("events.find_type",                  may=(EVENTS.may("GetItem"),)),
    Call("events.find_open_events",           may=(EVENTS.may("BatchGetItem"), EVENTS.may(*LISTING, index="by_organiser")), seconds=10),
    Call("events.export_user",                may=(EVENTS.may("BatchGetItem"), EVENTS.may(*LISTING, index="by_organiser")), seconds=15),

    # booking: holding places
    On((EventPublished, EventChanged),        "booking.keep_event",         may=(BOOKINGS.may("GetItem", "BatchGetItem", "PutItem", "UpdateItem"),)),
    Route("GET /v1/events/{event_id}/availability", "booking.get_availability", Who.ANYONE, may=(BOOKINGS.may("GetItem", "BatchGetItem"),)),
    Route("POST /v1/bookings",                "booking.create_booking",   Who.USER,      may=(BOOKINGS.may("GetItem", "BatchGetItem", "PutItem", "UpdateItem"),)),
    Route("GET /v1/bookings",                 "booking.list_bookings",    Who.USER,      may=(BOOKINGS.may("BatchGetItem"), BOOKINGS.may(*LISTING, index="by_user"), SIGN_PAGE)),
    Route("GET /v1/bookings/{booking_id}",    "booking.get_booking",      Who.USER,      may=(BOOKINGS.may("GetItem"),)),
    Route("POST /v1/bookings/{booking_id}/cancel", "booking.cancel_booking", Who.USER,      may=(BOOKINGS.may("GetItem", "UpdateItem"),)),
    Route("POST /v1/bookings/{booking_id}/extend", "booking.extend_booking", Who.USER,   may=(BOOKINGS.may("GetItem", "UpdateItem"),)),
    Route("GET /v1/events/{event_id}/bookings", "booking.list_event_bookings", Who.ORGANISER, may=(BOOKINGS.may("GetItem", "BatchGetItem"), BOOKINGS.may(*LISTING, index="by_event"), SIGN_PAGE)),
    Timer(EventCancelled,                     "booking.cancel_bookings",  may=(BOOKINGS.may("GetItem", "BatchGetItem", "PutItem", "UpdateItem"), BOOKINGS.may(*LISTING, index="by_event")), seconds=30),
    Route("GET /v1/events/{event_id}/cancellation", "booking.get_cancellation", Who.ORGANISER, may=(BOOKINGS.may("GetItem"),)),
    Route("GET /v1/events/{event_id}/sales",  "booking.get_sales",        Who.ORGANISER, may=(BOOKINGS.may("GetItem", "BatchGetItem"),)),
    Route("PUT /v1/events/{event_id}/types/{type_id}/capacity", "booking.set_capacity", Who.ORGANISER, may=(BOOKINGS.may("GetItem", "BatchGetItem", "UpdateItem"),), calls=("events.find_type",), seconds=29),
    On((BookingOrdered, BookingConfirmed, BookingFailed, BookingExpired, BookingCancelled, CapacityChanged), "booking.count_places", may=(BOOKINGS.may("GetItem", "BatchGetItem", "PutItem", "UpdateItem"),), seconds=20, batch=500, window=1, at_once=2),
    On(PaymentSucceeded,                      "booking.on_payment_succeeded", may=(BOOKINGS.may("GetItem", "UpdateItem"),)),
    On(PaymentFailed,                         "booking.on_payment_failed",    may=(BOOKINGS.may("GetItem", "UpdateItem"),)),
    On(PaymentRefunded,                       "booking.on_payment_refunded",  may=(BOOKINGS.may("GetItem", "UpdateItem"),)),
    On(PaymentRefundFailed,                   "booking.on_payment_refund_failed", may=(BOOKINGS.may("GetItem", "UpdateItem"),)),
    On(TicketRejected,                        "booking.on_ticket_rejected",   may=(BOOKINGS.may("GetItem", "UpdateItem"),)),
    On((TicketCheckedIn, TicketCheckInUndone, TicketTransferred), "booking.follow_tickets", may=(BOOKINGS.may("GetItem", "UpdateItem"),)),
    Timer(BookingOrdered,                     "booking.expire_hold",          may=(BOOKINGS.may("GetItem", "UpdateItem"), BACKSTOP)),
    Timer(UserErased,                         "booking.on_user_erased",         may=(BOOKINGS.may("BatchGetItem", "UpdateItem"), BOOKINGS.may(*LISTING, index="by_user"))),
    Call("booking.export_user",               may=(BOOKINGS.may("BatchGetItem"), BOOKINGS.may(*LISTING, index="by_user")), seconds=15),

    # payment: the money
    On((EventPublished, EventChanged, EventCancelled), "payment.keep_event",  may=(PAYMENTS.may("PutItem"),)),
    On(BookingOrdered,                        "payment.on_booking_ordered",   may=(PAYMENTS.may("PutItem"),)),
    Timer(BookingOrdered,                     "payment.close_payment",        may=(PAYMENTS.may("GetItem", "UpdateItem"), PROVIDER.may(GET_SECRET), PROVIDER_API, PUBLIC_URL), seconds=30),
    On(BookingFailed,                         "payment.on_booking_failed",    may=(PAYMENTS.may("GetItem", "UpdateItem"), PROVIDER.may(GET_SECRET), PROVIDER_API, PUBLIC_URL), seconds=30),
    On(BookingCancelled,                      "payment.on_booking_cancelled", may=(PAYMENTS.may("GetItem", "UpdateItem"), PROVIDER.may(GET_SECRET), PROVIDER_API, PUBLIC_URL), seconds=30),
    On(BookingExtended,                       "payment.on_booking_extended",  may=(PAYMENTS.may("GetItem", "UpdateItem"),)),
    On(RefundRequested,                       "payment.on_refund_requested",  may=(PAYMENTS.may("GetItem", "UpdateItem"), PROVIDER.may(GET_SECRET), PROVIDER_API), seconds=30),
    Route("POST /v1/payments",                "payment.start_payment",    Who.USER,      may=(PAYMENTS.may("GetItem", "PutItem", "UpdateItem"), PROVIDER.may(GET_SECRET), PROVIDER_API, PUBLIC_URL), seconds=29),
    Route("GET /v1/payments",                 "payment.list_payments",    Who.USER,      may=(PAYMENTS.may("BatchGetItem"), PAYMENTS.may(*LISTING, index="by_user"), SIGN_PAGE)),
    Route("GET /v1/payments/{payment_id}",    "payment.get_payment",      Who.USER,      may=(PAYMENTS.may("GetItem"),)),
    Route("GET /v1/payments/{payment_id}/receipt", "payment.get_receipt", Who.USER,      may=(PAYMENTS.may("GetItem"),)),
    Route("POST /v1/payments/{payment_id}/refund", "payment.create_refund", Who.ORGANISER, may=(PAYMENTS.may("GetItem", "UpdateItem"),)),
    Route("POST /v1/payments/webhook",        "payment.receive_webhook",  Who.PROVIDER,  may=(PAYMENTS.may("GetItem", "PutItem", "UpdateItem"), PROVIDER.may(GET_SECRET), PROVIDER_API), seconds=29),
    Timer(UserErased,                         "payment.on_user_erased",       may=(PAYMENTS.may("GetItem", "BatchGetItem", "UpdateItem"), PAYMENTS.may(*LISTING, index="by_user"))),
    Call("payment.ask_provider",              may=(PAYMENTS.may("GetItem", "UpdateItem"), PROVIDER.may(GET_SECRET), PROVIDER_API, PUBLIC_URL), seconds=15),
    Call("payment.export_user",               may=(PAYMENTS.may("BatchGetItem"), PAYMENTS.may(*LISTING, index="by_user")), seconds=15),

    # sandbox: a provider with Stripe's wire contract, deployed only where no live key is given
    Route("POST /sandbox/v1/checkout/sessions",                    "sandbox.create_session", Who.PROVIDER, may=(SANDBOX.may("GetItem", "PutItem", "UpdateItem"), PROVIDER.may(GET_SECRET), PUBLIC_URL, FAULTS), seconds=29),
    Route("GET /sandbox/v1/checkout/sessions/{session_id}",        "sandbox.get_session",    Who.PROVIDER, may=(SANDBOX.may("GetItem", "PutItem", "UpdateItem"), PROVIDER.may(GET_SECRET), FAULTS), seconds=29),
    Route("POST /sandbox/v1/checkout/sessions/{session_id}/expire", "sandbox.expire_session", Who.PROVIDER, may=(SANDBOX.may("GetItem", "PutItem", "UpdateItem"), PROVIDER.may(GET_SECRET), FAULTS), seconds=29),
    Route("POST /sandbox/v1/refunds",                              "sandbox.create_refund",  Who.PROVIDER, may=(SANDBOX.may("GetItem", "PutItem", "UpdateItem"), PROVIDER.may(GET_SECRET), PUBLIC_URL, FAULTS), seconds=29),
    Route("GET /sandbox/v1/refunds",                               "sandbox.list_refunds",   Who.PROVIDER, may=(SANDBOX.may("GetItem", "BatchGetItem", "PutItem", "UpdateItem"), PROVIDER.may(GET_SECRET), FAULTS), seconds=29),
    Route("GET /sandbox/pay/{session_id}",                         "sandbox.show_page",      Who.ANYONE,   may=(SANDBOX.may("GetItem"),)),
    Route("POST /sandbox/pay/{session_id}",                        "sandbox.submit_page",    Who.ANYONE,   may=(SANDBOX.may("GetItem", "PutItem", "UpdateItem"), PROVIDER.may(GET_SECRET), PUBLIC_URL, FAULTS), seconds=29),
    Route("GET /sandbox/faults",                                   "sandbox.show_faults",    Who.ANYONE,   may=(SANDBOX.may("GetItem"), FAULTS)),
    Route("PUT /sandbox/faults",                                   "sandbox.set_faults",     Who.ANYONE,   may=(SANDBOX.may("GetItem", "PutItem"), FAULTS)),

    # ticket: what admits
    On((EventPublished, EventChanged, EventCancelled), "ticket.keep_event",   may=(TICKETS.may("PutItem"),)),
    On(BookingConfirmed,                      "ticket.on_booking_confirmed",  may=(TICKETS.may("GetItem", "BatchGetItem", "PutItem", "UpdateItem"), TICKET_SEED.may(GET_SECRET)), seconds=40),
    On(BookingCancelled,                      "ticket.on_booking_cancelled",  may=(TICKETS.may("GetItem", "BatchGetItem", "PutItem", "UpdateItem"),)),
    Route("GET /v1/tickets",                  "ticket.list_tickets",      Who.USER,      may=(TICKETS.may("BatchGetItem"), TICKETS.may(*LISTING, index="by_user"), SIGN_PAGE)),
    Route("GET /v1/tickets/{ticket_id}",      "ticket.get_ticket",        Who.USER,      may=(TICKETS.may("GetItem"),)),
    Route("GET /v1/tickets/{ticket_id}/qr",   "ticket.get_qr",            Who.USER,      may=(TICKETS.may("GetItem"),)),
    Route("GET /v1/tickets/{ticket_id}/pdf",  "ticket.get_pdf",           Who.USER,      may=(TICKETS.may("GetItem"),)),
    Route("GET /v1/tickets/{ticket_id}/calendar", "ticket.get_calendar",  Who.USER,      may=(TICKETS.may("GetItem"),)),
    Route("POST /v1/check-ins",               "ticket.check_in",          Who.USER,      may=(TICKETS.may("GetItem", "PutItem", "UpdateItem"), TICKETS.may(*LISTING, index="by_code"), TICKET_SEED.may(GET_SECRET))),
    Route("GET /v1/check-ins/{nonce}",        "ticket.get_check_in",      Who.USER,      may=(TICKETS.may("GetItem"),)),
    Route("POST /v1/check-ins/{nonce}/undo",  "ticket.undo_check_in",     Who.USER,      may=(TICKETS.may("GetItem", "UpdateItem"),)),
    Route("GET /v1/events/{event_id}/door",   "ticket.get_door",          Who.USER,      may=(TICKETS.may("GetItem", "Query"), TICKET_SEED.may(GET_SECRET))),
    Route("GET /v1/events/{event_id}/attendees", "ticket.list_attendees", Who.ORGANISER, may=(TICKETS.may("GetItem", "BatchGetItem"), TICKETS.may(*LISTING, index="by_event"), SIGN_PAGE)),
    Route("GET /v1/events/{event_id}/attendees/csv", "ticket.get_attendees_csv", Who.ORGANISER, may=(TICKETS.may("GetItem", "BatchGetItem"), TICKETS.may(*LISTING, index="by_event"), SIGN_PAGE), memory=1769, seconds=29),
    Route("PUT /v1/tickets/{ticket_id}",      "ticket.update_ticket",     Who.ORGANISER, may=(TICKETS.may("GetItem", "UpdateItem"),)),
    Route("POST /v1/tickets/{ticket_id}/reissue", "ticket.reissue_ticket", Who.ORGANISER, may=(TICKETS.may("GetItem", "PutItem", "UpdateItem"), TICKET_SEED.may(GET_SECRET))),
    Route("POST /v1/tickets/{ticket_id}/void", "ticket.void_ticket",      Who.ORGANISER, may=(TICKETS.may("GetItem", "PutItem", "UpdateItem"),)),
    Route("POST /v1/tickets/{ticket_id}/transfer", "ticket.offer_ticket", Who.USER,      may=(TICKETS.may("GetItem", "PutItem", "UpdateItem"),)),
    Route("DELETE /v1/tickets/{ticket_id}/transfer", "ticket.retract_offer", Who.USER,   may=(TICKETS.may("GetItem", "UpdateItem"),)),
    Route("GET /v1/transfers/{transfer_id}",  "ticket.get_transfer",      Who.USER,      may=(TICKETS.may("GetItem"),)),
    Route("POST /v1/transfers/{transfer_id}/accept", "ticket.accept_transfer", Who.USER, may=(TICKETS.may("GetItem", "PutItem", "UpdateItem"), TICKET_SEED.may(GET_SECRET))),
    Timer(UserErased,                         "ticket.on_user_erased",          may=(TICKETS.may("BatchGetItem", "UpdateItem"), TICKETS.may(*LISTING, index="by_user"))),
    Call("ticket.render_tickets",             may=(TICKETS.may("GetItem", "BatchGetItem"),), seconds=15),
    Call("ticket.export_user",                may=(TICKETS.may("BatchGetItem"), TICKETS.may(*LISTING, index="by_user")), seconds=15),

    # notify: telling people
    On(UserRegistered,                        "notify.on_user_registered",    may=(NOTICES.may("UpdateItem"),)),
    On(UserUpdated,                           "notify.on_user_updated",       may=(NOTICES.may("UpdateItem"),)),
    On(SettingsChanged,                       "notify.on_settings_changed",   may=(NOTICES.may("UpdateItem"),)),
    On((EventPublished, EventChanged, EventCancelled), "notify.keep_event",   may=(NOTICES.may("UpdateItem"),)),
    On(TicketCreated,                         "notify.on_ticket_created",     may=(NOTICES.may("PutItem", "UpdateItem"),)),
    On(TicketOffered,                         "notify.on_ticket_offered",     may=(NOTICES.may("PutItem"),)),
    On(TicketTransferred,                     "notify.on_ticket_transferred", may=(NOTICES.may("PutItem", "UpdateItem"),)),
    On(TicketReissued,                        "notify.on_ticket_reissued",    may=(NOTICES.may("PutItem"),)),
    On(TicketVoided,                          "notify.on_ticket_voided",      may=(NOTICES.may("PutItem", "UpdateItem"),)),
    On(BookingExpired,                        "notify.on_booking_expired",    may=(NOTICES.may("PutItem"),)),
    On(BookingFailed,                         "notify.on_booking_failed",     may=(NOTICES.may("PutItem"),)),
    On(BookingCancelled,                      "notify.on_booking_cancelled",  may=(NOTICES.may("PutItem"),)),
    On(PaymentRefunded,                       "notify.on_payment_refunded",   may=(NOTICES.may("PutItem"),)),
    Timer(EventChanged,                       "notify.tell_changes",          may=(NOTICES.may("GetItem", "PutItem", "UpdateItem", "Query"), SHORT_HOLDS), seconds=60),
    Timer(EventPublished,                     "notify.remind_holders",        may=(NOTICES.may("GetItem", "PutItem", "UpdateItem", "Query"),), seconds=60),
    Timer(UserErased,                         "notify.on_user_erased",        may=(NOTICES.may("PutItem"),), seconds=30, sweeps=("notify.on_user_registered", "notify.on_user_updated", "notify.on_settings_changed")),
    On(NotiPending,                           "notify.on_noti_pending",       may=(NOTICES.may("GetItem", "UpdateItem"), SES.may("SendEmail", "SendRawEmail")), calls=("ticket.render_tickets",), seconds=50),
    Route("GET /v1/notifications",            "notify.list_notifications",    Who.USER,  may=(NOTICES.may("BatchGetItem"), NOTICES.may(*LISTING, index="by_user"), SIGN_PAGE)),
    Route("PUT /v1/notifications/{notification_id}", "notify.mark_notification", Who.USER, may=(NOTICES.may("GetItem", "UpdateItem"),)),
    Route("POST /v1/notifications/{notification_id}/resend", "notify.resend_notification", Who.USER, may=(NOTICES.may("GetItem", "UpdateItem"),)),
    Call("notify.export_user",                may=(NOTICES.may("BatchGetItem", "Query"), NOTICES.may(*LISTING, index="by_user")), seconds=15),

    # cdc: what the tables say, onto the bus
    Stream(tuple(t for t in TABLES if t.stream), "cdc.publish_outbox"),
    Call("cdc.say_again",                     publishes=True),

    # reconcile: what must be true of all of it
    Every("reconcile.make_round",             minutes=5, may=(
        ROUNDS.may("GetItem", "PutItem"), EVENTS.may("GetItem"), EVENTS.may("Query", index="listed"),
        BOOKINGS.may("BatchGetItem", "Query"), BOOKINGS.may("Query", index="by_event"), PAYMENTS.may("BatchGetItem"),
        TICKETS.may("BatchGetItem"), NOTICES.may("BatchGetItem"),
    ), calls=("cdc.say_again", "payment.ask_provider"), seconds=240),
)
# fmt: on
