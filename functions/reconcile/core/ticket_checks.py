"""Ticket checks: tickets, scans, door counters and ticket usage match (I4, I8, I17)."""

from collections import Counter
from collections.abc import Iterator

from reconcile.core.snapshot import ADMITTING_STATES, Tables, group_by, index_by, select, ticket_ids


def tickets_match_bookings(tables: Tables) -> Iterator[str]:
    """I4: tickets have the ids derived from their booking, and as many are valid as were paid."""
    bookings, payments = (
        index_by(tables, "bookings", "booking", "id"),
        index_by(tables, "payments", "payment", "booking_id"),
    )
    for booking_id, tickets in group_by(select(tables, "tickets", "ticket"), "booking_id").items():
        found = bookings[booking_id]
        if {one["id"] for one in tickets if "transferred_from" not in one} != set(ticket_ids(found)):
            yield f"I4 booking {booking_id}: its ticket ids are not those derived from its items"
        valid = sum(one["status"] in ADMITTING_STATES for one in tickets)
        withdrawn = sum("withdrawn_by" in one for one in tickets)
        if valid and valid + withdrawn != found["quantity"]:
            yield f"I4 booking {booking_id}: {valid} valid tickets for {found['quantity']} places"
        paid = payments.get(booking_id)
        if valid and (not paid or (paid["prices"], paid["currency"]) != (found["prices"], found["currency"])):
            yield f"I4 booking {booking_id}: tickets, but no payment of {found['prices']} {found['currency']}"


def tickets_admit_once(tables: Tables) -> Iterator[str]:
    """I8: a ticket has one scan if it is checked in, else none."""
    scans = Counter(one["ticket_id"] for one in select(tables, "tickets", "scan") if "undone_at" not in one)
    for one in select(tables, "tickets", "ticket"):
        if scans[one["pk"]] != (1 if "checked_in_at" in one else 0):
            yield f"I8 ticket {one['pk']}: {one['status']} with {scans[one['pk']]} scans"


def door_counts_match_tickets(tables: Tables) -> Iterator[str]:
    """I8: an event's door counters match its tickets and scans."""
    difference: Counter[tuple[str, str]] = Counter()
    for one in select(tables, "tickets", "count"):
        event_id = one["pk"].split("#")[0]
        difference.update({(event_id, name): one.get(name, 0) for name in ("issued", "void", "checked_in")})
    for one in select(tables, "tickets", "ticket"):
        difference[one["event_id"], "issued"] -= "transferred_from" not in one
        difference[one["event_id"], "void"] -= one["status"] in ("VOID", "REJECTED") and "transferred_to" not in one
    for one in select(tables, "tickets", "scan"):
        if "undone_at" not in one:
            difference[one["event_id"], "checked_in"] -= 1
    for (event_id, name), excess in difference.items():
        if excess:
            yield f"I8 event {event_id}: counter {name} exceeds its tickets by {excess}"


def ticket_usage_is_recorded(tables: Tables) -> Iterator[str]:
    """I17: a booking's ticket usage matches its tickets."""
    bookings = index_by(tables, "bookings", "booking", "id")
    for one in select(tables, "tickets", "ticket"):
        booking = bookings[one["booking_id"]]
        recorded = booking.get("ticket_usage", {}).get(one["id"], {})
        superseded = "transferred_to" in one
        transferred = "transferred_from" in one and not superseded and one["user_id"] != booking["user_id"]
        expected = {"checked_in": "checked_in_at" in one, "superseded": superseded, "transferred": transferred}
        if wrong := [name for name, fact in expected.items() if recorded.get(name, False) != fact]:
            yield f"I17 booking {booking['id']}: ticket {one['id']} differs in {', '.join(wrong)}"
