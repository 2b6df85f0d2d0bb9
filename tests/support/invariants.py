"""What must be true of the tables, always and once everything has come to rest.

Each function reads plain items by the topology's table names and yields one sentence per violation.
`violations` puts them together; it knows neither test nor emulator, so that it can be held against
any deployed system. The numbers are those of the list of invariants: I1 to I6, I8, I10 to I13, I16, I17.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import booking.core.model
import notify.core.model
import payment.core.model
import ticket.core.model
from common import clock, ids, outbox
from common.statemachine import StateMachine

Item = Mapping[str, Any]
Tables = Mapping[str, Sequence[Item]]
Check = Callable[[Tables], Iterator[str]]

TAKING = ("PENDING", "CONFIRMED")  # a booking in these states has its places
ADMITTING = ("CREATED", "CHECKED_IN")
GRACE = timedelta(minutes=5)  # after a deadline, for timers, retries and clocks that differ

_MACHINES: dict[tuple[str, str], StateMachine[Any, Any]] = {
    ("bookings", "booking"): booking.core.model.LIFECYCLE,
    ("payments", "payment"): payment.core.model.LIFECYCLE,
    ("tickets", "issue"): ticket.core.model.LIFECYCLE,
    ("tickets", "ticket"): ticket.core.model.LIFECYCLE,
    ("notifications", "notification"): notify.core.model.LIFECYCLE,
}
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


def violations(tables: Tables, *, now: datetime | None = None, resting: bool = True) -> list[str]:
    """One sentence for everything that is not as it must be; `resting` if no message is under way."""
    found = [said for check in ALWAYS for said in check(tables)]
    if resting:
        found += [said for check in AT_REST for said in check(tables)]
        found += overdue(tables, now or datetime.now(UTC))
    return found


# -- always ---------------------------------------------------------------------------------------


def stock_is_conserved(tables: Tables) -> Iterator[str]:
    """I1: per event type, what is available and what is taken make the capacity."""
    taken: Counter[str] = Counter()
    for one in _of(tables, "bookings", "booking"):
        if one["status"] in TAKING:
            taken.update({item["event_type_id"]: int(item["qty"]) for item in one["items"]})
    for type_id, shards in _shards(tables).items():
        available = sum(one["available"] for one in shards)
        capacity = sum(one["capacity"] for one in shards)
        if available + taken[type_id] != capacity:
            yield f"I1 type {type_id}: {available} available + {taken[type_id]} taken, but {capacity} in all"
        if any(one["available"] < 0 for one in shards):
            yield f"I1 type {type_id}: a shard has fewer than no places"


def limits_are_conserved(tables: Tables) -> Iterator[str]:
    """I2: what counts against a person's limit is what they have, and never more than the event allows."""
    held: Counter[str] = Counter()
    for one in _of(tables, "bookings", "booking"):
        if one["status"] in TAKING:
            held[f"{one['event_id']}#{one['user_id']}"] += int(one["quantity"])
    most = {one["pk"]: one["max_per_user"] for one in _of(tables, "bookings", "terms")}
    for one in _of(tables, "bookings", "limit"):
        if one["held"] != held[one["pk"]]:
            yield f"I2 limit {one['pk']}: counts {one['held']}, but {held[one['pk']]} are taken"
        if one["held"] > most[one["pk"].split("#")[0]]:
            yield f"I2 limit {one['pk']}: {one['held']} are more than one person may have"


def nothing_is_oversold(tables: Tables) -> Iterator[str]:
    """I2: no more valid tickets than places."""
    capacity = {type_id: sum(one["capacity"] for one in shards) for type_id, shards in _shards(tables).items()}
    valid = Counter(one["event_type_id"] for one in _of(tables, "tickets", "ticket") if one["status"] in ADMITTING)
    for type_id, count in valid.items():
        if count > capacity.get(type_id, 0):
            yield f"I2 type {type_id}: {count} valid tickets for {capacity.get(type_id, 0)} places"


def histories_are_paths(tables: Tables) -> Iterator[str]:
    """I3: every history is a path of the state table, and each step counts one version."""
    for (table, kind), machine in _MACHINES.items():
        for one in _of(tables, table, kind):
            if one["version"] != len(one["logs"]):
                yield f"I3 {kind} {one['pk']}: version {one['version']} after {len(one['logs'])} steps"
            state = _walked(machine, _birth(kind, one), [log["did"] for log in one["logs"][1:]])
            if state != one["status"]:
                yield f"I3 {kind} {one['pk']}: {one['status']}, but its history leads to {state}"


def tickets_are_as_booked(tables: Tables) -> Iterator[str]:
    """I4: tickets have the ids that follow from their booking, and as many are valid as were paid."""
    bookings, payments = _by(tables, "bookings", "booking", "id"), _by(tables, "payments", "payment", "booking_id")
    for booking_id, tickets in _grouped(_of(tables, "tickets", "ticket"), "booking_id").items():
        found = bookings[booking_id]
        if {one["id"] for one in tickets if "transferred_from" not in one} != set(_ticket_ids(found)):
            yield f"I4 booking {booking_id}: its tickets are not those that follow from its items"
        valid = sum(one["status"] in ADMITTING for one in tickets)
        withdrawn = sum("withdrawn_by" in one for one in tickets)
        if valid and valid + withdrawn != found["quantity"]:
            yield f"I4 booking {booking_id}: {valid} valid tickets for {found['quantity']} places"
        paid = payments.get(booking_id)
        if valid and (not paid or (paid["prices"], paid["currency"]) != (found["prices"], found["currency"])):
            yield f"I4 booking {booking_id}: tickets, but no payment of {found['prices']} {found['currency']}"


def refunds_are_covered(tables: Tables) -> Iterator[str]:
    """I5: never more goes back than came, by our books and by the provider's."""
    for one in _of(tables, "payments", "payment"):
        if not 0 <= one["refunded"] <= one["prices"]:
            yield f"I5 payment {one['pk']}: {one['refunded']} refunded of {one['prices']}"
        rows = Counter({"SUCCEEDED": 0, "PENDING": 0})
        for refund in one.get("refunds", ()):
            rows[refund["status"]] += refund["amount"]
        if rows["SUCCEEDED"] != one["refunded"] or rows["SUCCEEDED"] + rows["PENDING"] > one["prices"]:
            yield f"I5 payment {one['pk']}: its refunds are {dict(rows)}, refunded {one['refunded']} of {one['prices']}"
    sent: Counter[str] = Counter()
    for one in _of(tables, "sandbox", "refund"):
        sent[one["payment_intent"]] += one["amount"]
    for one in _of(tables, "sandbox", "session"):
        captured = one["amount_total"] if one["payment_status"] == "paid" else 0
        if sent[_intent(one)] != one.get("amount_refunded", 0) or sent[_intent(one)] > captured:
            yield f"I5 session {one['pk']}: {sent[_intent(one)]} sent back of {captured}"


def prices_are_sums(tables: Tables) -> Iterator[str]:
    """I6: a booking costs what its items cost, in whole minor units."""
    for one in _of(tables, "bookings", "booking"):
        total = sum(item["qty"] * item["unit_price"] for item in one["items"])
        if one["prices"] != total or total != int(total) or total < 0:
            yield f"I6 booking {one['pk']}: costs {one['prices']}, its items {total}"


def tickets_admit_once(tables: Tables) -> Iterator[str]:
    """I8: each ticket has one scan if it was admitted, and none if it was not."""
    scans = Counter(one["ticket_id"] for one in _of(tables, "tickets", "scan") if "undone_at" not in one)
    for one in _of(tables, "tickets", "ticket"):
        if scans[one["pk"]] != (1 if "checked_in_at" in one else 0):
            yield f"I8 ticket {one['pk']}: {one['status']} with {scans[one['pk']]} scans"


def doors_count_right(tables: Tables) -> Iterator[str]:
    """I8: the counts of an event's door are those of its tickets and scans."""
    counted: Counter[tuple[str, str]] = Counter()
    for one in _of(tables, "tickets", "count"):
        event_id = one["pk"].split("#")[0]
        counted.update({(event_id, name): one.get(name, 0) for name in ("issued", "void", "checked_in")})
    for one in _of(tables, "tickets", "ticket"):
        counted[one["event_id"], "issued"] -= "transferred_from" not in one
        counted[one["event_id"], "void"] -= one["status"] in ("VOID", "REJECTED") and "transferred_to" not in one
    for one in _of(tables, "tickets", "scan"):
        if "undone_at" not in one:
            counted[one["event_id"], "checked_in"] -= 1
    for (event_id, name), over in counted.items():
        if over:
            yield f"I8 event {event_id}: {name} is counted {over} too many"


def outboxes_are_sound(tables: Tables) -> Iterator[str]:
    """I10: what was published belongs to one version of one item, under an id of its own."""
    seen: set[str] = set()
    for items in tables.values():
        for one in items:
            if "outbox_version" not in one:
                continue
            if not 1 <= one["outbox_version"] <= one["version"]:
                yield f"I10 {one['pk']}: published version {one['outbox_version']} of {one['version']}"
            told = [event.bus_event_id for event in outbox.published(dict(one))]
            if seen & set(told) or not told:
                yield f"I10 {one['pk']}: its bus events have no ids of their own"
            seen |= set(told)


# -- at rest --------------------------------------------------------------------------------------


def money_is_answered(tables: Tables) -> Iterator[str]:
    """I11: what was captured ends in valid tickets or goes back: never both, never none."""
    # A ticket that the organiser withdrew is answered, too: what is paid back for it is the organiser's word.
    issued = {one["id"] for one in _of(tables, "tickets", "issue") if one["status"] == "CREATED"}
    valid = {one["booking_id"] for one in _of(tables, "tickets", "ticket") if one["status"] in ADMITTING}
    valid |= issued & {one["booking_id"] for one in _of(tables, "tickets", "ticket") if "withdrawn_by" in one}
    promised = {one["id"]: one["refund"] for one in _withdrawn(tables)}
    for one in _of(tables, "payments", "payment"):
        back = one["status"] == "REFUNDED" or one["refunded"] >= promised.get(one["booking_id"], one["prices"] + 1)
        answers = (one["booking_id"] in valid, back)
        if "paid_at" in one and sum(answers) != 1:
            yield f"I11 payment {one['pk']} ({one['status']}): tickets {answers[0]}, refund {answers[1]}"
    kept = {one.get("provider_payment") for one in _of(tables, "payments", "payment") if one["status"] == "SUCCEEDED"}
    for one in _of(tables, "sandbox", "session"):
        back = one.get("amount_refunded", 0) == one["amount_total"]
        if one["payment_status"] == "paid" and back == (_intent(one) in kept):
            yield f"I11 session {one['pk']}: the provider has {_intent(one)}, which our books do not explain"


def bookings_agree_with_the_rest(tables: Tables) -> Iterator[str]:
    """I11: a booking is CONFIRMED exactly where its payment succeeded and its tickets are valid."""
    payments = _by(tables, "payments", "payment", "booking_id")
    issues = _by(tables, "tickets", "issue", "id")
    withdrawn = {one["id"] for one in _withdrawn(tables)}
    for one in _of(tables, "bookings", "booking"):
        money, issue = payments.get(one["id"], {}).get("status"), issues.get(one["id"], {}).get("status")
        kept = money == "SUCCEEDED" and one["id"] not in withdrawn
        facts = {one["status"] == "CONFIRMED", kept, issue == "CREATED"}
        if len(facts) != 1:
            yield f"I11 booking {one['id']}: {one['status']}, payment {money}, issue {issue}"


def nothing_is_half_done(tables: Tables) -> Iterator[str]:
    """I12: no state remains that something was to follow at once."""
    halves = (("tickets", "issue", "PENDING"), ("tickets", "ticket", "PENDING"), ("payments", "payment", "REFUNDING"))
    for table, kind, state in (*halves, ("notifications", "notification", "PENDING")):
        for one in _of(tables, table, kind):
            if one["status"] == state:
                yield f"I12 {kind} {one['pk']}: still {state}"


def everything_is_told_once(tables: Tables) -> Iterator[str]:
    """I13: the buyer is told of every turn, each time that it happens, and no more often."""
    expected: Counter[tuple[str, str]] = Counter()
    for one in _of(tables, "bookings", "booking"):
        expected.update((one["id"], _TOLD[log["did"]]) for log in one["logs"] if log["did"] in _TOLD)
    for one in _of(tables, "tickets", "issue"):
        expected.update((one["id"], "tickets_created") for log in one["logs"] if log["did"] == "issue")
    for one in _of(tables, "payments", "payment"):
        sent = ("part_refund", "finish_refund", "finish_one")
        back = sum(log["did"] in sent for log in one["logs"]) if one["prices"] else 0
        expected.update({(one["booking_id"], "payment_refunded"): back})
    for one in _of(tables, "tickets", "transfer"):
        expected.update({(one["id"], "ticket_offered"): 1})
    buyers = {one["id"]: one["buyer_id"] for one in _of(tables, "tickets", "issue")}
    for one in _of(tables, "tickets", "ticket"):
        expected.update((one["booking_id"], kind) for kind in _told_of(one, buyers.get(one["booking_id"])))
    notices = [one for one in _of(tables, "notifications", "notification") if one["kind"] not in _TO_AUDIENCES]
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


def counts_are_right(tables: Tables) -> Iterator[str]:
    """I17: what is shown as sold, earned and held is what the bookings say."""
    sold, held, earned = Counter[str](), Counter[str](), Counter[str]()
    for one in _of(tables, "bookings", "booking"):
        taken = {item["event_type_id"]: int(item["qty"]) for item in one["items"]}
        held.update(taken if one["status"] == "PENDING" else {})
        if one["status"] == "CONFIRMED":
            sold.update(taken)
            earned.update({item["event_type_id"]: int(item["qty"] * item["unit_price"]) for item in one["items"]})
    shards = _shards(tables)
    for one in _of(tables, "bookings", "tally"):
        rest = sum(shard["capacity"] - shard["available"] for shard in shards[one["pk"]]) - one["sold"]
        if (one["sold"], one["revenue"], rest) != (sold[one["pk"]], earned[one["pk"]], held[one["pk"]]):
            yield f"I17 type {one['pk']}: {one['sold']} sold for {one['revenue']} and {rest} held are shown"


def refunds_are_shown(tables: Tables) -> Iterator[str]:
    """I17: what a booking shows as sent back is what its payment says, and the event's sum is theirs."""
    payments, back = _by(tables, "payments", "payment", "booking_id"), Counter[tuple[str, str]]()
    for one in _of(tables, "bookings", "booking"):
        shown = one.get("refunded", 0)
        back[one["event_id"], one["currency"]] += shown
        if shown != payments.get(one["id"], {}).get("refunded", 0):
            yield f"I17 booking {one['pk']}: shows {shown} sent back, its payment has another sum"
    for one in _of(tables, "bookings", "sales"):
        back.update({(one["pk"], name.removeprefix("refunded_")): -one[name] for name in one if "refunded_" in name})
    for (event_id, currency), off in back.items():
        if off:
            yield f"I17 event {event_id}: {off} {currency} of what was sent back are not in its sum"


def cancelled_events_are_wound_up(tables: Tables) -> Iterator[str]:
    """I16: of a cancelled event nothing is on sale, no booking has places, no ticket admits, no money is kept."""
    cancelled = {one["pk"]: one for one in _of(tables, "bookings", "terms") if one["status"] == "CANCELLED"}
    done = {one["pk"] for one in _of(tables, "bookings", "cancellation") if one["state"] == "FINISHED"}
    shards = _shards(tables)
    for event_id, event in cancelled.items():
        on_sale = any(shard["on_sale"] for one in event["types"] for shard in shards[one])
        if on_sale or event_id not in done:
            yield f"I16 event {event_id}: places are on sale ({on_sale}), or it is not wound up"
    mine = [one for one in _of(tables, "bookings", "booking") if one["event_id"] in cancelled]
    tickets = [one for one in _of(tables, "tickets", "ticket") if one["event_id"] in cancelled]
    for one in _of(tables, "bookings", "cancellation"):
        for name in one:
            if name.startswith("owed_") and one.get(name.replace("owed_", "refunded_"), 0) != one[name]:
                yield f"I16 event {one['pk']}: of {one[name]} that its cancellation owes not all is gone back"
    # What was given back for a part of its price before the event was cancelled stays so.
    whole = {one["id"] for one in mine} - {one["id"] for one in _withdrawn(tables)}
    payments = [one for one in _of(tables, "payments", "payment") if one["booking_id"] in whole]
    for items, wrong in ((mine, TAKING), (tickets, ADMITTING), (payments, ("SUCCEEDED",))):
        yield from (f"I16 {one['sk']} {one['pk']}: {one['status']}" for one in items if one["status"] in wrong)


def overdue(tables: Tables, now: datetime) -> Iterator[str]:
    """I12: nothing waits beyond its time."""
    for table, kind in (("bookings", "booking"), ("payments", "payment")):
        for one in _of(tables, table, kind):
            if one["status"] == "PENDING" and clock.parse(one["pay_before"]) + GRACE < now:
                yield f"I12 {kind} {one['pk']}: PENDING since its time ran out at {one['pay_before']}"


ALWAYS: tuple[Check, ...] = (
    stock_is_conserved,
    limits_are_conserved,
    nothing_is_oversold,
    histories_are_paths,
    tickets_are_as_booked,
    refunds_are_covered,
    prices_are_sums,
    tickets_admit_once,
    doors_count_right,
    outboxes_are_sound,
)
AT_REST: tuple[Check, ...] = (
    money_is_answered,
    bookings_agree_with_the_rest,
    nothing_is_half_done,
    cancelled_events_are_wound_up,
    counts_are_right,
    refunds_are_shown,
    everything_is_told_once,
)


def _of(tables: Tables, table: str, kind: str) -> list[Item]:
    return [one for one in tables.get(table, ()) if one["sk"].split("#")[0] == kind]


def _withdrawn(tables: Tables) -> list[Item]:
    """Bookings that their buyers gave back, for what the event's terms promise."""
    return [one for one in _of(tables, "bookings", "booking") if one["status"] == "CANCELLED" and "refund" in one]


def _by(tables: Tables, table: str, kind: str, name: str) -> dict[str, Item]:
    return {one[name]: one for one in _of(tables, table, kind)}


def _grouped(items: Iterable[Item], name: str) -> dict[str, list[Item]]:
    groups: dict[str, list[Item]] = defaultdict(list)
    for one in items:
        groups[one[name]].append(one)
    return groups


def _shards(tables: Tables) -> dict[str, list[Item]]:
    return _grouped(_of(tables, "bookings", "stock"), "pk")


def _ticket_ids(found: Item) -> Iterator[str]:
    for item in found["items"]:
        yield from (ids.derive("ticket", found["id"], item["event_type_id"], at) for at in range(int(item["qty"])))


def _intent(session: Item) -> str:
    return str(session["pk"]).replace("cs_test_", "pi_", 1)


def _birth(kind: str, one: Item) -> str:
    """The state that an item begins in.

    A free payment is paid, a ticket taken over from somebody valid, an issue without tickets rejected at once.
    """
    if kind == "payment" and one["method"] == "free":
        return "SUCCEEDED"
    if kind == "ticket" and "transferred_from" in one:
        return "CREATED"
    return "REJECTED" if kind == "issue" and one["status"] == "REJECTED" and not one["ticket_ids"] else "PENDING"


def _walked(machine: StateMachine[Any, Any], state: str, steps: Iterable[str]) -> str:
    """Where the steps lead; steps that change no state are none of the machine's."""
    triggers = {str(trigger): trigger for _, trigger in machine.table}
    for did in steps:
        if did in triggers:
            step = (state, triggers[did])
            if step not in machine.table:
                return f"nowhere from {state} by {did}"
            state = str(machine.table[step])
    return str(state)
