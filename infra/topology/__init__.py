"""The topology: every table, route, subscription, schedule and grant of the system, as data.

`resources` lists what the services own. Each service has a module of rows; a row is one deployed Lambda: what invokes
it, the function (`<service>.<file>`), which token it demands (`access`), and all it may do (`grants`, `invokes`).
Its file stands in the folder of its trigger:

    functions/<service>/http/       Route (one call of the HTTP API), Authorizer
    functions/<service>/consumers/  Subscription (bus events, through the function's own queue), Stream (table changes)
    functions/<service>/timers/     DelayedEvent (a subscription that may re-queue its message), Schedule
    functions/<service>/rpc/        Invocable (called by the rows that name it in `invokes=`, and by operators)

`publishes=` documents the bus events that a function may cause; it grants nothing. Functions leave events in the outbox
of the item they write, and `cdc` alone puts them on the bus.
"""

from infra.topology import (
    auth,
    booking,
    cdc,
    events,
    gateway,
    notify,
    payment,
    reconcile,
    sandbox,
    ticket,
    user,
)
from infra.topology.resources import (
    AUTH,
    BOOKINGS,
    BUCKETS,
    EVENTS,
    HOLD_BACKSTOP,
    NOTIFICATIONS,
    PAYMENTS,
    PROVIDER,
    PROVIDER_API,
    PROVIDER_FAULTS,
    PUBLIC_URL,
    RECONCILIATION,
    SANDBOX,
    SEARCH,
    SECRETS,
    SES,
    SETTINGS,
    SHORT_HOLDS,
    TABLES,
    TICKETS,
    TOKEN_ISSUER,
    TOKEN_KEYS,
    USERS,
)
from infra.topology_types import FunctionSpec

__all__ = [
    "AUTH",
    "BOOKINGS",
    "BUCKETS",
    "EVENTS",
    "HOLD_BACKSTOP",
    "NOTIFICATIONS",
    "PAYMENTS",
    "PROVIDER",
    "PROVIDER_API",
    "PROVIDER_FAULTS",
    "PUBLIC_URL",
    "RECONCILIATION",
    "ROWS",
    "SANDBOX",
    "SEARCH",
    "SECRETS",
    "SERVICES",
    "SES",
    "SETTINGS",
    "SHORT_HOLDS",
    "TABLES",
    "TICKETS",
    "TOKEN_ISSUER",
    "TOKEN_KEYS",
    "USERS",
]

SERVICES = (gateway, auth, user, events, booking, payment, sandbox, ticket, notify, cdc, reconcile)
ROWS: tuple[FunctionSpec, ...] = tuple(row for service in SERVICES for row in service.ROWS)
