"""Telling: of every turn once (I13)."""

from collections import Counter
from collections.abc import Iterator

from reconcile.core.snapshot import Item, Tables, of

_TOLD = {
    "expire": "booking_expired",
    "fail": "booking_failed",
    "refuse": "booking_failed",
    "cancel": "booking_cancelled",
    "withdraw": "booking_cancelled",
    "revoke": "booking_cancelled",
    "refund": "booking_cancelled",
    "call_off": "booking_cancelled",
}
_TO_AUDIENCES = ("event_changed", "event_reminder")  # to everybody with tickets: no booking's own matter


def everything_is_told_once(tables: Tables) -> Iterator[str]:
    """I13: the buyer is told of every turn, each time that it happens, and no more often."""
    expected: Counter[tuple[str, str]] = Counter()
    for one in of(tables, "bookings", "booking"):
        expected.update((one["id"], _TOLD[log["did"]]) for log in one["logs"] if log["did"] in _TOLD)
    for one in of(tables, "tickets", "issue"):
        expected.update((one["id"], "tickets_created") for log in one["logs"] if log["did"] == "issue")
    for one in of(tables, "payments", "payment"):
        sent = ("part_refund", "finish_refund", "finish_one")
        back = sum(log["did"] in sent for log in one["logs"]) if one["prices"] else 0
        expected.update({(one["booking_id"], "payment_refunded"): back})
    for one in of(tables, "tickets", "transfer"):
        expected.update({(one["id"], "ticket_offered"): 1})
    buyers = {one["id"]: one["buyer_id"] for one in of(tables, "tickets", "issue")}
    for one in of(tables, "tickets", "ticket"):
        expected.update((one["booking_id"], kind) for kind in _told_of(one, buyers.get(one["booking_id"])))
    notices = [one for one in of(tables, "notifications", "notification") if one["kind"] not in _TO_AUDIENCES]
    told = Counter((one.get("transfer_id", one.get("booking_id")), one["kind"]) for one in notices)
    for about, kind in expected.keys() | told.keys():
        times, due = told[about, kind], expected[about, kind]
        if times != due:
            yield f"I13 booking {about}: told {times} times of {kind}, which is due {due} times"


def _told_of(ticket: Item, buyer: str | None) -> Iterator[str]:
    # A ticket that ends with its booking is told of with that, unless it is somebody else's by then: it may have
    # been passed on and come back to the buyer.
    yield from ("ticket_reissued" for log in ticket["logs"] if log["did"] == "reissue")
    passed_on = "transferred_from" in ticket
    if passed_on:
        yield from ("ticket_received", "ticket_given")
    elsewhere = passed_on and ticket["user_id"] != buyer and "transferred_to" not in ticket
    if "withdrawn_by" in ticket or (elsewhere and ticket["status"] == "VOID"):
        yield "ticket_voided"
