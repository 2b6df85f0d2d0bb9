"""`make demo`: the whole journey over HTTP as admin, organiser, buyers and door, then the tables' invariants."""

import base64
import contextlib
import json
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from local import scanner
from local.client import Answer, Client
from local.people import (
    Organiser,
    Person,
    book,
    checkout,
    choose,
    free,
    held,
    mails_to,
    payment_of,
    settled,
    tickets_of,
    until,
)
from local.progress import CannotGoOn, command
from local.stack import Ports, Stack
from local.tables import items
from local.up import STATE, record
from reconcile.core.invariants import violations

PAID = {"prices": 2500, "currency": "EUR"}
FREE = {"prices": 0, "currency": "EUR"}


class Off(AssertionError):
    """Something in the journey is not as it should be."""


def demo() -> None:
    """The demo on the system that `make up` has started; exit code 1 at the first step that is off."""
    told = json.loads((STATE / "endpoints.json").read_text())
    stack = Stack(Ports(**record(STATE)["ports"]), STATE)
    began = time.monotonic()
    try:
        drive(Client(told["api"], mailbox=told["mailbox"]), Client(told["mailbox"]), told["admin"], stack)
    except Exception as reason:
        raise CannotGoOn(f"demo: {type(reason).__name__}: {reason}") from reason
    print(f"demo: all of it as it should be, in {time.monotonic() - began:.1f} s")


def drive(api: Client, mailbox: Client, admin: dict[str, str], stack: Stack, *, pace: int = 1) -> None:
    """Every scene, then the tables; raises at the first step that is off. `pace` times as long is waited in it."""
    cast = Cast(api, mailbox, admin, pace)
    for scene in (Cast.catalogue, Cast.purchase, Cast.admission, Cast.single_type, Cast.free_booking, Cast.refusals):
        scene(cast)
    for scene in (Cast.declined, Cast.expired, Cast.late_with_room, Cast.late_without_room):
        scene(cast)
    with showing("the invariants hold on every table"):
        found: list[str] = []

        def sound() -> bool | None:
            found[:] = violations(items(stack))
            return None if found else True

        with contextlib.suppress(TimeoutError):
            until(sound, "quiet tables")
        check(not found, "; ".join(found))


@contextmanager
def showing(what: str) -> Iterator[None]:
    """One line for each step, with its time."""
    started = time.monotonic()
    try:
        yield
    except BaseException:
        print(f"  ✗ {what}", flush=True)
        raise
    print(f"  ✓ {what}  {(time.monotonic() - started) * 1000:.0f} ms", flush=True)


def check(fact: object, otherwise: object) -> None:
    """Raises Off with what was found instead."""
    if not fact:
        raise Off(str(otherwise))


def refused(answer: Answer, status: int, problem: str) -> None:
    """Raises Off unless the API refused in just this way."""
    found = (answer.status, answer.json.get("type"))
    check(found == (status, f"/problems/{problem}"), found)


def decoded(image: bytes) -> str:
    """What a scanner reads from the picture of a QR code."""
    found = scanner.codes(image)
    check(len(found) == 1, f"{len(found)} codes in the picture")
    return str(found[0].text)


class Cast:
    """Who takes part, and what each scene leaves for the next."""

    def __init__(self, api: Client, mailbox: Client, admin: dict[str, str], pace: int) -> None:
        self.api, self.mailbox, self.pace = api, mailbox, pace
        with showing("the admin, a verified organiser, a buyer and a member of staff log in"):
            self.admin = api.login(admin["email"], admin["password"])
            self.organiser = Organiser.appointed(self.admin, Person.registers(api, "olga"))
            self.buyer = Person.registers(api, "berta")
            self.door = Person.registers(api, "doris")
        self.concerts = self._category("Demo concerts", "paid")
        self.mark = secrets.token_hex(3)

    def _category(self, name: str, kind: str) -> str:
        with showing(f"the admin makes a category of type {kind}"):
            unique = f"{name} {secrets.token_hex(3)}"
            return str(self.admin.must("POST", "/v1/categories", {"name": unique, "type": kind})["id"])

    def catalogue(self) -> None:
        types = [PAID | {"name": "Standing", "capacity": 50}, FREE | {"name": "Companion", "capacity": 5}]
        with showing("the organiser publishes an event with a paid and a free type, and one with a single type"):
            name = f"Nachtkonzert {self.mark}"
            self.event = self.organiser.publishes(self.concerts, name, types, staff=(self.door.id,))
            self.single = self._event(f"Soloabend {self.mark}", capacity=10)
        with showing("the buyer searches for it, finds it, and reads it with its availability"):
            check(until(self._search, "the index has it") == [self.event["id"]], "it and nothing else is found")
            read = self.api.must("GET", f"/v1/events/{self.event['id']}")
            self.standing, self.companion = (one["id"] for one in read["types"])
            check(free(self.api, self.event["id"]) == {self.standing: 50, self.companion: 5}, "other places free")

    def _search(self) -> list[str] | None:
        page = self.api.must("GET", f"/v1/events?q=nachtkonzert%20{self.mark}")
        return [one["id"] for one in page["items"]] or None

    def _event(self, name: str, *, capacity: int, hold_seconds: int = 600, max_per_user: int = 6) -> dict[str, Any]:
        types = [PAID | {"name": "Seat", "capacity": capacity}]
        return self.organiser.publishes(
            self.concerts, name, types, hold_seconds=hold_seconds, max_per_user=max_per_user
        )

    def purchase(self) -> None:
        with showing("the buyer books two places with an Idempotency-Key, twice, and gets the same answer"):
            key = secrets.token_hex(8)
            first, again = (book(self.buyer, self.event["id"], {self.standing: 2}, key) for _ in range(2))
            check(first.status == again.status == 201 and first.json == again.json, again.content)
            check(again.headers.get("Idempotency-Replayed") == "true", "no sign of the replay")
            check(free(self.api, self.event["id"]) == {self.standing: 48, self.companion: 5}, "not two places held")
            self.booking = first.json
        with showing("the buyer starts the payment and pays on the provider's hosted page"):
            page = checkout(self.buyer, self.booking)
            check(choose(page, "paid") < 400, "the page refused")
        with showing("the booking is confirmed"):
            settled(self.buyer, self.booking, "CONFIRMED")
            check(payment_of(self.buyer, self.booking)["status"] == "SUCCEEDED", "the payment did not succeed")
        with showing("two tickets exist, and each QR picture reads as its signed payload"):
            self.tickets = tickets_of(self.buyer, self.booking)
            for ticket in self.tickets:
                answer = self.buyer.client.call("GET", f"/v1/tickets/{ticket['id']}/qr?format=png")
                check(ticket["code"] and decoded(answer.content) == ticket["qr_payload"], "another payload")
        with showing("the mail with QR codes and calendar file lies in the mailbox"):
            mail = until(lambda: next(iter(mails_to(self.mailbox, self.buyer, "ticket")), None), "the mail")
            check(f"Nachtkonzert {self.mark}" in mail["subject"], mail["subject"])
            kinds = sorted(part["content_type"] for part in mail["attachments"])
            check(kinds == ["image/png", "image/png", "text/calendar"], kinds)
            pictures = [p for p in mail["attachments"] if p["content_type"] == "image/png"]
            read = {decoded(base64.b64decode(picture["data"])) for picture in pictures}
            check(read == {ticket["qr_payload"] for ticket in self.tickets}, "other payloads in the mail")
            [calendar] = [p for p in mail["attachments"] if p["content_type"] == "text/calendar"]
            check(
                f"SUMMARY:Nachtkonzert {self.mark}" in base64.b64decode(calendar["data"]).decode(), "another calendar"
            )
        with showing("the notification is listed"):
            until(lambda: self._notified("tickets_created"), "the notification")

    def _notified(self, kind: str) -> dict[str, Any] | None:
        page = self.buyer.client.must("GET", "/v1/notifications")
        return next((one for one in page["items"] if one["kind"] == kind and one["status"] == "CREATED"), None)

    def admission(self) -> None:
        with showing("the door admits a ticket once and refuses it the second time"):
            scan = {"event_id": self.event["id"], "code": self.tickets[0]["qr_payload"]}
            first = self.door.client.call("POST", "/v1/check-ins", scan | {"nonce": secrets.token_hex(8)})
            check(first.status in (200, 201), first.content)
            again = self.door.client.call("POST", "/v1/check-ins", scan | {"nonce": secrets.token_hex(8)})
            refused(again, 409, "already-checked-in")

    def single_type(self) -> None:
        with showing("a bare number of places books the event that has one type"):
            booking = held(self.buyer, self.single["id"], 1)
            choose(checkout(self.buyer, booking), "paid")
            settled(self.buyer, booking, "CONFIRMED")
            self._left(self.single, 9)

    def free_booking(self) -> None:
        with showing("a free booking is confirmed without payment"):
            booking = held(self.buyer, self.event["id"], {self.companion: 1})
            settled(self.buyer, booking, "CONFIRMED")
            check(len(tickets_of(self.buyer, booking)) == 1, "no ticket")

    def refusals(self) -> None:
        with showing("more places than are left, or than one person may have, are refused"):
            small = self._event(f"Kammerspiel {self.mark}", capacity=2, max_per_user=3)
            refused(book(self.buyer, small["id"], 3), 409, "sold-out")
            refused(book(self.buyer, small["id"], 4), 409, "limit-reached")
            self._left(small, 2)

    def declined(self) -> None:
        with showing("a declined payment gives its places back when the hold ends"):
            event = self._event(f"Abgelehnt {self.mark}", capacity=3, hold_seconds=3 * self.pace)
            booking = held(self.buyer, event["id"], 2)
            self._left(event, 1)
            choose(checkout(self.buyer, booking), "declined")
            settled(self.buyer, booking, "FAILED")
            self._left(event, 3)

    def expired(self) -> None:
        with showing("a hold that runs out gives its places back"):
            event = self._event(f"Verstrichen {self.mark}", capacity=3, hold_seconds=2 * self.pace)
            booking = held(self.buyer, event["id"], 2)
            settled(self.buyer, booking, "EXPIRED")
            self._left(event, 3)

    def late_with_room(self) -> None:
        with showing("money that comes after the hold ended is honoured where there is room"):
            event, booking, page = self._overdue("Nachzügler")
            choose(page, "late")
            settled(self.buyer, booking, "CONFIRMED")
            check(len(tickets_of(self.buyer, booking)) == 1, "no ticket")
            self._left(event, 0)

    def late_without_room(self) -> None:
        with showing("and sent back where there is none"):
            event, booking, page = self._overdue("Zuspät")
            other = Person.registers(self.api, "otto")
            theirs = held(other, event["id"], 1)
            choose(checkout(other, theirs), "paid")
            settled(other, theirs, "CONFIRMED")
            choose(page, "late")
            settled(self.buyer, booking, "FAILED")
            until(lambda: payment_of(self.buyer, booking)["status"] == "REFUNDED" or None, "the refund")
            self._left(event, 0)

    def _overdue(self, name: str) -> tuple[dict[str, Any], dict[str, Any], str]:
        """A booking for the last place that has expired while money is under way at the provider."""
        event = self._event(f"{name} {self.mark}", capacity=1, hold_seconds=3 * self.pace)
        booking = held(self.buyer, event["id"], 1)
        page = checkout(self.buyer, booking)
        settled(self.buyer, booking, "EXPIRED")
        self._left(event, 1)
        return event, booking, page

    def _left(self, event: dict[str, Any], expected: int) -> None:
        found = free(self.api, event["id"])
        check(found is not None and list(found.values()) == [expected], f"{found} free, not {expected}")


if __name__ == "__main__":
    command(demo)
