"""Rest: nothing is half done, nothing waits beyond its time, a cancelled event is wound up (I12, I16)."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from common import clock
from reconcile.core.snapshot import ADMITTING, TAKING, Tables, given_back, of, places

GRACE = timedelta(minutes=5)  # after a deadline, for timers, retries and clocks that differ


def nothing_is_half_done(tables: Tables) -> Iterator[str]:
    """I12: no state remains that something was to follow at once."""
    halves = (("tickets", "issue", "PENDING"), ("tickets", "ticket", "PENDING"), ("payments", "payment", "REFUNDING"))
    for table, kind, state in (*halves, ("notifications", "notification", "PENDING")):
        for one in of(tables, table, kind):
            if one["status"] == state:
                yield f"I12 {kind} {one['pk']}: still {state}"


def overdue(tables: Tables, now: datetime) -> Iterator[str]:
    """I12: nothing waits beyond its time."""
    for table, kind in (("bookings", "booking"), ("payments", "payment")):
        for one in of(tables, table, kind):
            if one["status"] == "PENDING" and clock.parse(one["pay_before"]) + GRACE < now:
                yield f"I12 {kind} {one['pk']}: PENDING since its time ran out at {one['pay_before']}"


def cancelled_events_are_wound_up(tables: Tables) -> Iterator[str]:
    """I16: of a cancelled event nothing is on sale, no booking has places, no ticket admits, no money is kept."""
    cancelled = {one["pk"]: one for one in of(tables, "bookings", "terms") if one["status"] == "CANCELLED"}
    done = {one["pk"] for one in of(tables, "bookings", "cancellation") if one["state"] == "FINISHED"}
    shards = places(tables)
    for event_id, event in cancelled.items():
        on_sale = any(shard["on_sale"] for one in event["types"] for shard in shards[one])
        if on_sale or event_id not in done:
            yield f"I16 event {event_id}: places are on sale ({on_sale}), or it is not wound up"
    mine = [one for one in of(tables, "bookings", "booking") if one["event_id"] in cancelled]
    tickets = [one for one in of(tables, "tickets", "ticket") if one["event_id"] in cancelled]
    for one in of(tables, "bookings", "cancellation"):
        for name in one:
            if name.startswith("owed_") and one.get(name.replace("owed_", "refunded_"), 0) != one[name]:
                yield f"I16 event {one['pk']}: of {one[name]} that its cancellation owes not all is gone back"
    # What was given back for a part of its price before the event was cancelled stays so.
    whole = {one["id"] for one in mine} - {one["id"] for one in given_back(tables)}
    payments = [one for one in of(tables, "payments", "payment") if one["booking_id"] in whole]
    for items, wrong in ((mine, TAKING), (tickets, ADMITTING), (payments, ("SUCCEEDED",))):
        yield from (f"I16 {one['sk']} {one['pk']}: {one['status']}" for one in items if one["status"] in wrong)
