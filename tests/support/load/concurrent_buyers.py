"""Concurrent buyers with a faulty provider, and an audit of how their bookings and payments end."""

import contextlib
import secrets
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Self

from local.actors import Actor, book, choose_outcome, wait_for
from local.client import ApiResponse, Client, UnexpectedStatus
from local.stack import Stack
from local.tables import scan_tables
from reconcile.core.invariants import violations
from reconcile.core.snapshot import ADMITTING_STATES, Tables, select
from tools.ticketing.reconcile import run_full_sweep

CONCURRENCY = 24  # buyers; at most 32 connections with the provider's calls and webhooks
TICKETS, REFUND = "tickets", "refund"
_MAX_BOOKINGS = 5
_MAX_RETRIES = 20  # failed calls
_SWEEP_SECONDS = 30.0  # for the effects of a reconciler sweep
_MAIL_SECONDS = 60.0  # for the last e-mails to arrive
_PAGE_SECONDS = 110.0  # for a checkout page, with all retries
_RETRIED_STATUSES = (404, 500, 502, 503, 504)  # payment not open yet, or a transient failure: retry


class HoldExpired(Exception):
    """The hold expired before the checkout was opened."""


@dataclass(frozen=True)
class Purchase:
    """A booking that its buyer has paid or tried to pay."""

    buyer: Actor
    booking: Mapping[str, Any]
    page_retries: int  # how often the request for the checkout page failed

    @property
    def id(self) -> str:
        return str(self.booking["id"])


def retry_on_5xx(call: Callable[[], ApiResponse]) -> ApiResponse:
    """Make an idempotent call, with retries on 5xx. Returns the last response."""
    for _ in range(_MAX_RETRIES):
        response = call()
        if response.status < 500:
            return response
        time.sleep(0.3)
    return call()


def buy(buyer: Actor, event_id: str, faults: str = "", before_payment: Callable[[], object] = lambda: None) -> Purchase:
    """Book one place and pay for it on the checkout page, with retries.

    If the hold or the checkout expires before payment, book again: nothing was paid.
    """
    for _ in range(_MAX_BOOKINGS):
        booking = _hold_one_place(buyer, event_id)
        before_payment()
        try:
            checkout_url, retries = get_checkout_url(buyer, booking)
        except HoldExpired:
            continue
        if checkout_url:
            _pay(checkout_url, faults)
            if _expired(checkout_url):
                continue
        return Purchase(buyer, booking, retries)
    raise TimeoutError("no checkout page before the hold expired")


def _hold_one_place(buyer: Actor, event_id: str) -> dict[str, Any]:
    """Order one place with one Idempotency-Key, with retries."""
    key = secrets.token_hex(8)
    response = retry_on_5xx(lambda: book(buyer, event_id, 1, key))
    if response.status != 201:
        raise UnexpectedStatus("POST /v1/bookings", response)
    booking: dict[str, Any] = response.json
    return booking


def _pay(checkout_url: str, faults: str) -> None:
    for _ in range(_MAX_RETRIES):
        if choose_outcome(checkout_url, "paid", faults) < 500:
            return
        time.sleep(0.2)
    raise TimeoutError("the checkout page does not respond")


def _expired(page: str) -> bool:
    """Whether the checkout had expired before the buyer paid: an expired checkout accepts no payment."""
    return b"This page has expired" in retry_on_5xx(lambda: Client("").request("GET", page)).content


def get_checkout_url(buyer: Actor, booking: Mapping[str, Any]) -> tuple[str | None, int]:
    """The checkout URL (None if the booking is already paid), and the number of failed requests."""
    failures, deadline = 0, time.monotonic() + _PAGE_SECONDS
    while True:
        response = buyer.client.request("POST", "/v1/payments", {"order_id": booking["id"], "price": booking["prices"]})
        if response.status == 201:
            return str(response.json["checkout_url"]), failures
        if response.status == 409 and response.json["type"] == "/problems/already-paid":
            return None, failures
        if response.status == 410:
            raise HoldExpired
        if response.status not in _RETRIED_STATUSES or time.monotonic() > deadline:
            raise UnexpectedStatus("POST /v1/payments", response)
        failures += response.status != 404
        time.sleep(0.2)


def run_concurrently(jobs: Iterable[Callable[[], Any]], workers: int = CONCURRENCY) -> list[Any]:
    """Run the jobs in threads; returns their results in order."""
    with ThreadPoolExecutor(workers) as pool:
        return [job.result() for job in [pool.submit(one) for one in jobs]]


def register_buyers(api: Client, count: int) -> list[Actor]:
    """Register `count` buyers."""
    return run_concurrently([lambda at=at: Actor.register(api, f"payer{at}") for at in range(count)], 4)  # type: ignore[misc]


@dataclass
class PurchaseAudit:
    """The state of the purchases according to the tables."""

    tables: Tables
    purchases: Iterable[Purchase]

    @classmethod
    def read(cls, stack: Stack, purchases: Iterable[Purchase]) -> Self:
        """Scan the tables."""
        return cls(scan_tables(stack), list(purchases))

    def outcomes(self) -> dict[str, str]:
        """By booking id: TICKETS, REFUND, or a description of an inconsistent end."""
        bookings = {one["id"]: one for one in select(self.tables, "bookings", "booking")}
        payments = {one["booking_id"]: one for one in select(self.tables, "payments", "payment")}
        valid = Counter(
            one["booking_id"] for one in select(self.tables, "tickets", "ticket") if one["status"] in ADMITTING_STATES
        )
        paid, refunded = Counter[str](), Counter[str]()
        for one in select(self.tables, "sandbox", "session"):
            paid[one["client_reference_id"]] += one["amount_total"] if one["payment_status"] == "paid" else 0
            refunded[one["client_reference_id"]] += one.get("amount_refunded", 0)
        outcomes = {}
        for booking_id in (one.id for one in self.purchases):
            booking, payment = bookings[booking_id], payments.get(booking_id, {"id": "", "status": "none"})
            paid_amount, sent = paid[payment["id"]] - refunded[payment["id"]], refunded[payment["id"]]
            outcomes[booking_id] = _outcome(
                booking, (booking["status"], payment["status"], valid[booking_id], paid_amount, sent)
            )
        return outcomes

    def mail_mismatches(self, mailbox: Client) -> list[str]:
        """A message for each buyer whose number of e-mails differs from their number of SENT notifications."""
        notifications = select(self.tables, "notifications", "notification")
        due = Counter(one["user_id"] for one in notifications if one["status"] == "SENT")
        mismatches = []
        for buyer in {one.buyer.id: one.buyer for one in self.purchases}.values():
            messages = mailbox.request_json("GET", f"/messages?to={buyer.email}")["messages"]
            sent = [mail for mail in messages if "confirm your e-mail" not in mail["subject"].lower()]
            if len(sent) != due[buyer.id]:
                mismatches.append(f"{buyer.email} received {len(sent)} mails for {due[buyer.id]} notifications")
        return mismatches

    def violations(self) -> list[str]:
        """The invariant violations that concern the purchases."""
        ids = {one.id for one in self.purchases}
        ids |= {one["id"] for one in select(self.tables, "payments", "payment") if one["booking_id"] in ids}
        ids |= {
            one["id"] for one in select(self.tables, "notifications", "notification") if one.get("booking_id") in ids
        }
        return [violation for violation in violations(self.tables) if any(name in violation for name in ids)]


def _outcome(booking: Mapping[str, Any], facts: tuple[str, str, int, int, int]) -> str:
    status, payment, valid, paid_amount, sent = facts
    if (status, payment, valid, paid_amount) == ("CONFIRMED", "SUCCEEDED", booking["quantity"], booking["prices"]):
        return TICKETS
    ended = status in ("FAILED", "CANCELLED", "EXPIRED") and payment in ("REFUNDED", "FAILED", "CANCELLED")
    if ended and valid == 0 and paid_amount == 0 and sent:
        return REFUND
    return f"{status}, payment {payment}, {valid} tickets, {paid_amount} kept, {sent} refunded"


@dataclass(frozen=True)
class Settlement:
    """How the purchases ended, and after how many seconds."""

    outcome_counts: Counter[str]
    outcome_by_booking: dict[str, str]
    unsettled: list[str]  # not ended in time, before any reconciler sweep
    unsettled_purchases: int  # purchases in `unsettled`
    sweeps: int
    violations: list[str]
    mail_mismatches: list[str]
    seconds: float


def settle_purchases(
    stack: Stack, purchases: list[Purchase], *, timeout_seconds: float, max_sweeps: int = 5
) -> Settlement:
    """Wait for all purchases to end; after `timeout_seconds`, with at most `max_sweeps` reconciler sweeps."""
    started = time.monotonic()

    def list_open() -> list[str]:
        audit = PurchaseAudit.read(stack, purchases)
        open_outcomes = [
            f"{name}: {outcome}" for name, outcome in audit.outcomes().items() if outcome not in (TICKETS, REFUND)
        ]
        return open_outcomes + audit.violations()

    unsettled = _unsettled_after(list_open, timeout_seconds)
    sweeps, remaining = 0, unsettled
    while remaining and sweeps < max_sweeps:
        sweeps += 1
        run_full_sweep(stack, 0)
        remaining = _unsettled_after(list_open, _SWEEP_SECONDS)
    seconds, unsettled_purchases = (
        time.monotonic() - started,
        sum(any(one.id in text for text in unsettled) for one in purchases),
    )
    audit, mail_mismatches = _with_mails(stack, purchases)
    outcomes = audit.outcomes()
    return Settlement(
        Counter(outcomes.values()),
        outcomes,
        unsettled,
        unsettled_purchases,
        sweeps,
        audit.violations(),
        mail_mismatches,
        seconds,
    )


def _with_mails(stack: Stack, purchases: list[Purchase]) -> tuple[PurchaseAudit, list[str]]:
    """The audit once e-mails and notifications agree: an e-mail is sent just before its notification is SENT."""
    audit, mismatches = PurchaseAudit.read(stack, purchases), list[str]()

    def agree() -> bool | None:
        nonlocal audit
        audit = PurchaseAudit.read(stack, purchases)
        mismatches[:] = audit.mail_mismatches(Client(stack.mailbox))
        return None if mismatches else True

    with contextlib.suppress(TimeoutError):
        wait_for(agree, "as many mails as notifications", seconds=_MAIL_SECONDS)
    return audit, mismatches


def _unsettled_after(list_open: Callable[[], list[str]], seconds: float) -> list[str]:
    """Wait until nothing is open. Returns what is still open after `seconds`."""
    try:
        wait_for(lambda: True if not list_open() else None, "the settlement", seconds=seconds)
    except TimeoutError:
        return list_open()
    return []
