"""Notification checks: one notification per change (I13)."""

from collections import Counter
from collections.abc import Iterator

from reconcile.core.snapshot import Item, Tables, select

_KIND_BY_ACTION = {
    "expire": "booking_expired",
    "fail": "booking_failed",
    "reject_late_payment": "booking_failed",
    "cancel": "booking_cancelled",
    "cancel_by_policy": "booking_cancelled",
    "revoke": "booking_cancelled",
    "refund": "booking_cancelled",
    "event_cancelled": "booking_cancelled",
}
_BROADCAST_KINDS = ("event_changed", "event_reminder")  # sent to all ticket holders: not caused by a booking


def notifications_are_sent_once(tables: Tables) -> Iterator[str]:
    """I13: every change that concerns a user is notified exactly once."""
    expected: Counter[tuple[str, str]] = Counter()
    for one in select(tables, "bookings", "booking"):
        expected.update(
            (one["id"], _KIND_BY_ACTION[log["action"]]) for log in one["logs"] if log["action"] in _KIND_BY_ACTION
        )
    for one in select(tables, "tickets", "issue"):
        expected.update((one["id"], "tickets_created") for log in one["logs"] if log["action"] == "issue")
    for one in select(tables, "payments", "payment"):
        refund_actions = ("part_refund", "finish_refund", "refund_settled")
        refund_count = sum(log["action"] in refund_actions for log in one["logs"]) if one["prices"] else 0
        expected.update({(one["booking_id"], "payment_refunded"): refund_count})
    for one in select(tables, "tickets", "transfer"):
        expected.update({(one["id"], "ticket_offered"): 1})
    buyers = {one["id"]: one["buyer_id"] for one in select(tables, "tickets", "issue")}
    for one in select(tables, "tickets", "ticket"):
        expected.update((one["booking_id"], kind) for kind in _expected_kinds(one, buyers.get(one["booking_id"])))
    notifications = [
        one for one in select(tables, "notifications", "notification") if one["kind"] not in _BROADCAST_KINDS
    ]
    sent = Counter((one.get("transfer_id", one.get("booking_id")), one["kind"]) for one in notifications)
    for subject_id, kind in expected.keys() | sent.keys():
        count, due = sent[subject_id, kind], expected[subject_id, kind]
        if count != due:
            yield f"I13 booking {subject_id}: {count} notifications {kind}, expected {due}"


def _expected_kinds(ticket: Item, buyer: str | None) -> Iterator[str]:
    # A ticket voided with its booking has no notification of its own, unless another user holds it by then (it may
    # have been transferred and come back to the buyer).
    yield from ("ticket_reissued" for log in ticket["logs"] if log["action"] == "reissue")
    transferred = "transferred_from" in ticket
    if transferred:
        yield from ("ticket_received", "ticket_given")
    held_by_other = transferred and ticket["user_id"] != buyer and "transferred_to" not in ticket
    if "withdrawn_by" in ticket or (held_by_other and ticket["status"] == "VOID"):
        yield "ticket_voided"
