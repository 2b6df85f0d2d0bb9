"""Payment checks: prices, captures and refunds match (I5, I6, I11, I14, I17)."""

from collections import Counter
from collections.abc import Iterator

from reconcile.core.snapshot import ADMITTING_STATES, Tables, cancelled_by_buyer, index_by, payment_intent, select


def refunds_are_within_payments(tables: Tables) -> Iterator[str]:
    """I5: refunds never exceed what was paid, in our tables and at the provider."""
    for one in select(tables, "payments", "payment"):
        if not 0 <= one["refunded"] <= one["prices"]:
            yield f"I5 payment {one['pk']}: {one['refunded']} refunded of {one['prices']}"
        rows = Counter({"SUCCEEDED": 0, "PENDING": 0})
        for refund in one.get("refunds", ()):
            rows[refund["status"]] += refund["amount"]
        if rows["SUCCEEDED"] != one["refunded"] or rows["SUCCEEDED"] + rows["PENDING"] > one["prices"]:
            yield f"I5 payment {one['pk']}: its refunds are {dict(rows)}, refunded {one['refunded']} of {one['prices']}"
    sent: Counter[str] = Counter()
    for one in select(tables, "sandbox", "refund"):
        sent[one["payment_intent"]] += one["amount"] if one["status"] == "succeeded" else 0
    for one in select(tables, "sandbox", "session"):
        captured = one["amount_total"] if one["payment_status"] == "paid" else 0
        if sent[payment_intent(one)] != one.get("amount_refunded", 0) or sent[payment_intent(one)] > captured:
            yield f"I5 session {one['pk']}: {sent[payment_intent(one)]} refunded of {captured}"


def prices_match_items(tables: Tables) -> Iterator[str]:
    """I6: a booking's price is the sum of its items, in whole minor units."""
    for one in select(tables, "bookings", "booking"):
        total = sum(item["qty"] * item["unit_price"] for item in one["items"])
        if one["prices"] != total or total != int(total) or total < 0:
            yield f"I6 booking {one['pk']}: costs {one['prices']}, its items {total}"


def captured_payments_are_settled(tables: Tables) -> Iterator[str]:
    """I11: a captured payment has valid tickets or is refunded: never both, never neither."""
    # Withdrawn tickets count as valid here: their refund is the organiser's decision.
    issued = {one["id"] for one in select(tables, "tickets", "issue") if one["status"] == "CREATED"}
    valid = {one["booking_id"] for one in select(tables, "tickets", "ticket") if one["status"] in ADMITTING_STATES}
    valid |= issued & {one["booking_id"] for one in select(tables, "tickets", "ticket") if "withdrawn_by" in one}
    promised = {one["id"]: one["refund"] for one in cancelled_by_buyer(tables)}
    for one in select(tables, "payments", "payment"):
        is_refunded = one["status"] == "REFUNDED" or one["refunded"] >= promised.get(
            one["booking_id"], one["prices"] + 1
        )
        outcomes = (one["booking_id"] in valid, is_refunded)
        if "paid_at" in one and sum(outcomes) != 1:
            yield f"I11 payment {one['pk']} ({one['status']}): tickets {outcomes[0]}, refund {outcomes[1]}"
    kept = {
        one.get("provider_payment") for one in select(tables, "payments", "payment") if one["status"] == "SUCCEEDED"
    }
    for one in select(tables, "sandbox", "session"):
        is_refunded = one.get("amount_refunded", 0) == one["amount_total"]
        if one["payment_status"] == "paid" and is_refunded == (payment_intent(one) in kept):
            yield f"I11 session {one['pk']}: the provider captured {payment_intent(one)}, which matches no payment"


def bookings_match_payments_and_tickets(tables: Tables) -> Iterator[str]:
    """I11: a booking is CONFIRMED if and only if its payment succeeded and its tickets are valid."""
    payments = index_by(tables, "payments", "payment", "booking_id")
    issues = index_by(tables, "tickets", "issue", "id")
    cancelled = {one["id"] for one in cancelled_by_buyer(tables)}
    for one in select(tables, "bookings", "booking"):
        payment_status, issue_status = (
            payments.get(one["id"], {}).get("status"),
            issues.get(one["id"], {}).get("status"),
        )
        kept = payment_status == "SUCCEEDED" and one["id"] not in cancelled
        facts = {one["status"] == "CONFIRMED", kept, issue_status == "CREATED"}
        if len(facts) != 1:
            yield f"I11 booking {one['id']}: {one['status']}, payment {payment_status}, issue {issue_status}"


def bookings_have_payments(tables: Tables) -> Iterator[str]:
    """I14: every booking has a payment."""
    payments = index_by(tables, "payments", "payment", "booking_id")
    for one in select(tables, "bookings", "booking"):
        if one["id"] not in payments:
            yield f"I14 booking {one['id']}: it has no payment"


def booking_refunds_match_payments(tables: Tables) -> Iterator[str]:
    """I17: a booking's refunded sum is its payment's."""
    payments = index_by(tables, "payments", "payment", "booking_id")
    for one in select(tables, "bookings", "booking"):
        if one.get("refunded", 0) != payments.get(one["id"], {}).get("refunded", 0):
            yield f"I17 booking {one['pk']}: refunded {one.get('refunded', 0)}, its payment has another sum"


def event_refunds_match_bookings(tables: Tables) -> Iterator[str]:
    """I17: an event's refund totals are the sums of its bookings'."""
    refunded = Counter[tuple[str, str]]()
    for one in select(tables, "bookings", "booking"):
        refunded[one["event_id"], one["currency"]] += one.get("refunded", 0)
    for one in select(tables, "bookings", "sales"):
        refunded.update(
            {(one["pk"], name.removeprefix("refunded_")): -one[name] for name in one if "refunded_" in name}
        )
    for (event_id, currency), difference in refunded.items():
        if difference:
            yield f"I17 event {event_id}: {difference} {currency} of refunds are missing from its total"
