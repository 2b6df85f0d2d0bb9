"""Responses of booking to buyers, except those to invalid requests."""

import secrets
from typing import Any

import pytest

from local.actors import Actor, hold_places
from tests.support.fixtures.answers import RecordingClient
from tests.support.fixtures.e2e_fixture import E2EFixture

UNKNOWN_ID = "8d4b8d3e-6d0c-4a51-9d1a-0f0d5c1f2a3b"


@pytest.fixture
def buyer(e2e: E2EFixture) -> Actor:
    return Actor.register(e2e.anonymous, "nele")


def seat_order(e2e: E2EFixture, qty: int = 1, kind: int = 0, **fields: Any) -> dict[str, Any]:
    """An order for seats of the concert."""
    item = {"event_type_id": e2e.concert["types"][kind]["id"], "qty": qty}
    return {"event_id": e2e.concert["id"], "items": [item | fields]}


def test_order_is_idempotent_per_key(e2e: E2EFixture, buyer: Actor, send: RecordingClient) -> None:
    key = {"Idempotency-Key": secrets.token_hex(8)}

    created = send(buyer.client, "POST /v1/bookings", seat_order(e2e), headers=key)
    other = send(buyer.client, "POST /v1/bookings", seat_order(e2e, 2), headers=key)

    assert (created.outcome, other.outcome) == ((201, "done"), (422, "idempotency-key-reused"))


def test_order_for_unknown_event_or_type_is_rejected(e2e: E2EFixture, buyer: Actor, send: RecordingClient) -> None:
    unknown_event = send(buyer.client, "POST /v1/bookings", seat_order(e2e) | {"event_id": UNKNOWN_ID})
    unknown_type = send(buyer.client, "POST /v1/bookings", seat_order(e2e, event_type_id=UNKNOWN_ID))
    untyped = send(buyer.client, "POST /v1/bookings", {"event_id": e2e.concert["id"], "number_slot": 1})

    assert (unknown_event.outcome, unknown_type.outcome) == ((404, "event-not-found"), (422, "invalid-event-type"))
    assert untyped.outcome == (422, "event-type-required")


def test_purchase_limit_is_enforced(e2e: E2EFixture, buyer: Actor, send: RecordingClient) -> None:
    assert send(buyer.client, "POST /v1/bookings", seat_order(e2e, 5)).outcome == (409, "limit-reached")


def test_order_above_availability_is_sold_out(e2e: E2EFixture, buyer: Actor, send: RecordingClient) -> None:
    types = [{"name": "Only", "prices": 0, "currency": "EUR", "capacity": 1}]
    event = e2e.organiser.publish_event(e2e.free_category, "One place", types)

    response = send(buyer.client, "POST /v1/bookings", {"event_id": event["id"], "number_slot": 2})

    assert response.outcome == (409, "sold-out")


@pytest.mark.parametrize(
    ("problem", "fields"), [("not-on-sale", {"on_sale": False}), ("terms-conflict", {"terms_version": 99})]
)
def test_order_fails_when_terms_changed(
    problem: str, fields: dict[str, Any], e2e: E2EFixture, buyer: Actor, send: RecordingClient
) -> None:
    with e2e.altered("bookings", e2e.concert["types"][1]["id"], "stock#0", **fields):
        response = send(buyer.client, "POST /v1/bookings", seat_order(e2e, kind=1))

    assert response.outcome == (409, problem)


def test_owner_lists_reads_and_cancels_bookings(e2e: E2EFixture, buyer: Actor, send: RecordingClient) -> None:
    own = hold_places(buyer, e2e.concert["id"], {e2e.concert["types"][0]["id"]: 1})

    assert send(buyer.client, "GET /v1/bookings").outcome == (200, "done")
    assert send(buyer.client, f"GET /v1/bookings/{own['id']}").outcome == (200, "done")
    assert send(buyer.client, f"POST /v1/bookings/{own['id']}/cancel").outcome == (200, "done")


def test_other_users_bookings_are_not_found(e2e: E2EFixture, send: RecordingClient) -> None:
    for call in ("GET /v1/bookings/{}", "POST /v1/bookings/{}/cancel"):
        response = send(e2e.stranger.client, call.format(e2e.booking["id"]))
        assert response.outcome == (404, "booking-not-found")


def test_started_event_booking_is_not_refundable(e2e: E2EFixture, send: RecordingClient) -> None:
    with e2e.altered("bookings", e2e.party["id"], "terms", starts_at="2026-01-01T20:00:00.000Z"):
        response = send(e2e.buyer.client, f"POST /v1/bookings/{e2e.booking['id']}/cancel")

    assert response.outcome == (409, "not-refundable")
