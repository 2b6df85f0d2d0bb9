"""Reconcile: checks the invariants of every booking and repairs what it can."""

from datetime import timedelta

from infra.topology.resources import BOOKINGS, EVENTS, NOTIFICATIONS, PAYMENTS, RECONCILIATION, TICKETS
from infra.topology_types import FunctionSpec, Schedule

ROWS: tuple[FunctionSpec, ...] = (
    Schedule(
        "reconcile.run_reconciliation",
        every=timedelta(minutes=5),
        grants=(
            RECONCILIATION.grant("GetItem", "PutItem"),
            EVENTS.grant("GetItem"),
            EVENTS.grant("Query", index="listed"),
            BOOKINGS.grant("BatchGetItem", "Query"),
            BOOKINGS.grant("Query", index="by_event"),
            PAYMENTS.grant("BatchGetItem"),
            TICKETS.grant("BatchGetItem"),
            NOTIFICATIONS.grant("BatchGetItem"),
        ),
        invokes=("cdc.republish_events", "payment.sync_with_provider"),
        timeout=240,
    ),
)
