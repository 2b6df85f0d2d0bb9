"""Journeys outside the life of a booking. Together with `journeys`, they run every function."""

from datetime import timedelta
from typing import Any

from common import ids
from common.bus.auth import UserRegistered
from tests.saga import provider_journeys
from tests.saga.journeys import (
    SINGLE_JOURNEYS,
    Journey,
    Steps,
    cancel_booking,
    open_checkout,
    pay_late,
    place_order,
    refund_payment,
)
from tests.support.drivers.auth_mail_driver import read_codes
from tests.support.drivers.saga_driver import Saga
from tests.support.fixtures.scenarios import PASSWORD, Scenario, publish_event, register, type_request
from tests.support.system.lambda_events import Person
from tools.docs.examples import example

_GRACE_SECONDS = 3600.0  # the reconciler checks items that are older
_CLEAN_SWEEPS = 2
_RESEND_INTERVAL = timedelta(minutes=10)  # longer than the limit on resends
_ADMIN = Person("admin", user_id="the-admin")


def read_all(saga: Saga, *paths: str, by: Person | None = None, headers: dict[str, str] | None = None) -> list[Any]:
    """GET each path; returns the responses."""
    return [saga.http(f"GET {path}", by=by, headers=headers or {}, expect=200) for path in paths]


def read_two_pages(saga: Saga, *paths: str, by: Person | None = None) -> None:
    """GET the first two pages of each list, one item per page."""
    for path in paths:
        first = saga.http(f"GET {path}", by=by, query={"limit": "1"}, expect=200).json
        saga.http(f"GET {path}", by=by, query={"limit": "1", "next_token": first["next_token"]}, expect=200)


def public_reads(saga: Saga, scenario: Scenario) -> Steps:
    """An anonymous client reads all public routes."""
    category = read_all(saga, "/v1/categories")[0].json["items"][0]["id"]
    saga.invoke("events.rebuild_index", {})
    read_two_pages(saga, "/v1/events")
    read_all(saga, f"/v1/events/{scenario.gala.id}", f"/v1/events/{scenario.gala.id}/availability")
    read_all(saga, f"/v1/categories/{category}", "/v1/jwks")
    yield saga.drain_until_idle


def account_managed(saga: Saga, scenario: Scenario) -> Steps:
    """A user verifies the e-mail address, logs in on two devices, reads the account, and ends both sessions."""
    name = f"vera{saga.next_number('vera')}"
    person = register(saga, name)
    person.email_verified = False
    yield saga.drain_until_idle
    saga.http("POST /v1/email/verification", by=person, expect=202)
    yield saga.drain_until_idle
    mails = [mail for mail in saga.system.sent_mails() if mail["To"] == f"{name}@example.org"]
    saga.http("POST /v1/email/verify", {"token": read_codes(mails[-1])[0]}, expect=204)
    yield saga.drain_until_idle
    tokens = [_log_in(saga, name), _log_in(saga, name)]
    refreshed = saga.http("POST /v1/token/refresh", {"refresh_token": tokens[0]["refresh_token"]}, expect=200).json
    assert saga.invoke("auth.authorize", _authorizer_event(refreshed["access_token"]))["isAuthorized"]
    user_path = f"/v1/users/{person.user_id}"
    read_two_pages(saga, "/v1/sessions", by=person)
    read_all(saga, user_path, f"{user_path}/settings", by=person)
    _export(saga, person)
    saga.http("POST /v1/logout", {"refresh_token": refreshed["refresh_token"]}, by=person, expect=204)
    saga.http(f"DELETE /v1/sessions/{tokens[1]['refresh_token'].split('.')[1]}", by=person, expect=204)
    assert not saga.invoke("auth.authorize", _authorizer_event(refreshed["access_token"]))["isAuthorized"]
    yield saga.drain_until_idle


def _log_in(saga: Saga, name: str) -> dict[str, Any]:
    tokens: dict[str, Any] = saga.http("POST /v1/login", {"username": name, "password": PASSWORD}, expect=200).json
    return tokens


def _authorizer_event(token: str) -> dict[str, Any]:
    return {"version": "2.0", "headers": {"authorization": f"Bearer {token}"}, "requestContext": {"requestId": "r"}}


def _export(saga: Saga, person: Person) -> None:
    token = None
    while True:
        page = saga.http(
            f"GET /v1/users/{person.user_id}/export",
            by=person,
            query={"next_token": token} if token else None,
            expect=200,
        )
        token = page.json["next_token"]
        if not token:
            return


def users_administered(saga: Saga, scenario: Scenario) -> Steps:
    """The bootstrap admin is created, lists the users and changes roles; a user erases the account."""
    account = {"user_name": "root", "first_name": "Anna", "last_name": "Example", "mobile_phone": "+4915112345678"}
    created = saga.invoke("auth.ensure_admin", account | {"email": "anna@example.org", "password": PASSWORD})
    admin = Person("admin", user_id=created["id"])
    read_two_pages(saga, "/v1/users", by=admin)
    other = register(saga, f"ruth{saga.next_number('ruth')}")
    yield saga.drain
    for roles in (["organiser"], ["admin"]):
        saga.http(f"PUT /v1/users/{other.user_id}/roles", {"roles": roles}, by=admin, expect=200)
    saga.http(f"DELETE /v1/users/{other.user_id}", by=other, expect=204)
    yield saga.drain_until_idle


def event_planned(saga: Saga, scenario: Scenario) -> Steps:
    """An organiser publishes an event, raises its capacity, adds a type, clones the event, and cancels it."""
    category = saga.http("POST /v1/categories", {"name": "Opera", "type": "paid"}, by=_ADMIN, expect=201).json["id"]
    saga.http(f"PUT /v1/categories/{category}", {"name": "Operas"}, by=_ADMIN, headers={"if-match": "*"}, expect=200)
    event = publish_event(saga, scenario.organiser, category, "Norma", type_request("Seat", 3))
    capacity = f"PUT /v1/events/{event.id}/types/{event.types[0]}/capacity"
    saga.http(capacity, {"capacity": 5}, by=scenario.organiser, expect=200)
    saga.http(f"POST /v1/events/{event.id}/types", type_request("Stall", 2, 4000), by=scenario.organiser, expect=201)
    next_times = {"starts_at": "2031-10-01T19:00:00Z", "ends_at": "2031-10-01T22:00:00Z"}
    clone_id = saga.http(f"POST /v1/events/{event.id}/clone", next_times, by=scenario.organiser, expect=201).json["id"]
    saga.http(f"POST /v1/events/{clone_id}/types", type_request("Box", 1, 9000), by=scenario.organiser, expect=201)
    own_events = f"/v1/users/{scenario.organiser.user_id}/events"
    read_two_pages(saga, own_events, by=scenario.organiser)
    read_all(saga, f"{own_events}/{clone_id}", by=scenario.organiser)
    read_two_pages(saga, "/v1/categories")
    saga.http(f"POST /v1/events/{event.id}/cancel", {"message": "Rain"}, by=scenario.organiser, expect=200)
    yield saga.drain_until_idle
    read_all(saga, f"/v1/events/{event.id}/cancellation", by=scenario.organiser)


def cancelled_before_issuance(saga: Saga, scenario: Scenario) -> Steps:
    """A booking is cancelled before the issuance of its tickets can start."""
    saga.outages.add(("ticket.on_booking_confirmed", "TransactWriteItems"))
    booking = place_order(saga, scenario.gala, scenario.buyer, type_index=1)
    yield saga.drain
    saga.outages.clear()
    cancel_booking(saga, booking, scenario.buyer)
    yield saga.drain_until_idle


def sold_out(saga: Saga, scenario: Scenario) -> Steps:
    """One buyer holds the last places; another order is rejected."""
    held = place_order(saga, scenario.solo, scenario.other, places=2)
    request_body = {"event_id": scenario.solo.id, "items": [{"event_type_id": scenario.solo.types[0], "qty": 1}]}
    saga.http("POST /v1/bookings", request_body, by=scenario.buyer, expect=409)
    yield saga.drain
    read_all(saga, f"/v1/bookings/{held['id']}", by=scenario.other)


def purchases_managed(saga: Saga, scenario: Scenario) -> Steps:
    """A buyer reads all purchases, starts and cancels a ticket transfer, and has an e-mail resent."""
    place_order(saga, scenario.gala, scenario.buyer, type_index=1)
    booking = place_order(saga, scenario.gala, scenario.buyer, places=2)
    yield saga.drain
    page = open_checkout(saga, booking, scenario.buyer)
    read_all(saga, "/" + page.split("/", 3)[3])
    saga.choose_outcome(page, "paid")
    yield saga.drain
    payment = ids.derive("payment", booking["id"])
    read_two_pages(saga, "/v1/bookings", "/v1/payments", "/v1/tickets", "/v1/notifications", by=scenario.buyer)
    items = saga.tables()["tickets"]
    kept_ticket, offered_ticket = (
        item["id"] for item in items if item["sk"] == "ticket" and item["booking_id"] == booking["id"]
    )
    read_all(
        saga,
        f"/v1/bookings/{booking['id']}",
        f"/v1/payments/{payment}",
        f"/v1/payments/{payment}/receipt",
        by=scenario.buyer,
    )
    read_all(
        saga, *(f"/v1/tickets/{kept_ticket}{part}" for part in ("", "/qr", "/pdf", "/calendar")), by=scenario.buyer
    )
    transfer_request, transfer_path = {"to_user_id": scenario.other.user_id}, f"/v1/tickets/{offered_ticket}/transfer"
    transfer = saga.http(f"POST {transfer_path}", transfer_request, by=scenario.buyer, expect=201).json["id"]
    read_all(saga, f"/v1/transfers/{transfer}", by=scenario.other)
    saga.http(f"DELETE {transfer_path}", by=scenario.buyer, expect=204)
    yield saga.drain
    notification_id = read_all(saga, "/v1/notifications", by=scenario.buyer)[0].json["items"][0]["id"]
    saga.http(f"PUT /v1/notifications/{notification_id}", {"read": True}, by=scenario.buyer, expect=200)
    saga.now += _RESEND_INTERVAL
    saga.http(f"POST /v1/notifications/{notification_id}/resend", by=scenario.buyer, expect=200)
    _export(saga, scenario.buyer)
    yield saga.drain


def attendance_counted(saga: Saga, scenario: Scenario) -> Steps:
    """A ticket is checked in; door staff and the organiser read attendance, sales and refunds."""
    place_order(saga, scenario.gala, scenario.other, type_index=1)
    booking = place_order(saga, scenario.gala, scenario.buyer)
    yield saga.drain
    saga.choose_outcome(open_checkout(saga, booking, scenario.buyer), "paid")
    yield saga.drain
    refund_payment(saga, booking, scenario.organiser, "The bar was shut.", amount=100)
    yield saga.drain
    ticket = saga.http("GET /v1/tickets", by=scenario.buyer, expect=200).json["items"][0]
    nonce = f"scan-of-{ticket['id']}"
    # An offline scanner submits the signed QR payload, not the code.
    qr_payload = next(
        item["qr_payload"] for item in saga.tables()["tickets"] if item["pk"] == ticket["id"] and "code" in item
    )
    scan = {"event_id": scenario.gala.id, "code": qr_payload, "nonce": nonce}
    saga.http("POST /v1/check-ins", scan, by=scenario.staff, expect=201)
    read_all(saga, f"/v1/check-ins/{nonce}", f"/v1/events/{scenario.gala.id}/door", by=scenario.staff)
    event_path = f"/v1/events/{scenario.gala.id}"
    read_two_pages(saga, f"{event_path}/bookings", f"{event_path}/attendees", by=scenario.organiser)
    read_all(saga, f"{event_path}/sales", f"{event_path}/attendees/csv", by=scenario.organiser)
    saga.invoke("payment.sync_with_provider", {"payment_id": ids.derive("payment", booking["id"])})
    _export(saga, scenario.organiser)


def erased_with_dead_letters(saga: Saga, scenario: Scenario) -> Steps:
    """A user is erased while dead-letter queues hold messages about the user."""
    person = register(saga, f"leo{saga.next_number('leo')}")
    yield saga.drain_until_idle
    saga.outages |= {("user.on_user_registered", "PutItem"), ("notify.on_settings_changed", "UpdateItem")}
    saga.outages.add(("auth.on_settings_changed", "UpdateItem"))
    saga.deliver(example(UserRegistered).model_copy(update={"user_id": person.user_id}))
    request_body = {"locale": "de", "zone": "Europe/Berlin", "channels": []}
    saga.http(
        f"PUT /v1/users/{person.user_id}/settings", request_body, by=person, expect=200, headers={"if-match": "*"}
    )
    yield saga.drain_until_idle
    saga.outages.clear()
    assert len(saga.dead_letters) == 3
    saga.http(f"DELETE /v1/users/{person.user_id}", by=person, expect=204)
    yield saga.drain_until_idle
    assert not saga.dead_letters


def order_lost(saga: Saga, scenario: Scenario) -> Steps:
    """An order's bus event and its timers are lost: the reconciler republishes the event."""
    place_order(saga, scenario.gala, scenario.buyer)
    saga.queue.clear()
    yield saga.drain_until_idle
    _sweep_until_clean(saga)


def notification_lost(saga: Saga, scenario: Scenario) -> Steps:
    """The bus event of issued tickets is lost to notify: the reconciler republishes it."""
    saga.outages.add(("notify.on_ticket_created", "PutItem"))
    place_order(saga, scenario.gala, scenario.buyer, type_index=1)
    yield saga.drain_until_idle
    saga.outages.clear()
    saga.dead_letters.clear()
    _sweep_until_clean(saga)


def webhook_lost_after_expiry(saga: Saga, scenario: Scenario) -> Steps:
    """A payment arrives late and its webhook is lost: the reconciler syncs with the provider."""
    booking = place_order(saga, scenario.solo, scenario.buyer)
    yield saga.drain
    page = open_checkout(saga, booking, scenario.buyer)
    yield saga.drain_until_idle
    saga.provider.lost_webhooks += 9
    pay_late(saga, page)
    yield saga.drain_until_idle
    _sweep_until_clean(saga)


def _sweep_until_clean(saga: Saga) -> None:
    """Sweep hourly until two sweeps in a row repair nothing: one alone may have met a failing call."""
    clean_sweeps = 0
    while clean_sweeps < _CLEAN_SWEEPS:
        saga.advance(_GRACE_SECONDS)
        repaired, finished = 0, False
        while not finished:
            result = saga.invoke("reconcile.run_reconciliation", {})
            repaired, finished = repaired + result["violated"] + result["synced"], result["finished"]
        saga.drain_until_idle()
        clean_sweeps = 0 if repaired else clean_sweeps + 1


SCRIPTS = (
    public_reads, account_managed, users_administered, event_planned, cancelled_before_issuance, sold_out,
    purchases_managed, attendance_counted, erased_with_dead_letters, order_lost, notification_lost,
    webhook_lost_after_expiry, *provider_journeys.SCRIPTS,
)  # fmt: skip
AUXILIARY_JOURNEYS = tuple(Journey(script.__name__, (script,)) for script in SCRIPTS)
ALL_JOURNEYS = (*SINGLE_JOURNEYS, *AUXILIARY_JOURNEYS)
