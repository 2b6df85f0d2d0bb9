"""The demo's scenes: each drives one part of the journey over HTTP and checks every response."""

import base64
import secrets
from typing import Any

from local.actors import (
    Actor,
    Organiser,
    available_places,
    book,
    choose_outcome,
    find_payment,
    hold_places,
    list_mails_to,
    open_checkout,
    wait_for,
    wait_for_booking,
    wait_for_tickets,
)
from local.client import Client
from local.demo_checks import check, decode_qr_code, expect_problem, timed_step

PAID = {"prices": 2500, "currency": "EUR"}
FREE = {"prices": 0, "currency": "EUR"}


class DemoActors:
    """The actors, and the results that later scenes use."""

    def __init__(self, api: Client, mailbox: Client, admin: dict[str, str], pace: int) -> None:
        self.api, self.mailbox, self.pace = api, mailbox, pace
        with timed_step("the admin, a verified organiser, a buyer and a member of staff log in"):
            self.admin = api.login(admin["email"], admin["password"])
            self.organiser = Organiser.appoint(self.admin, Actor.register(api, "olga"))
            self.buyer = Actor.register(api, "berta")
            self.staff = Actor.register(api, "doris")
        self.category_id = self._create_category("Demo concerts", "paid")
        self.suffix = secrets.token_hex(3)

    def _create_category(self, name: str, kind: str) -> str:
        with timed_step(f"the admin creates a category of type {kind}"):
            unique = f"{name} {secrets.token_hex(3)}"
            return str(self.admin.request_json("POST", "/v1/categories", {"name": unique, "type": kind})["id"])

    def publish_events(self) -> None:
        types = [PAID | {"name": "Standing", "capacity": 50}, FREE | {"name": "Companion", "capacity": 5}]
        with timed_step("the organiser publishes an event with a paid and a free type, and one with a single type"):
            name = f"Nachtkonzert {self.suffix}"
            self.event = self.organiser.publish_event(self.category_id, name, types, staff=(self.staff.id,))
            self.single_type_event = self._publish_event(f"Soloabend {self.suffix}", capacity=10)
        with timed_step("the buyer finds the event by search, and reads it with its availability"):
            check(
                wait_for(self._search_event_ids, "the event in the search index") == [self.event["id"]],
                "the search must find exactly the event",
            )
            details = self.api.request_json("GET", f"/v1/events/{self.event['id']}")
            self.standing, self.companion = (one["id"] for one in details["types"])
            check(
                available_places(self.api, self.event["id"]) == {self.standing: 50, self.companion: 5},
                "wrong availability",
            )

    def _search_event_ids(self) -> list[str] | None:
        page = self.api.request_json("GET", f"/v1/events?q=nachtkonzert%20{self.suffix}")
        return [one["id"] for one in page["items"]] or None

    def _publish_event(
        self, name: str, *, capacity: int, hold_seconds: int = 600, max_per_user: int = 6
    ) -> dict[str, Any]:
        types = [PAID | {"name": "Seat", "capacity": capacity}]
        return self.organiser.publish_event(
            self.category_id, name, types, hold_seconds=hold_seconds, max_per_user=max_per_user
        )

    def buy_tickets(self) -> None:
        with timed_step("the buyer books two places with an Idempotency-Key, twice, and gets the same response"):
            key = secrets.token_hex(8)
            first, again = (book(self.buyer, self.event["id"], {self.standing: 2}, key) for _ in range(2))
            check(first.status == again.status == 201 and first.json == again.json, again.content)
            check(again.headers.get("Idempotency-Replayed") == "true", "no Idempotency-Replayed header")
            check(
                available_places(self.api, self.event["id"]) == {self.standing: 48, self.companion: 5},
                "wrong availability after the order",
            )
            self.booking = first.json
        with timed_step("the buyer starts the payment and pays on the provider's hosted page"):
            checkout_url = open_checkout(self.buyer, self.booking)
            check(choose_outcome(checkout_url, "paid") < 400, "the checkout page failed")
        with timed_step("the booking is confirmed"):
            wait_for_booking(self.buyer, self.booking, "CONFIRMED")
            check(find_payment(self.buyer, self.booking)["status"] == "SUCCEEDED", "the payment did not succeed")
        with timed_step("two tickets exist, and each QR code contains its signed payload"):
            self.tickets = wait_for_tickets(self.buyer, self.booking)
            for ticket in self.tickets:
                response = self.buyer.client.request("GET", f"/v1/tickets/{ticket['id']}/qr?format=png")
                check(ticket["code"] and decode_qr_code(response.content) == ticket["qr_payload"], "wrong QR payload")
        with timed_step("the mail with QR codes and calendar file arrives"):
            mail = wait_for(lambda: next(iter(list_mails_to(self.mailbox, self.buyer, "ticket")), None), "the mail")
            check(f"Nachtkonzert {self.suffix}" in mail["subject"], mail["subject"])
            content_types = sorted(part["content_type"] for part in mail["attachments"])
            check(content_types == ["image/png", "image/png", "text/calendar"], content_types)
            images = [p for p in mail["attachments"] if p["content_type"] == "image/png"]
            payloads = {decode_qr_code(base64.b64decode(image["data"])) for image in images}
            check(payloads == {ticket["qr_payload"] for ticket in self.tickets}, "wrong QR payloads in the mail")
            [calendar] = [p for p in mail["attachments"] if p["content_type"] == "text/calendar"]
            check(
                f"SUMMARY:Nachtkonzert {self.suffix}" in base64.b64decode(calendar["data"]).decode(),
                "wrong calendar file",
            )
        with timed_step("the notification is listed"):
            wait_for(lambda: self._find_notification("tickets_created"), "the notification")

    def _find_notification(self, kind: str) -> dict[str, Any] | None:
        page = self.buyer.client.request_json("GET", "/v1/notifications")
        return next((one for one in page["items"] if one["kind"] == kind and one["status"] == "SENT"), None)

    def check_in_ticket(self) -> None:
        with timed_step("a ticket checks in once and is rejected the second time"):
            scan = {"event_id": self.event["id"], "code": self.tickets[0]["qr_payload"]}
            first = self.staff.client.request("POST", "/v1/check-ins", scan | {"nonce": secrets.token_hex(8)})
            check(first.status in (200, 201), first.content)
            again = self.staff.client.request("POST", "/v1/check-ins", scan | {"nonce": secrets.token_hex(8)})
            expect_problem(again, 409, "already-checked-in")

    def book_single_type(self) -> None:
        with timed_step("number_slot books places of an event with one type"):
            booking = hold_places(self.buyer, self.single_type_event["id"], 1)
            choose_outcome(open_checkout(self.buyer, booking), "paid")
            wait_for_booking(self.buyer, booking, "CONFIRMED")
            self._expect_available(self.single_type_event, 9)

    def book_free_type(self) -> None:
        with timed_step("a free booking is confirmed without payment"):
            booking = hold_places(self.buyer, self.event["id"], {self.companion: 1})
            wait_for_booking(self.buyer, booking, "CONFIRMED")
            check(len(wait_for_tickets(self.buyer, booking)) == 1, "no ticket")

    def exceed_limits(self) -> None:
        with timed_step("orders above availability or the purchase limit are rejected"):
            small = self._publish_event(f"Kammerspiel {self.suffix}", capacity=2, max_per_user=3)
            expect_problem(book(self.buyer, small["id"], 3), 409, "sold-out")
            expect_problem(book(self.buyer, small["id"], 4), 409, "limit-reached")
            self._expect_available(small, 2)

    def decline_payment(self) -> None:
        with timed_step("a declined payment releases its places when the hold ends"):
            event = self._publish_event(f"Abgelehnt {self.suffix}", capacity=3, hold_seconds=3 * self.pace)
            booking = hold_places(self.buyer, event["id"], 2)
            self._expect_available(event, 1)
            choose_outcome(open_checkout(self.buyer, booking), "declined")
            wait_for_booking(self.buyer, booking, "FAILED")
            self._expect_available(event, 3)

    def let_hold_expire(self) -> None:
        with timed_step("an expired hold releases its places"):
            event = self._publish_event(f"Verstrichen {self.suffix}", capacity=3, hold_seconds=2 * self.pace)
            booking = hold_places(self.buyer, event["id"], 2)
            wait_for_booking(self.buyer, booking, "EXPIRED")
            self._expect_available(event, 3)

    def pay_late_with_places_left(self) -> None:
        with timed_step("a late payment is confirmed while places are available"):
            event, booking, checkout_url = self._expire_with_open_checkout("Nachzügler")
            choose_outcome(checkout_url, "late")
            wait_for_booking(self.buyer, booking, "CONFIRMED")
            check(len(wait_for_tickets(self.buyer, booking)) == 1, "no ticket")
            self._expect_available(event, 0)

    def pay_late_when_sold_out(self) -> None:
        with timed_step("a late payment is refunded when the event is sold out"):
            event, booking, checkout_url = self._expire_with_open_checkout("Zuspät")
            other = Actor.register(self.api, "otto")
            other_booking = hold_places(other, event["id"], 1)
            choose_outcome(open_checkout(other, other_booking), "paid")
            wait_for_booking(other, other_booking, "CONFIRMED")
            choose_outcome(checkout_url, "late")
            wait_for_booking(self.buyer, booking, "FAILED")
            wait_for(lambda: find_payment(self.buyer, booking)["status"] == "REFUNDED" or None, "the refund")
            self._expect_available(event, 0)

    def _expire_with_open_checkout(self, name: str) -> tuple[dict[str, Any], dict[str, Any], str]:
        """An expired booking of the last place whose payment is in transit at the provider."""
        event = self._publish_event(f"{name} {self.suffix}", capacity=1, hold_seconds=3 * self.pace)
        booking = hold_places(self.buyer, event["id"], 1)
        checkout_url = open_checkout(self.buyer, booking)
        wait_for_booking(self.buyer, booking, "EXPIRED")
        self._expect_available(event, 1)
        return event, booking, checkout_url

    def _expect_available(self, event: dict[str, Any], expected: int) -> None:
        available = available_places(self.api, event["id"])
        check(
            available is not None and list(available.values()) == [expected], f"{available} available, not {expected}"
        )
