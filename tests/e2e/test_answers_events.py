"""Responses of events and categories, except those to invalid requests."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.support.faults.redeploy import redeployed
from tests.support.fixtures.answers import RecordingClient
from tests.support.fixtures.e2e_fixture import FREE, PAID, E2EFixture

UNKNOWN_ID = "8d4b8d3e-6d0c-4a51-9d1a-0f0d5c1f2a3b"
SEAT = {"name": "Another"} | PAID


@contextmanager
def stale_read(e2e: E2EFixture, function: str) -> Iterator[None]:
    """Within the block the function writes as if the event had changed since it was read."""
    source_line = 'return {"seen": event["version"]'
    changes = {"events/core/repository.py": (source_line, f"{source_line} - 1")}
    with redeployed(e2e.stack, function, changes):
        yield


def test_category_name_is_unique(e2e: E2EFixture, send: RecordingClient) -> None:
    new = {"name": f"Category {secrets.token_hex(4)}", "type": "paid"}
    key = {"Idempotency-Key": secrets.token_hex(8)}

    created = send(e2e.admin, "POST /v1/categories", new, headers=key)
    other = send(e2e.admin, "POST /v1/categories", new | {"name": "Quite another"}, headers=key)
    duplicate = send(e2e.admin, "POST /v1/categories", new)

    assert (created.outcome, other.outcome, duplicate.outcome) == (
        (201, "done"),
        (422, "idempotency-key-reused"),
        (409, "category-exists"),
    )


@pytest.mark.parametrize("call", ["GET /v1/categories", "GET /v1/events"])
def test_catalogue_is_public(call: str, e2e: E2EFixture, send: RecordingClient) -> None:
    assert send(e2e.anonymous, call).outcome == (200, "done")


def test_event_creation_is_idempotent_per_key(e2e: E2EFixture, send: RecordingClient) -> None:
    key = {"Idempotency-Key": secrets.token_hex(8)}

    created = send(e2e.organiser.client, "POST /v1/events", e2e.event_request(), headers=key)
    other = send(e2e.organiser.client, "POST /v1/events", e2e.event_request(name="Other"), headers=key)

    assert (created.outcome, other.outcome) == ((201, "done"), (422, "idempotency-key-reused"))


@pytest.mark.parametrize(
    ("problem", "fields"),
    [
        ("invalid-category", {"category_id": UNKNOWN_ID}),
        ("mixed-currencies", {"types": [SEAT, SEAT | {"name": "Pit", "currency": "CHF"}]}),
        ("price-too-high", {"types": [SEAT | {"prices": 90_000_000}], "max_per_user": 50}),
        ("not-in-future", {"starts_at": "2021-05-01T18:00:00Z"}),
        ("sale-beyond-end", {"types": [SEAT | {"sale_until": "2031-05-01T21:00:01Z"}]}),
    ],
)
def test_invalid_event_is_rejected(
    problem: str, fields: dict[str, object], e2e: E2EFixture, send: RecordingClient
) -> None:
    assert send(e2e.organiser.client, "POST /v1/events", e2e.event_request(**fields)).outcome == (422, problem)


def test_free_category_rejects_prices(e2e: E2EFixture, send: RecordingClient) -> None:
    event_request = e2e.event_request(category_id=e2e.free_category)
    event = e2e.create_draft(category_id=e2e.free_category, types=[{"name": "Entry"} | FREE])

    assert send(e2e.organiser.client, "POST /v1/events", event_request).outcome == (422, "not-free")
    assert send(e2e.organiser.client, f"POST /v1/events/{event['id']}/types", SEAT).outcome == (422, "not-free")


def test_short_hold_requires_test_stage(e2e: E2EFixture, send: RecordingClient) -> None:
    no_short_holds = {"events/core/drafts.py": ('env.setting("SHORT_HOLDS") == "1"', "False")}

    with redeployed(e2e.stack, "events.create_event", no_short_holds):
        response = send(e2e.organiser.client, "POST /v1/events", e2e.event_request(hold_seconds=5))

    assert response.outcome == (422, "hold-too-short")


def test_types_can_be_added_to_own_drafts(e2e: E2EFixture, send: RecordingClient) -> None:
    draft, key = e2e.create_draft(), {"Idempotency-Key": secrets.token_hex(8)}
    call, organiser = f"POST /v1/events/{draft['id']}/types", e2e.organiser.client

    created = send(organiser, call, SEAT, headers=key)
    other = send(organiser, call, SEAT | {"name": "Other"}, headers=key)
    other_currency = send(organiser, call, SEAT | {"currency": "CHF"})
    late_sale = send(organiser, call, SEAT | {"sale_until": "2031-05-01T21:00:01Z"})
    with e2e.altered("events", draft["id"], "event", status="CANCELLED"):
        cancelled = send(organiser, call, SEAT)
    unknown_event = send(organiser, f"POST /v1/events/{UNKNOWN_ID}/types", SEAT)
    overpriced = send(organiser, call, SEAT | {"prices": 90_000_000})

    assert (created.outcome, other.outcome) == ((201, "done"), (422, "idempotency-key-reused"))
    assert (other_currency.outcome, cancelled.outcome) == ((422, "mixed-currencies"), (409, "not-editable"))
    assert late_sale.outcome == (422, "sale-beyond-end")
    assert (unknown_event.outcome, overpriced.outcome) == ((404, "event-not-found"), (422, "price-too-high"))


def test_number_of_types_is_limited(e2e: E2EFixture, send: RecordingClient) -> None:
    draft = e2e.create_draft(types=[SEAT | {"name": f"Seat {n}"} for n in range(20)])

    response = send(e2e.organiser.client, f"POST /v1/events/{draft['id']}/types", SEAT)

    assert response.outcome == (409, "too-many-types")


def test_organiser_sets_staff_of_own_events(e2e: E2EFixture, send: RecordingClient) -> None:
    draft, staff, organiser = e2e.create_draft(), {"user_ids": [e2e.staff.id]}, e2e.organiser.client
    call = f"PUT /v1/events/{draft['id']}/staff"
    if_match = {"If-Match": send(organiser, f"GET /v1/users/{e2e.organiser.id}/events/{draft['id']}").headers["ETag"]}

    assert send(organiser, call, staff, headers=if_match).outcome == (200, "done")
    assert send(organiser, call, {"user_ids": []}, headers=if_match).outcome == (412, "stale-version")
    assert send(organiser, call, staff).outcome == (428, "if-match-required")
    assert send(organiser, f"PUT /v1/events/{UNKNOWN_ID}/staff", staff, headers=if_match).outcome == (
        404,
        "event-not-found",
    )


def test_organiser_publishes_own_event(e2e: E2EFixture, send: RecordingClient) -> None:
    ready, without_types = e2e.create_draft(), e2e.create_draft(types=[])
    organiser = e2e.organiser.client

    assert send(organiser, f"POST /v1/events/{ready['id']}/publish").outcome == (200, "done")
    assert send(organiser, f"POST /v1/events/{without_types['id']}/publish").outcome == (409, "no-types")
    assert send(organiser, f"POST /v1/events/{UNKNOWN_ID}/publish").outcome == (404, "event-not-found")


@pytest.mark.parametrize(
    ("problem", "fields"),
    [("already-started", {"starts_at": "2021-05-01T18:00:00Z"}), ("not-publishable", {"status": "CANCELLED"})],
)
def test_started_or_cancelled_event_cannot_be_published(
    problem: str, fields: dict[str, str], e2e: E2EFixture, send: RecordingClient
) -> None:
    draft = e2e.create_draft()

    with e2e.altered("events", draft["id"], "event", **fields):
        response = send(e2e.organiser.client, f"POST /v1/events/{draft['id']}/publish")

    assert response.outcome == (409, problem)


@pytest.mark.parametrize(
    ("function", "call", "body"),
    [
        ("events.create_type", "POST /v1/events/{}/types", SEAT),
        ("events.set_staff", "PUT /v1/events/{}/staff", {"user_ids": [UNKNOWN_ID]}),
        ("events.publish_event", "POST /v1/events/{}/publish", None),
        ("events.cancel_event", "POST /v1/events/{}/cancel", {"message": "Rain"}),
    ],
)
def test_concurrent_event_change_is_rejected(
    function: str, call: str, body: dict[str, object] | None, e2e: E2EFixture, send: RecordingClient
) -> None:
    draft = e2e.create_draft()

    with stale_read(e2e, function):
        response = send(e2e.organiser.client, call.format(draft["id"]), body, headers={"If-Match": "*"})

    assert response.outcome == (409, "concurrent-modification")


def test_published_event_and_availability_are_public(e2e: E2EFixture, send: RecordingClient) -> None:
    for suffix in ("", "/availability"):
        assert send(e2e.anonymous, f"GET /v1/events/{e2e.concert['id']}{suffix}").outcome == (200, "done")
        assert send(e2e.anonymous, f"GET /v1/events/{UNKNOWN_ID}{suffix}").outcome == (404, "event-not-found")
