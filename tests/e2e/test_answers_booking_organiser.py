"""Responses of booking to extensions, cancellations, capacity changes and reports."""

import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from local.actors import Actor, Organiser, hold_places, wait_for, wait_for_booking, wait_for_tickets
from tests.support.fixtures.answers import RecordingClient
from tests.support.fixtures.e2e_fixture import E2EFixture

UNKNOWN_ID = "8d4b8d3e-6d0c-4a51-9d1a-0f0d5c1f2a3b"


@pytest.fixture
def buyer(e2e: E2EFixture) -> Actor:
    return Actor.register(e2e.anonymous, "gerd")


@pytest.fixture
def hold(e2e: E2EFixture, buyer: Actor) -> dict[str, Any]:
    """A hold of one seat of the concert."""
    return hold_places(buyer, e2e.concert["id"], {e2e.concert["types"][0]["id"]: 1})


def timestamp(**ahead: float) -> str:
    """A time relative to now, as stored in the tables."""
    return (datetime.now(UTC) + timedelta(**ahead)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def test_hold_is_extended_once(hold: dict[str, Any], buyer: Actor, e2e: E2EFixture, send: RecordingClient) -> None:
    call = f"POST /v1/bookings/{hold['id']}/extend"

    assert send(e2e.stranger.client, call).outcome == (404, "booking-not-found")
    assert [send(buyer.client, call).outcome for _ in range(2)] == [(200, "done"), (409, "already-extended")]


def test_rejected_extension_states_reason(
    hold: dict[str, Any], buyer: Actor, e2e: E2EFixture, send: RecordingClient
) -> None:
    call = f"POST /v1/bookings/{hold['id']}/extend"

    with e2e.altered("bookings", hold["id"], "booking", pay_before=timestamp(seconds=-1)):
        assert send(buyer.client, call).outcome == (410, "hold-expired")
    with e2e.altered("bookings", hold["id"], "booking", pay_before=timestamp(minutes=40)):
        assert send(buyer.client, call).outcome == (409, "hold-at-maximum")
    assert send(e2e.buyer.client, f"POST /v1/bookings/{e2e.booking['id']}/extend").outcome == (409, "not-extendable")


def test_cancellation_follows_refund_policy(e2e: E2EFixture, buyer: Actor, send: RecordingClient) -> None:
    booking = wait_for_booking(buyer, hold_places(buyer, e2e.party["id"], 2), "CONFIRMED")
    call = f"POST /v1/bookings/{booking['id']}/cancel"

    with e2e.altered("bookings", e2e.party["id"], "terms", starts_at=timestamp(hours=-1)):
        late = send(buyer.client, call)
    in_time = send(buyer.client, call)

    assert (late.outcome, in_time.outcome, in_time.json["status"]) == (
        (409, "not-refundable"),
        (200, "done"),
        "CANCELLED",
    )


def test_used_or_transferred_ticket_blocks_cancellation(e2e: E2EFixture, buyer: Actor, send: RecordingClient) -> None:
    admitted, transferred = (
        wait_for_booking(buyer, hold_places(buyer, e2e.party["id"], 2), "CONFIRMED") for _ in range(2)
    )
    admitted_ticket, transferred_ticket = (wait_for_tickets(buyer, booking)[0] for booking in (admitted, transferred))
    scan = {"event_id": e2e.party["id"], "code": admitted_ticket["code"], "nonce": secrets.token_hex(8)}
    e2e.staff.client.request_json("POST", "/v1/check-ins", scan)
    transfer = buyer.client.request_json(
        "POST", f"/v1/tickets/{transferred_ticket['id']}/transfer", {"to_user_id": e2e.stranger.id}
    )
    e2e.stranger.client.request_json("POST", f"/v1/transfers/{transfer['id']}/accept")
    wait_for_count(buyer, admitted, "admitted", 1)
    wait_for_count(buyer, transferred, "transferred", 1)

    rejected = [send(buyer.client, f"POST /v1/bookings/{one['id']}/cancel") for one in (admitted, transferred)]
    e2e.staff.client.request_json("POST", f"/v1/check-ins/{scan['nonce']}/undo")
    wait_for_count(buyer, admitted, "admitted", 0)

    assert [one.outcome for one in rejected] == [(409, "ticket-used"), (409, "ticket-transferred")]
    assert rejected[0].json["ticket_ids"] == [admitted_ticket["id"]]
    assert send(buyer.client, f"POST /v1/bookings/{admitted['id']}/cancel").outcome == (200, "done")


def wait_for_count(actor: Actor, booking: dict[str, Any], name: str, number: int) -> None:
    """Wait until the booking has this count."""
    call = f"/v1/bookings/{booking['id']}"
    wait_for(lambda: actor.client.request_json("GET", call)[name] == number or None, f"{number} {name}")


def test_expired_booking_cannot_be_cancelled(
    hold: dict[str, Any], buyer: Actor, e2e: E2EFixture, send: RecordingClient
) -> None:
    with e2e.altered("bookings", hold["id"], "booking", status="EXPIRED"):
        assert send(buyer.client, f"POST /v1/bookings/{hold['id']}/cancel").outcome == (409, "not-cancellable")


def test_order_outside_sale_window_is_rejected(e2e: E2EFixture, buyer: Actor, send: RecordingClient) -> None:
    order = {"event_id": e2e.party["id"], "number_slot": 1}
    kind = e2e.party["types"][0]
    type_on_sale = {"name": "Entry", "prices": 0, "currency": "EUR", "status": "ON_SALE"}

    for window, outcome in (
        ({"sale_from": timestamp(days=1)}, (409, "not-on-sale-yet")),
        ({"sale_until": timestamp(days=-1)}, (410, "sale-ended")),
    ):
        with e2e.altered("bookings", e2e.party["id"], "terms", types={kind["id"]: type_on_sale | window}):
            assert send(buyer.client, "POST /v1/bookings", order).outcome == outcome


def test_order_is_all_held_while_holds_are_open(e2e: E2EFixture, buyer: Actor, send: RecordingClient) -> None:
    types = [{"name": "Only", "prices": 900, "currency": "EUR", "capacity": 1}]
    event = e2e.organiser.publish_event(e2e.paid_category, "One place, held", types)
    hold_places(e2e.stranger, event["id"], 1)

    response = send(buyer.client, "POST /v1/bookings", {"event_id": event["id"], "number_slot": 1})

    assert response.outcome == (409, "all-held")


def test_unchanged_availability_answers_304(e2e: E2EFixture, send: RecordingClient) -> None:
    types = [{"name": "Entry", "prices": 0, "currency": "EUR", "capacity": 5}]
    event = e2e.organiser.publish_event(
        e2e.free_category, "Availability", types
    )  # a separate event, where no other test books
    call = f"GET /v1/events/{event['id']}/availability"

    first = send(e2e.anonymous, call)
    same = send(e2e.anonymous, call, headers={"If-None-Match": first.headers["ETag"]})

    assert (first.outcome, same.outcome) == ((200, "done"), (304, "unchanged"))
    assert send(e2e.anonymous, f"GET /v1/events/{UNKNOWN_ID}/availability").outcome == (404, "event-not-found")


@pytest.mark.parametrize("report", ["bookings", "sales"])
def test_event_reports_are_visible_to_organiser_only(
    report: str, e2e: E2EFixture, other_organiser: Organiser, send: RecordingClient
) -> None:
    call = f"GET /v1/events/{e2e.party['id']}/{report}"

    assert send(e2e.organiser.client, call).outcome == (200, "done")
    assert send(e2e.admin, call).outcome == (200, "done")
    assert send(e2e.buyer.client, call).outcome == (403, "role-missing")
    assert send(other_organiser.client, call).outcome == (404, "event-not-found")


def test_token_of_another_list_is_rejected(e2e: E2EFixture, send: RecordingClient) -> None:
    call = f"GET /v1/events/{e2e.party['id']}/bookings?next_token=x"

    assert send(e2e.organiser.client, call).outcome == (400, "invalid-page-token")


def test_capacity_cannot_drop_below_sold_places(
    e2e: E2EFixture, other_organiser: Organiser, send: RecordingClient
) -> None:
    kind = e2e.party["types"][0]["id"]
    call = f"PUT /v1/events/{e2e.party['id']}/types/{kind}/capacity"

    assert send(e2e.organiser.client, call, {"capacity": 600}).outcome == (200, "done")
    assert send(e2e.organiser.client, call, {"capacity": 1}).outcome == (409, "capacity-below-sold")
    assert send(other_organiser.client, call, {"capacity": 1}).outcome == (404, "event-not-found")
    assert send(e2e.buyer.client, call, {"capacity": 1}).outcome == (403, "role-missing")
    unknown_type = call.replace(kind, UNKNOWN_ID)
    assert send(e2e.organiser.client, unknown_type, {"capacity": 1}).outcome == (404, "event-type-not-found")
    draft = e2e.create_draft()
    draft_call = f"PUT /v1/events/{draft['id']}/types/{draft['types'][0]['id']}/capacity"
    assert send(e2e.organiser.client, draft_call, {"capacity": 1}).outcome == (409, "event-not-published")


def test_event_cancellation_progress_is_visible(
    e2e: E2EFixture, buyer: Actor, other_organiser: Organiser, send: RecordingClient
) -> None:
    types = [{"name": "Entry", "prices": 0, "currency": "EUR", "capacity": 5}]
    event = e2e.organiser.publish_event(e2e.free_category, "Cancelled event", types)
    booking = wait_for_booking(buyer, hold_places(buyer, event["id"], 2), "CONFIRMED")
    call = f"GET /v1/events/{event['id']}/cancellation"
    assert send(e2e.organiser.client, call).outcome == (404, "cancellation-not-found")
    assert send(other_organiser.client, call).outcome == (404, "event-not-found")
    assert send(e2e.buyer.client, call).outcome == (403, "role-missing")

    e2e.organiser.client.request_json("POST", f"/v1/events/{event['id']}/cancel", {"message": "Rain"})

    def finished() -> dict[str, Any] | None:
        response = send(e2e.organiser.client, call)
        return response.json if response.outcome == (200, "done") and response.json["state"] == "FINISHED" else None

    cancellation = wait_for(finished, "the end of the cancellation")
    assert (cancellation["found"], cancellation["cancelled"]) == (1, 1)
    assert wait_for_booking(buyer, booking, "CANCELLED")["logs"][-1]["actor"] == "organiser"


def test_admin_acts_for_organiser(e2e: E2EFixture, send: RecordingClient) -> None:
    entry = {"name": "Entry", "prices": 0, "currency": "EUR", "capacity": 5}
    event = e2e.organiser.publish_event(e2e.free_category, "Orphan", [entry])
    theirs = f"/v1/users/{e2e.organiser.id}/events"
    reads = [f"/v1/events/{event['id']}/bookings", f"/v1/events/{event['id']}/sales", theirs, f"{theirs}/{event['id']}"]

    reports = [send(e2e.admin, f"GET {address}") for address in reads]
    resized = send(e2e.admin, f"PUT /v1/events/{event['id']}/types/{event['types'][0]['id']}/capacity", {"capacity": 7})
    cancelled = send(e2e.admin, f"POST /v1/events/{event['id']}/cancel", {"message": "Cancelled by the admin."})

    assert [one.outcome for one in (*reports, resized, cancelled)] == [(200, "done")] * 6
    assert (cancelled.json["status"], cancelled.json["organiser_id"]) == ("CANCELLED", e2e.organiser.id)
