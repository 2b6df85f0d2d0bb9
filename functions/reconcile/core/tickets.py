"""Tickets: as many as were booked, each admitted once, and counted so; their bookings know (I4, I8, I17)."""

from collections import Counter
from collections.abc import Iterator

from reconcile.core.snapshot import ADMITTING, Tables, by, grouped, of, ticket_ids


def tickets_are_as_booked(tables: Tables) -> Iterator[str]:
    """I4: tickets have the ids that follow from their booking, and as many are valid as were paid."""
    bookings, payments = by(tables, "bookings", "booking", "id"), by(tables, "payments", "payment", "booking_id")
    for booking_id, tickets in grouped(of(tables, "tickets", "ticket"), "booking_id").items():
        found = bookings[booking_id]
        if {one["id"] for one in tickets if "transferred_from" not in one} != set(ticket_ids(found)):
            yield f"I4 booking {booking_id}: its tickets are not those that follow from its items"
        valid = sum(one["status"] in ADMITTING for one in tickets)
        withdrawn = sum("withdrawn_by" in one for one in tickets)
        if valid and valid + withdrawn != found["quantity"]:
            yield f"I4 booking {booking_id}: {valid} valid tickets for {found['quantity']} places"
        paid = payments.get(booking_id)
        if valid and (not paid or (paid["prices"], paid["currency"]) != (found["prices"], found["currency"])):
            yield f"I4 booking {booking_id}: tickets, but no payment of {found['prices']} {found['currency']}"


def tickets_admit_once(tables: Tables) -> Iterator[str]:
    """I8: each ticket has one scan if it was admitted, and none if it was not."""
    scans = Counter(one["ticket_id"] for one in of(tables, "tickets", "scan") if "undone_at" not in one)
    for one in of(tables, "tickets", "ticket"):
        if scans[one["pk"]] != (1 if "checked_in_at" in one else 0):
            yield f"I8 ticket {one['pk']}: {one['status']} with {scans[one['pk']]} scans"


def doors_count_right(tables: Tables) -> Iterator[str]:
    """I8: the counts of an event's door are those of its tickets and scans."""
    counted: Counter[tuple[str, str]] = Counter()
    for one in of(tables, "tickets", "count"):
        event_id = one["pk"].split("#")[0]
        counted.update({(event_id, name): one.get(name, 0) for name in ("issued", "void", "checked_in")})
    for one in of(tables, "tickets", "ticket"):
        counted[one["event_id"], "issued"] -= "transferred_from" not in one
        counted[one["event_id"], "void"] -= one["status"] in ("VOID", "REJECTED") and "transferred_to" not in one
    for one in of(tables, "tickets", "scan"):
        if "undone_at" not in one:
            counted[one["event_id"], "checked_in"] -= 1
    for (event_id, name), over in counted.items():
        if over:
            yield f"I8 event {event_id}: {name} is counted {over} too many"


def uses_are_known(tables: Tables) -> Iterator[str]:
    """I17: a booking knows which of its tickets were admitted or handed on, and which are somebody else's."""
    bookings = by(tables, "bookings", "booking", "id")
    for one in of(tables, "tickets", "ticket"):
        booking = bookings[one["booking_id"]]
        known = booking.get("uses", {}).get(one["id"], {})
        gone = "transferred_to" in one
        others = "transferred_from" in one and not gone and one["user_id"] != booking["user_id"]
        is_so = {"inside": "checked_in_at" in one, "gone": gone, "others": others}
        if wrong := [name for name, fact in is_so.items() if known.get(name, False) != fact]:
            yield f"I17 booking {booking['id']}: its ticket {one['id']} is otherwise {', '.join(wrong)}"
