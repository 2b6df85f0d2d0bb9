"""The paths of a booking, as scripts of user actions. Each `yield` names what the users wait for.

A journey starts from the idle initial state (`tests.support.fixtures.scenarios.build_scenario`), alone or in parallel
with another. It contains only the users' actions; the driver's queues deliver everything that follows.
"""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any

from common import ids
from common.bus.booking import AvailabilityChanged, CapacityChanged
from tests.support.drivers.auth_mail_driver import AuthMailDriver, read_codes
from tests.support.drivers.saga_driver import Saga
from tests.support.fixtures.event_fixture import EventFixture
from tests.support.fixtures.scenarios import (
    PASSWORD,
    PRICE,
    Scenario,
    publish_event,
    register,
    type_request,
)
from tests.support.system.lambda_events import Person
from tools.docs.examples import example

Steps = Generator[Callable[[], None], None, None]
JourneyScript = Callable[[Saga, Scenario], Steps]


def run_side_by_side(saga: Saga, scenario: Scenario, *scripts: JourneyScript) -> None:
    """Run the journeys in parallel, and drain until the system is idle."""
    running = [script(saga, scenario) for script in scripts]
    while running:
        waits = []
        for steps in list(running):
            try:
                waits.append(next(steps))
            except StopIteration:
                running.remove(steps)
        for wait in dict.fromkeys(waits):
            wait()
    saga.drain_until_idle()


def place_order(saga: Saga, event: EventFixture, by: Person, *, places: int = 1, type_index: int = 0) -> dict[str, Any]:
    """Hold places of one type of the event; returns the booking."""
    booking_request = {"event_id": event.id, "items": [{"event_type_id": event.types[type_index], "qty": places}]}
    booking: dict[str, Any] = saga.http("POST /v1/bookings", booking_request, by=by, expect=201).json
    return booking


def open_checkout(saga: Saga, booking: dict[str, Any], by: Person) -> str:
    """Open a checkout for the booking; returns the URL of the provider's page."""
    payment_request = {"order_id": booking["id"], "price": booking["prices"]}
    return str(saga.http("POST /v1/payments", payment_request, by=by, expect=201).json["checkout_url"])


def cancel_booking(saga: Saga, booking: dict[str, Any], by: Person) -> None:
    saga.http(f"POST /v1/bookings/{booking['id']}/cancel", by=by, expect=200)


def pay_late(saga: Saga, checkout_url: str) -> None:
    """Wait until the checkout has expired; then its payment, which was in transit, arrives."""
    session = checkout_url.rsplit("/", 1)[-1]
    while not any(one["pk"] == session and one["status"] == "expired" for one in saga.tables()["sandbox"]):
        assert saga.make_progress(), "the checkout does not expire"
    saga.choose_outcome(checkout_url, "late")


def paid_before_deadline(saga: Saga, scenario: Scenario) -> Steps:
    booking = place_order(saga, scenario.gala, scenario.buyer, places=2)
    yield saga.drain
    page = open_checkout(saga, booking, scenario.buyer)
    yield saga.drain
    saga.choose_outcome(page, "paid")


def ticket_checked_in(saga: Saga, scenario: Scenario) -> Steps:
    """One of two tickets is checked in; a second check-in of it is rejected."""
    booking = place_order(saga, scenario.gala, scenario.buyer, places=2)
    yield saga.drain
    saga.choose_outcome(open_checkout(saga, booking, scenario.buyer), "paid")
    yield from _until_mails_sent(saga, booking)
    ticket = next(one for one in saga.tables()["tickets"] if one.get("booking_id") == booking["id"])
    for nonce, status in (("first-scan", 201), ("second-scan", 409)):
        scan = {"event_id": scenario.gala.id, "code": ticket["code"], "nonce": f"{nonce}-{ticket['id']}"}
        saga.http("POST /v1/check-ins", scan, by=scenario.staff, expect=status)


def free_booking(saga: Saga, scenario: Scenario) -> Steps:
    place_order(saga, scenario.gala, scenario.buyer, type_index=1)
    yield saga.drain


def booked_by_number(saga: Saga, scenario: Scenario) -> Steps:
    booking = saga.http(
        "POST /v1/bookings", {"event_id": scenario.solo.id, "number_slot": 1}, by=scenario.buyer, expect=201
    )
    yield saga.drain
    saga.choose_outcome(open_checkout(saga, booking.json, scenario.buyer), "paid")


def payment_declined(saga: Saga, scenario: Scenario) -> Steps:
    booking = place_order(saga, scenario.gala, scenario.buyer, places=2)
    yield saga.drain
    saga.choose_outcome(open_checkout(saga, booking, scenario.buyer), "declined")
    yield saga.drain_until_idle


def hold_expired(saga: Saga, scenario: Scenario) -> Steps:
    place_order(saga, scenario.gala, scenario.buyer, places=2)
    yield saga.drain_until_idle


def checkout_abandoned(saga: Saga, scenario: Scenario) -> Steps:
    booking = place_order(saga, scenario.gala, scenario.buyer)
    yield saga.drain
    open_checkout(saga, booking, scenario.buyer)
    yield saga.drain_until_idle


def booking_cancelled(saga: Saga, scenario: Scenario) -> Steps:
    booking = place_order(saga, scenario.gala, scenario.buyer, places=2)
    yield saga.drain
    cancel_booking(saga, booking, scenario.buyer)


def cancelled_at_checkout(saga: Saga, scenario: Scenario) -> Steps:
    booking = place_order(saga, scenario.gala, scenario.buyer)
    yield saga.drain
    open_checkout(saga, booking, scenario.buyer)
    cancel_booking(saga, booking, scenario.buyer)


def cancelled_while_paying(saga: Saga, scenario: Scenario) -> Steps:
    """The webhook of the payment is lost, and the buyer cancels."""
    booking = place_order(saga, scenario.gala, scenario.buyer)
    yield saga.drain
    page = open_checkout(saga, booking, scenario.buyer)
    saga.provider.lost_webhooks += 9
    saga.choose_outcome(page, "paid")
    cancel_booking(saga, booking, scenario.buyer)


def webhook_lost(saga: Saga, scenario: Scenario) -> Steps:
    """The webhook is lost: at the deadline, `close_payment` reads the outcome from the provider."""
    booking = place_order(saga, scenario.gala, scenario.buyer)
    yield saga.drain
    page = open_checkout(saga, booking, scenario.buyer)
    saga.provider.lost_webhooks += 9
    saga.choose_outcome(page, "paid")
    yield saga.drain_until_idle


def late_payment_confirmed(saga: Saga, scenario: Scenario) -> Steps:
    booking = place_order(saga, scenario.solo, scenario.buyer)
    yield saga.drain
    page = open_checkout(saga, booking, scenario.buyer)
    yield saga.drain_until_idle
    pay_late(saga, page)


def late_payment_refunded(saga: Saga, scenario: Scenario) -> Steps:
    booking = place_order(saga, scenario.solo, scenario.buyer)
    yield saga.drain
    page = open_checkout(saga, booking, scenario.buyer)
    yield saga.drain_until_idle
    available = saga.http(f"GET /v1/events/{scenario.solo.id}/availability").json["types"][0]["available"]
    if available:
        other_booking = place_order(saga, scenario.solo, scenario.other, places=available)
        yield saga.drain
        saga.choose_outcome(open_checkout(saga, other_booking, scenario.other), "paid")
    yield saga.drain
    pay_late(saga, page)


def late_payment_after_cancellation(saga: Saga, scenario: Scenario) -> Steps:
    booking = place_order(saga, scenario.gala, scenario.buyer)
    yield saga.drain
    page = open_checkout(saga, booking, scenario.buyer)
    cancel_booking(saga, booking, scenario.buyer)
    yield saga.drain
    pay_late(saga, page)


def booking_refunded(saga: Saga, scenario: Scenario) -> Steps:
    """The buyer cancels a confirmed booking and is refunded in full, by the event's refund policy."""
    event = yield from _publish_refundable_event(saga, scenario)
    booking = place_order(saga, event, scenario.buyer, places=2)
    yield saga.drain
    saga.choose_outcome(open_checkout(saga, booking, scenario.buyer), "paid")
    yield from _until_mails_sent(saga, booking)
    cancel_booking(saga, booking, scenario.buyer)


def free_booking_cancelled(saga: Saga, scenario: Scenario) -> Steps:
    booking = place_order(saga, scenario.gala, scenario.buyer, type_index=1)
    yield from _until_mails_sent(saga, booking)
    cancel_booking(saga, booking, scenario.buyer)


def payment_refunded_in_full(saga: Saga, scenario: Scenario) -> Steps:
    """The organiser refunds a booking in full that nobody has cancelled."""
    booking = place_order(saga, scenario.gala, scenario.buyer, places=2)
    yield saga.drain
    saga.choose_outcome(open_checkout(saga, booking, scenario.buyer), "paid")
    yield saga.drain
    refund_payment(saga, booking, scenario.organiser, "The hall was too small.")


def capacity_changed(saga: Saga, scenario: Scenario) -> Steps:
    """The organiser raises the capacity, then lowers it."""
    place_order(saga, scenario.solo, scenario.buyer)
    yield saga.drain
    call = f"PUT /v1/events/{scenario.solo.id}/types/{scenario.solo.types[0]}/capacity"
    for capacity in (20, 4):
        saga.http(call, {"capacity": capacity}, by=scenario.organiser, expect=200)
    yield saga.drain


def tickets_rejected(saga: Saga, scenario: Scenario) -> Steps:
    """The signing key of tickets cannot be read on any try."""
    saga.outages.add(("ticket.on_booking_confirmed", "GetSecretValue"))
    booking = place_order(saga, scenario.gala, scenario.buyer, places=2)
    yield saga.drain
    saga.choose_outcome(open_checkout(saga, booking, scenario.buyer), "paid")
    yield saga.drain_until_idle


def free_tickets_rejected(saga: Saga, scenario: Scenario) -> Steps:
    saga.outages.add(("ticket.on_booking_confirmed", "GetSecretValue"))
    place_order(saga, scenario.gala, scenario.buyer, type_index=1)
    yield saga.drain_until_idle


def hold_extended(saga: Saga, scenario: Scenario) -> Steps:
    """A hold is extended and still expires."""
    booking = place_order(saga, scenario.gala, scenario.buyer, places=2)
    yield saga.drain
    saga.http(f"POST /v1/bookings/{booking['id']}/extend", by=scenario.buyer, expect=200)
    yield saga.drain_until_idle


def payment_refunded_in_parts(saga: Saga, scenario: Scenario) -> Steps:
    """The organiser refunds a part, and another part after the first was sent."""
    booking = place_order(saga, scenario.gala, scenario.buyer, places=2)
    yield saga.drain
    saga.choose_outcome(open_checkout(saga, booking, scenario.buyer), "paid")
    yield saga.drain
    for reason in ("The bar was shut.", "So was the cloakroom."):
        refund_payment(saga, booking, scenario.organiser, reason, amount=1000)
        yield saga.drain_until_idle


def refund_bounced(saga: Saga, scenario: Scenario) -> Steps:
    """A partial refund bounces days later, and the organiser requests another."""
    booking = place_order(saga, scenario.gala, scenario.buyer, places=2)
    yield saga.drain
    page = open_checkout(saga, booking, scenario.buyer)
    saga.choose_outcome(page, "paid")
    yield saga.drain
    refund_payment(saga, booking, scenario.organiser, "The bar was shut.", amount=1000)
    yield from _until_mails_sent(saga, booking, count=2)
    saga.choose_outcome(page, "bounced")
    yield saga.drain
    refund_payment(saga, booking, scenario.organiser, "The bar was shut, once more.", amount=700)
    yield saga.drain_until_idle


def refund_payment(saga: Saga, booking: dict[str, Any], by: Person, reason: str, **fields: Any) -> None:
    """Request a refund of the booking's payment, in full unless `amount` (minor units) is set."""
    payment_id = ids.derive("payment", booking["id"])
    saga.http(f"POST /v1/payments/{payment_id}/refund", {"reason": reason} | fields, by=by, expect=201)


def new_user(saga: Saga, scenario: Scenario) -> Steps:
    """A user registers, updates the profile twice and the settings once, and books a free place."""
    person = register(saga, f"nora{saga.next_number('nora')}")
    yield saga.drain
    for name in ("Nora", "Eleonora"):
        profile = {"user_name": "nora", "first_name": name, "last_name": "Example", "mobile_phone": "+4915112345678"}
        saga.http(f"PUT /v1/users/{person.user_id}", profile, by=person, expect=200, headers={"if-match": "*"})
    settings = {"locale": "de", "zone": "Europe/Berlin", "channels": []}
    saga.http(f"PUT /v1/users/{person.user_id}/settings", settings, by=person, expect=200, headers={"if-match": "*"})
    place_order(saga, scenario.gala, person, type_index=1)
    yield saga.drain


def account_erased(saga: Saga, scenario: Scenario) -> Steps:
    """A user with a named ticket, a partial refund and a draft event erases the account."""
    person = register(saga, name := f"lea{saga.next_number('lea')}")
    saga.http("POST /v1/login", {"username": name, "password": PASSWORD}, expect=200)
    yield saga.drain
    booking_request = {"event_id": scenario.gala.id, "items": [{"event_type_id": scenario.gala.types[0], "qty": 1}]}
    booking = saga.http("POST /v1/bookings", booking_request, by=person, key="for Lea", expect=201).json
    yield saga.drain
    payment_request = {"order_id": booking["id"], "price": booking["prices"]}
    payment = saga.http("POST /v1/payments", payment_request, by=person, expect=201).json
    saga.choose_outcome(payment["checkout_url"], "paid")
    yield from _until_mails_sent(saga, booking)
    refund_request = {"amount": 100, "reason": "Lea had no drink"}
    saga.http(f"POST /v1/payments/{payment['id']}/refund", refund_request, by=scenario.organiser, expect=201)
    yield from _until_mails_sent(saga, booking, count=2)
    ticket = next(one["id"] for one in saga.tables()["tickets"] if one.get("user_id") == person.user_id)
    ticket_details = {"holder_name": "Lea Example", "seat": "Row 1", "note": "Lea, wheelchair"}
    saga.http(f"PUT /v1/tickets/{ticket}", ticket_details, by=scenario.organiser, headers={"If-Match": "*"}, expect=200)
    saga.http("POST /v1/events", _draft_request(saga), by=Person("organiser", user_id=person.user_id), expect=201)
    saga.http(f"DELETE /v1/users/{person.user_id}", by=person, expect=204)
    yield saga.drain_until_idle


def _draft_request(saga: Saga) -> dict[str, Any]:
    category = saga.http("GET /v1/categories").json["items"][0]["id"]
    event_request = {"category_id": category, "name": "Plans of Lea", "venue": "Hall", "city": "Bremen"}
    return event_request | {
        "zone": "Europe/Berlin",
        "starts_at": "2031-09-01T19:00:00Z",
        "ends_at": "2031-09-01T22:00:00Z",
    }


def _until_mails_sent(saga: Saga, booking: dict[str, Any], *, count: int = 1) -> Steps:
    """Wait until `count` e-mails about the booking were sent, so that its outcome is known."""
    yield saga.drain
    while sum(item.get("booking_id") == booking["id"] for item in _sent_notifications(saga)) < count:
        assert saga.make_progress(), "no e-mail was sent"


def _sent_notifications(saga: Saga) -> list[dict[str, Any]]:
    return [one for one in saga.tables()["notifications"] if one.get("status") == "SENT"]


def password_reset(saga: Saga, scenario: Scenario) -> Steps:
    """A user resets a forgotten password with the code of an e-mail, and changes it once more."""
    name = f"fritz{saga.next_number('fritz')}"
    person = register(saga, name)
    person.session_id = f"session of {name}"
    yield saga.drain_until_idle
    saga.http("POST /v1/password/forgot", {"email": f"{name}@example.org"}, expect=202)
    yield saga.drain_until_idle
    mail = AuthMailDriver(saga.system).latest(f"{name}@example.org", "Set another password")
    first, second = "eight horses in a meadow", "nine horses in a meadow"
    saga.http("POST /v1/password/reset", {"token": read_codes(mail)[0], "password": first}, expect=204)
    saga.http("PUT /v1/password", {"old": first, "new": second}, by=person, expect=204)
    yield saga.drain


def first_event(saga: Saga, scenario: Scenario) -> Steps:
    """An event is published, its staff changes twice, and a buyer books immediately."""
    category = saga.http("GET /v1/categories").json["items"][0]["id"]
    event = publish_event(
        saga, scenario.organiser, category, "Premiere", type_request("Seat", 3, PRICE), type_request("Companion", 2, 0)
    )
    for staff in ([scenario.staff.user_id], [scenario.staff.user_id, scenario.other.user_id]):
        saga.http(
            f"PUT /v1/events/{event.id}/staff",
            {"user_ids": staff},
            by=scenario.organiser,
            expect=200,
            headers={"if-match": "*"},
        )
    place_order(saga, event, scenario.buyer, type_index=1)
    yield saga.drain


def price_changed(saga: Saga, scenario: Scenario) -> Steps:
    """An event goes on sale, and the price of its first type changes twice."""
    category = saga.http("GET /v1/categories").json["items"][0]["id"]
    event = publish_event(
        saga, scenario.organiser, category, "Gala night", type_request("Seat", 3), type_request("Companion", 2, 0)
    )
    for increase in (100, 200):
        change_price(saga, event, scenario.organiser, PRICE + increase)
    yield saga.drain_until_idle


def change_price(saga: Saga, event: EventFixture, by: Person, prices: int) -> None:
    """Set the price of the event's first type, in minor units, and put it on sale."""
    response = saga.http(f"GET /v1/events/{event.id}")
    type_request = {"name": response.json["types"][0]["name"], "prices": prices, "currency": "EUR", "status": "ON_SALE"}
    if_match = {"if-match": response.headers["etag"]}
    saga.http(f"PUT /v1/events/{event.id}/types/{event.types[0]}", type_request, by=by, headers=if_match, expect=200)


def edit_event(saga: Saga, event: EventFixture, by: Person, **fields: Any) -> None:
    """Overwrite these fields of the event and keep all others."""
    response = saga.http(f"GET /v1/users/{by.user_id}/events/{event.id}", by=by)
    unchanged = ("category_id", "name", "venue", "city", "zone", "starts_at", "ends_at", "max_per_user", "hold_seconds")
    event_request = {name: response.json[name] for name in unchanged} | fields
    saga.http(
        f"PUT /v1/events/{event.id}", event_request, by=by, headers={"if-match": response.headers["etag"]}, expect=200
    )


def event_ended(saga: Saga, scenario: Scenario) -> Steps:
    """An event's end is postponed after publication; after the new end, sales are closed."""
    category = saga.http("GET /v1/categories").json["items"][0]["id"]
    tonight = {"starts_at": "2031-05-01T18:00:00Z", "ends_at": "2031-05-01T21:00:00Z"}
    event = publish_event(saga, scenario.organiser, category, "Serenade", type_request("Seat", 3), **tonight)
    edit_event(saga, event, scenario.organiser, ends_at="2031-05-01T22:00:00Z")
    yield saga.advance_one_day
    booking_request = {"event_id": event.id, "number_slot": 1}
    assert saga.http(f"GET /v1/events/{event.id}").json["status"] == "ENDED"
    assert saga.http("POST /v1/bookings", booking_request, by=scenario.buyer).problem == "sale-ended"


def capacity_announced(saga: Saga, scenario: Scenario) -> Steps:
    """An event's capacity is raised, then lowered, and few places are left; the script publishes for booking."""
    category = saga.http("GET /v1/categories").json["items"][0]["id"]
    event = publish_event(saga, scenario.organiser, category, "Nocturne", type_request("Seat", 3))
    yield saga.drain
    identity = {"event_id": event.id, "event_type_id": event.types[0]}
    for version, capacity in enumerate((9, 7), start=2):
        saga.deliver(example(CapacityChanged).model_copy(update=identity | {"capacity": capacity, "version": version}))
    saga.deliver(example(AvailabilityChanged).model_copy(update=identity | {"availability": "few_left"}))
    yield saga.drain
    assert saga.http(f"GET /v1/events/{event.id}").json["types"][0]["capacity"] == 7


def event_cancelled(saga: Saga, scenario: Scenario) -> Steps:
    """An event is cancelled with four bookings: one paid, one free, one in checkout, one cancelled."""
    category = saga.http("GET /v1/categories").json["items"][0]["id"]
    event = publish_event(
        saga,
        scenario.organiser,
        category,
        "Requiem",
        type_request("Seat", 9),
        type_request("Companion", 2, 0),
        max_per_user=9,
    )
    yield saga.drain
    paid, in_checkout, cancelled = (place_order(saga, event, scenario.buyer) for _ in range(3))
    free = place_order(saga, event, scenario.other, type_index=1)
    yield saga.drain
    saga.choose_outcome(open_checkout(saga, paid, scenario.buyer), "paid")
    page = open_checkout(saga, in_checkout, scenario.buyer)
    cancel_booking(saga, cancelled, scenario.buyer)
    for booking in (paid, free, cancelled):
        yield from _until_mails_sent(saga, booking)
    saga.http(f"POST /v1/events/{event.id}/cancel", {"message": "Rain"}, by=scenario.organiser, expect=200)
    yield saga.drain_until_idle
    pay_late(saga, page)


def ticket_transferred(saga: Saga, scenario: Scenario) -> Steps:
    """One of two tickets is transferred, and the other is reissued."""
    transferred, kept = yield from _buy_two_tickets(saga, scenario)
    transfer_request = {"to_user_id": scenario.other.user_id}
    transfer = saga.http(
        f"POST /v1/tickets/{transferred}/transfer", transfer_request, by=scenario.buyer, expect=201
    ).json
    yield saga.drain
    saga.http(f"POST /v1/transfers/{transfer['id']}/accept", by=scenario.other, expect=200)
    saga.http(f"POST /v1/tickets/{kept}/reissue", by=scenario.organiser, expect=200)
    yield saga.drain


def check_in_and_transfer_undone(saga: Saga, scenario: Scenario) -> Steps:
    """A check-in is undone and repeated; another ticket is transferred and transferred back."""
    event = yield from _publish_refundable_event(saga, scenario)
    booking = place_order(saga, event, scenario.buyer, places=2)
    yield saga.drain
    saga.choose_outcome(open_checkout(saga, booking, scenario.buyer), "paid")
    yield from _until_mails_sent(saga, booking)
    checked_in, transferred = [item for item in saga.tables()["tickets"] if item.get("booking_id") == booking["id"]]
    for nonce in (f"scan-one-{checked_in['id']}", f"scan-two-{checked_in['id']}"):
        scan = {"event_id": event.id, "code": checked_in["code"], "nonce": nonce}
        saga.http("POST /v1/check-ins", scan, by=scenario.organiser, expect=201)
        if nonce.startswith("scan-one"):
            saga.http(f"POST /v1/check-ins/{nonce}/undo", by=scenario.organiser, expect=200)
    for by, to in ((scenario.buyer, scenario.other), (scenario.other, scenario.buyer)):
        transferred = _transfer_ticket(saga, transferred, by, to)
    yield saga.drain


def only_ticket_transferred(saga: Saga, scenario: Scenario) -> Steps:
    """The only ticket of a refundable booking is transferred."""
    event = yield from _publish_refundable_event(saga, scenario)
    booking = place_order(saga, event, scenario.buyer)
    yield saga.drain
    saga.choose_outcome(open_checkout(saga, booking, scenario.buyer), "paid")
    yield from _until_mails_sent(saga, booking)
    (transferred,) = [one for one in saga.tables()["tickets"] if one.get("booking_id") == booking["id"]]
    _transfer_ticket(saga, transferred, scenario.buyer, scenario.other)
    yield saga.drain


def _transfer_ticket(saga: Saga, ticket: dict[str, Any], by: Person, to: Person) -> dict[str, Any]:
    """Transfer the ticket; returns the recipient's ticket."""
    transfer_request = {"to_user_id": to.user_id}
    transfer = saga.http(f"POST /v1/tickets/{ticket['id']}/transfer", transfer_request, by=by, expect=201).json
    new_ticket: dict[str, Any] = saga.http(f"POST /v1/transfers/{transfer['id']}/accept", by=to, expect=200).json
    return new_ticket


def _publish_refundable_event(saga: Saga, scenario: Scenario) -> Generator[Callable[[], None], None, EventFixture]:
    """Publish an event with full refunds until 48 hours before its start."""
    category = saga.http("GET /v1/categories").json["items"][0]["id"]
    policy = {"refund_percent": 100, "refund_hours": 48}
    event = publish_event(saga, scenario.organiser, category, "Matinee", type_request("Seat", 3), **policy)
    yield saga.drain
    return event


def ticket_voided(saga: Saga, scenario: Scenario) -> Steps:
    """The organiser voids one of two tickets."""
    voided, _ = yield from _buy_two_tickets(saga, scenario)
    saga.http(f"POST /v1/tickets/{voided}/void", by=scenario.organiser, expect=200)
    yield saga.drain


def _buy_two_tickets(saga: Saga, scenario: Scenario) -> Generator[Callable[[], None], None, list[str]]:
    booking = place_order(saga, scenario.gala, scenario.buyer, places=2)
    yield saga.drain
    saga.choose_outcome(open_checkout(saga, booking, scenario.buyer), "paid")
    yield saga.drain
    while not (ticket_ids := _issued_ticket_ids(saga, booking)):
        assert saga.make_progress(), "no ticket was issued"
    return ticket_ids


def _issued_ticket_ids(saga: Saga, booking: dict[str, Any]) -> list[str]:
    tickets = (one for one in saga.tables()["tickets"] if one.get("booking_id") == booking["id"])
    return [one["id"] for one in tickets if one["status"] == "CREATED"]


def venue_changed(saga: Saga, scenario: Scenario) -> Steps:
    """An event with a ticket holder changes its venue, then its start."""
    category = saga.http("GET /v1/categories").json["items"][0]["id"]
    event = publish_event(saga, scenario.organiser, category, "Serenade", type_request("Companion", 2, 0))
    place_order(saga, event, scenario.buyer)
    yield saga.drain
    edit_event(saga, event, scenario.organiser, venue="Barn")
    edit_event(saga, event, scenario.organiser, starts_at="2031-09-01T20:00:00Z")
    yield saga.drain_until_idle


def reminder_sent(saga: Saga, scenario: Scenario) -> Steps:
    """A buyer has a ticket for an event on the next day."""
    category = saga.http("GET /v1/categories").json["items"][0]["id"]
    soon = {"starts_at": "2031-05-02T20:00:00Z", "ends_at": "2031-05-02T22:00:00Z"}
    event = publish_event(saga, scenario.organiser, category, "Serenade", type_request("Companion", 2, 0), **soon)
    place_order(saga, event, scenario.buyer)
    yield saga.advance_one_day


@dataclass(frozen=True)
class Journey:
    """One or more scripts that run in parallel, by the same users."""

    name: str
    scripts: tuple[JourneyScript, ...]

    def __str__(self) -> str:
        return self.name

    def run(self, saga: Saga, scenario: Scenario) -> None:
        run_side_by_side(saga, scenario, *self.scripts)


# Only the first of equal situations is tested, so journeys that change terms precede those that change staff.
SCRIPTS: tuple[JourneyScript, ...] = (
    paid_before_deadline, ticket_checked_in, free_booking, booked_by_number, payment_declined, hold_expired,
    checkout_abandoned, booking_cancelled, cancelled_at_checkout, booking_refunded, free_booking_cancelled,
    payment_refunded_in_full, capacity_changed, cancelled_while_paying, webhook_lost, late_payment_confirmed,
    late_payment_refunded, late_payment_after_cancellation, tickets_rejected, free_tickets_rejected, new_user,
    password_reset, account_erased, price_changed, first_event, event_ended, capacity_announced, event_cancelled,
    payment_refunded_in_parts, refund_bounced, hold_extended, ticket_transferred, check_in_and_transfer_undone,
    ticket_voided, venue_changed, reminder_sent,
)  # fmt: skip
SINGLE_JOURNEYS = tuple(Journey(script.__name__, (script,)) for script in SCRIPTS)
PAIRED_JOURNEYS = tuple(Journey(f"{script.__name__}_twice", (script, script)) for script in SCRIPTS)
