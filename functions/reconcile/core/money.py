"""Money: what came, what it was for, and what went back (I5, I6, I11, I17)."""

from collections import Counter
from collections.abc import Iterator

from reconcile.core.snapshot import ADMITTING, Tables, by, given_back, intent, of


def refunds_are_covered(tables: Tables) -> Iterator[str]:
    """I5: never more goes back than came, by our books and by the provider's."""
    for one in of(tables, "payments", "payment"):
        if not 0 <= one["refunded"] <= one["prices"]:
            yield f"I5 payment {one['pk']}: {one['refunded']} refunded of {one['prices']}"
        rows = Counter({"SUCCEEDED": 0, "PENDING": 0})
        for refund in one.get("refunds", ()):
            rows[refund["status"]] += refund["amount"]
        if rows["SUCCEEDED"] != one["refunded"] or rows["SUCCEEDED"] + rows["PENDING"] > one["prices"]:
            yield f"I5 payment {one['pk']}: its refunds are {dict(rows)}, refunded {one['refunded']} of {one['prices']}"
    sent: Counter[str] = Counter()
    for one in of(tables, "sandbox", "refund"):
        sent[one["payment_intent"]] += one["amount"] if one["status"] == "succeeded" else 0
    for one in of(tables, "sandbox", "session"):
        captured = one["amount_total"] if one["payment_status"] == "paid" else 0
        if sent[intent(one)] != one.get("amount_refunded", 0) or sent[intent(one)] > captured:
            yield f"I5 session {one['pk']}: {sent[intent(one)]} sent back of {captured}"


def prices_are_sums(tables: Tables) -> Iterator[str]:
    """I6: a booking costs what its items cost, in whole minor units."""
    for one in of(tables, "bookings", "booking"):
        total = sum(item["qty"] * item["unit_price"] for item in one["items"])
        if one["prices"] != total or total != int(total) or total < 0:
            yield f"I6 booking {one['pk']}: costs {one['prices']}, its items {total}"


def money_is_answered(tables: Tables) -> Iterator[str]:
    """I11: what was captured ends in valid tickets or goes back: never both, never none."""
    # A ticket that the organiser withdrew is answered, too: what is paid back for it is the organiser's word.
    issued = {one["id"] for one in of(tables, "tickets", "issue") if one["status"] == "CREATED"}
    valid = {one["booking_id"] for one in of(tables, "tickets", "ticket") if one["status"] in ADMITTING}
    valid |= issued & {one["booking_id"] for one in of(tables, "tickets", "ticket") if "withdrawn_by" in one}
    promised = {one["id"]: one["refund"] for one in given_back(tables)}
    for one in of(tables, "payments", "payment"):
        back = one["status"] == "REFUNDED" or one["refunded"] >= promised.get(one["booking_id"], one["prices"] + 1)
        answers = (one["booking_id"] in valid, back)
        if "paid_at" in one and sum(answers) != 1:
            yield f"I11 payment {one['pk']} ({one['status']}): tickets {answers[0]}, refund {answers[1]}"
    kept = {one.get("provider_payment") for one in of(tables, "payments", "payment") if one["status"] == "SUCCEEDED"}
    for one in of(tables, "sandbox", "session"):
        back = one.get("amount_refunded", 0) == one["amount_total"]
        if one["payment_status"] == "paid" and back == (intent(one) in kept):
            yield f"I11 session {one['pk']}: the provider has {intent(one)}, which our books do not explain"


def bookings_agree_with_the_rest(tables: Tables) -> Iterator[str]:
    """I11: a booking is CONFIRMED exactly where its payment succeeded and its tickets are valid."""
    payments = by(tables, "payments", "payment", "booking_id")
    issues = by(tables, "tickets", "issue", "id")
    withdrawn = {one["id"] for one in given_back(tables)}
    for one in of(tables, "bookings", "booking"):
        money, issue = payments.get(one["id"], {}).get("status"), issues.get(one["id"], {}).get("status")
        kept = money == "SUCCEEDED" and one["id"] not in withdrawn
        facts = {one["status"] == "CONFIRMED", kept, issue == "CREATED"}
        if len(facts) != 1:
            yield f"I11 booking {one['id']}: {one['status']}, payment {money}, issue {issue}"


def bookings_have_payments(tables: Tables) -> Iterator[str]:
    """I14: of every booking payment has heard."""
    payments = by(tables, "payments", "payment", "booking_id")
    for one in of(tables, "bookings", "booking"):
        if one["id"] not in payments:
            yield f"I14 booking {one['id']}: no payment was opened for it"


def refunds_are_shown(tables: Tables) -> Iterator[str]:
    """I17: what a booking shows as sent back is what its payment says."""
    payments = by(tables, "payments", "payment", "booking_id")
    for one in of(tables, "bookings", "booking"):
        if one.get("refunded", 0) != payments.get(one["id"], {}).get("refunded", 0):
            yield f"I17 booking {one['pk']}: shows {one.get('refunded', 0)} sent back, its payment has another sum"


def refunds_are_summed(tables: Tables) -> Iterator[str]:
    """I17: what an event shows as sent back is the sum of what its bookings show."""
    back = Counter[tuple[str, str]]()
    for one in of(tables, "bookings", "booking"):
        back[one["event_id"], one["currency"]] += one.get("refunded", 0)
    for one in of(tables, "bookings", "sales"):
        back.update({(one["pk"], name.removeprefix("refunded_")): -one[name] for name in one if "refunded_" in name})
    for (event_id, currency), off in back.items():
        if off:
            yield f"I17 event {event_id}: {off} {currency} of what was sent back are not in its sum"
