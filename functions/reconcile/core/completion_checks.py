"""Completion checks: no transient or overdue states, cancelled events are completed (I12, I16)."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from common import clock
from reconcile.core.snapshot import ADMITTING_STATES, HOLDING_STATES, Tables, cancelled_by_buyer, select, shards_by_type

GRACE = timedelta(minutes=5)  # after a deadline: timers, retries and clock skew


def no_transient_states(tables: Tables) -> Iterator[str]:
    """I12: no item is left in a state that must be followed by another at once."""
    transient_states = (
        ("tickets", "issue", "PENDING"),
        ("tickets", "ticket", "PENDING"),
        ("payments", "payment", "REFUNDING"),
        ("notifications", "notification", "PENDING"),
    )
    for table, kind, state in transient_states:
        for one in select(tables, table, kind):
            if one["status"] == state:
                yield f"I12 {kind} {one['pk']}: still {state}"


def overdue(tables: Tables, now: datetime) -> Iterator[str]:
    """I12: no booking or payment is PENDING after its deadline."""
    for table, kind in (("bookings", "booking"), ("payments", "payment")):
        for one in select(tables, table, kind):
            if one["status"] == "PENDING" and clock.parse(one["pay_before"]) + GRACE < now:
                yield f"I12 {kind} {one['pk']}: PENDING after its deadline {one['pay_before']}"


def cancelled_events_are_completed(tables: Tables) -> Iterator[str]:
    """I16: a cancelled event has nothing on sale, no booking with places, no valid ticket and no unrefunded payment."""
    cancelled = {one["pk"]: one for one in select(tables, "bookings", "terms") if one["status"] == "CANCELLED"}
    completed = {one["pk"] for one in select(tables, "bookings", "cancellation") if one["state"] == "FINISHED"}
    shards = shards_by_type(tables)
    for event_id, event in cancelled.items():
        on_sale = any(shard["on_sale"] for one in event["types"] for shard in shards[one])
        if on_sale or event_id not in completed:
            yield f"I16 event {event_id}: places are on sale ({on_sale}), or its cancellation is not finished"
    bookings = [one for one in select(tables, "bookings", "booking") if one["event_id"] in cancelled]
    tickets = [one for one in select(tables, "tickets", "ticket") if one["event_id"] in cancelled]
    for one in select(tables, "bookings", "cancellation"):
        for name in one:
            if name.startswith("owed_") and one.get(name.replace("owed_", "refunded_"), 0) != one[name]:
                yield f"I16 event {one['pk']}: not all of the {one[name]} owed by its cancellation are refunded"
    # A booking that its buyer cancelled before may keep its partial refund.
    refundable = {one["id"] for one in bookings} - {one["id"] for one in cancelled_by_buyer(tables)}
    payments = [one for one in select(tables, "payments", "payment") if one["booking_id"] in refundable]
    for items, forbidden_states in (
        (bookings, HOLDING_STATES),
        (tickets, ADMITTING_STATES),
        (payments, ("SUCCEEDED",)),
    ):
        yield from (
            f"I16 {one['sk']} {one['pk']}: {one['status']}" for one in items if one["status"] in forbidden_states
        )
