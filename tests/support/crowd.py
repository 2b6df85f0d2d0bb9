"""Buyers by the dozen who pay a provider that misbehaves, and what has become of their money in the end."""

import contextlib
import secrets
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Self

from local.client import Answer, Client, Refused
from local.people import Person, book, choose, until
from local.stack import Stack
from local.tables import items
from reconcile.core.invariants import violations
from reconcile.core.snapshot import ADMITTING, Tables, of
from tools.ticketing.rounds import whole_round

AT_ONCE = 24  # buyers; with the provider's calls and webhooks there are no more than 32 connections
TICKETS, REFUND = "tickets", "refund"
_BOOKINGS = 5
_PATIENCE = 20  # failed calls
_ROUND_SECONDS = 30.0  # in which a round of the reconciler must have its effect
_MAIL_SECONDS = 60.0  # in which the last mails must come
_PAGE_SECONDS = 110.0  # in which a page must come, however it is held up
_REPEATED = (404, 500, 502, 503, 504)  # payment not open yet, or nothing known: the same call again


class HoldOver(Exception):
    """The places were no longer held when the page was asked for."""


@dataclass(frozen=True)
class Purchase:
    """One booking that its buyer has paid, or has tried to."""

    buyer: Person
    booking: Mapping[str, Any]
    repeated: int  # how often the buyer had to ask for the provider's page again

    @property
    def id(self) -> str:
        return str(self.booking["id"])


def repeated(call: Callable[[], Answer]) -> Answer:
    """The answer of a call that may be sent again, sent again while that is 5xx."""
    for _ in range(_PATIENCE):
        answer = call()
        if answer.status < 500:
            return answer
        time.sleep(0.3)
    return call()


def buys(buyer: Person, event_id: str, faults: str = "", before: Callable[[], object] = lambda: None) -> Purchase:
    """The buyer books one place and pays for it on the page, however often the page has to be asked for.

    Whose time is over before a page was given out, or before it was answered, books again: nothing was paid.
    """
    for _ in range(_BOOKINGS):
        booking = _held(buyer, event_id)
        before()
        try:
            page, repeated = page_of(buyer, booking)
        except HoldOver:
            continue
        if page:
            _pay(page, faults)
            if _expired(page):
                continue
        return Purchase(buyer, booking, repeated)
    raise TimeoutError("no page within the time to pay")


def _held(buyer: Person, event_id: str) -> dict[str, Any]:
    """One place, by one key, however often the order has to be sent."""
    key = secrets.token_hex(8)
    answer = repeated(lambda: book(buyer, event_id, 1, key))
    if answer.status != 201:
        raise Refused("POST /v1/bookings", answer)
    booking: dict[str, Any] = answer.json
    return booking


def _pay(page: str, faults: str) -> None:
    for _ in range(_PATIENCE):
        if choose(page, "paid", faults) < 500:
            return
        time.sleep(0.2)
    raise TimeoutError("the page does not answer")


def _expired(page: str) -> bool:
    """Whether the provider had ended the page before the buyer chose: such a page takes nothing."""
    return b"This page has expired" in repeated(lambda: Client("").call("GET", page)).content


def page_of(buyer: Person, booking: Mapping[str, Any]) -> tuple[str | None, int]:
    """The provider's page (None if all is paid before it is answered), and how many calls for it failed there."""
    failed, until_then = 0, time.monotonic() + _PAGE_SECONDS
    while True:
        answer = buyer.client.call("POST", "/v1/payments", {"order_id": booking["id"], "price": booking["prices"]})
        if answer.status == 201:
            return str(answer.json["checkout_url"]), failed
        if answer.status == 409 and answer.json["type"] == "/problems/already-paid":
            return None, failed
        if answer.status == 410:
            raise HoldOver
        if answer.status not in _REPEATED or time.monotonic() > until_then:
            raise Refused("POST /v1/payments", answer)
        failed += answer.status != 404
        time.sleep(0.2)


def at_once(work: Iterable[Callable[[], Any]], workers: int = AT_ONCE) -> list[Any]:
    """What they return, in order."""
    with ThreadPoolExecutor(workers) as pool:
        return [job.result() for job in [pool.submit(one) for one in work]]


def registered(api: Client, many: int) -> list[Person]:
    """So many people with accounts."""
    return at_once([lambda at=at: Person.registers(api, f"payer{at}") for at in range(many)], 4)  # type: ignore[misc]


@dataclass
class Books:
    """What the tables say of these purchases."""

    tables: Tables
    purchases: Iterable[Purchase]

    @classmethod
    def read(cls, stack: Stack, purchases: Iterable[Purchase]) -> Self:
        """Those items of the tables that belong to the purchases, or to no booking at all."""
        return cls(items(stack), list(purchases))

    def endings(self) -> dict[str, str]:
        """By booking: its tickets, or all its money back; otherwise what is off."""
        bookings = {one["id"]: one for one in of(self.tables, "bookings", "booking")}
        payments = {one["booking_id"]: one for one in of(self.tables, "payments", "payment")}
        valid = Counter(one["booking_id"] for one in of(self.tables, "tickets", "ticket") if one["status"] in ADMITTING)
        paid, back = Counter[str](), Counter[str]()
        for one in of(self.tables, "sandbox", "session"):
            paid[one["client_reference_id"]] += one["amount_total"] if one["payment_status"] == "paid" else 0
            back[one["client_reference_id"]] += one.get("amount_refunded", 0)
        found = {}
        for name in (one.id for one in self.purchases):
            booking, payment = bookings[name], payments.get(name, {"id": "", "status": "none"})
            kept, sent = paid[payment["id"]] - back[payment["id"]], back[payment["id"]]
            found[name] = _ending(booking, (booking["status"], payment["status"], valid[name], kept, sent))
        return found

    def mails(self, mailbox: Client) -> list[str]:
        """One sentence for each buyer who got more or fewer mails than there are notifications for them."""
        notices = of(self.tables, "notifications", "notification")
        due = Counter(one["user_id"] for one in notices if one["status"] == "CREATED")
        said = []
        for buyer in {one.buyer.id: one.buyer for one in self.purchases}.values():
            got = mailbox.must("GET", f"/messages?to={buyer.email}")["messages"]
            sent = [mail for mail in got if "confirm your e-mail" not in mail["subject"].lower()]
            if len(sent) != due[buyer.id]:
                said.append(f"{buyer.email} got {len(sent)} mails for {due[buyer.id]} notifications")
        return said

    def unsound(self) -> list[str]:
        """The violations of the invariants, those that concern the purchases."""
        mine = {one.id for one in self.purchases}
        mine |= {one["id"] for one in of(self.tables, "payments", "payment") if one["booking_id"] in mine}
        mine |= {one["id"] for one in of(self.tables, "notifications", "notification") if one.get("booking_id") in mine}
        return [said for said in violations(self.tables) if any(name in said for name in mine)]


def _ending(booking: Mapping[str, Any], facts: tuple[str, str, int, int, int]) -> str:
    status, payment, valid, kept, sent = facts
    if (status, payment, valid, kept) == ("CONFIRMED", "SUCCEEDED", booking["quantity"], booking["prices"]):
        return TICKETS
    ended = status in ("FAILED", "CANCELLED", "EXPIRED") and payment in ("REFUNDED", "FAILED", "CANCELLED")
    if ended and valid == 0 and kept == 0 and sent:
        return REFUND
    return f"{status}, payment {payment}, {valid} tickets, {kept} kept, {sent} sent back"


@dataclass(frozen=True)
class Settled:
    """How purchases ended, and when."""

    endings: Counter[str]
    of: dict[str, str]
    late: list[str]  # what had not settled in its own time, so that rounds of the reconciler were made
    waiting: int  # purchases among that
    rounds: int
    unsound: list[str]
    mails: list[str]
    seconds: float


def settle(stack: Stack, purchases: list[Purchase], *, patience: float, rounds: int = 5) -> Settled:
    """Wait for every purchase to end; for those that do not by themselves, by rounds of the reconciler."""
    started = time.monotonic()

    def open_ones() -> list[str]:
        books = Books.read(stack, purchases)
        odd = [f"{name}: {how}" for name, how in books.endings().items() if how not in (TICKETS, REFUND)]
        return odd + books.unsound()

    late = _unless_quiet(open_ones, patience)
    made, left = 0, late
    while left and made < rounds:
        made += 1
        whole_round(stack, 0)
        left = _unless_quiet(open_ones, _ROUND_SECONDS)
    seconds, waiting = time.monotonic() - started, sum(any(one.id in said for said in late) for one in purchases)
    books, mails = _with_mails(stack, purchases)
    ended = books.endings()
    return Settled(Counter(ended.values()), ended, late, waiting, made, books.unsound(), mails, seconds)


def _with_mails(stack: Stack, purchases: list[Purchase]) -> tuple[Books, list[str]]:
    """The books once the mails agree with them: a mail is sent a moment before its notification says so."""
    books, mails = Books.read(stack, purchases), list[str]()

    def agree() -> bool | None:
        nonlocal books
        books = Books.read(stack, purchases)
        mails[:] = books.mails(Client(stack.mailbox))
        return None if mails else True

    with contextlib.suppress(TimeoutError):
        until(agree, "as many mails as notifications", seconds=_MAIL_SECONDS)
    return books, mails


def _unless_quiet(open_ones: Callable[[], list[str]], seconds: float) -> list[str]:
    """What is still open when the time is over."""
    try:
        until(lambda: True if not open_ones() else None, "rest", seconds=seconds)
    except TimeoutError:
        return open_ones()
    return []
