"""Responses of editing, cancelling and cloning events."""

import secrets
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from local.client import Client
from tests.support.faults.redeploy import redeployed
from tests.support.fixtures.answers import RecordedResponse, RecordingClient
from tests.support.fixtures.e2e_fixture import FREE, PAID, E2EFixture

UNKNOWN_ID = "8d4b8d3e-6d0c-4a51-9d1a-0f0d5c1f2a3b"
EDITABLE_FIELDS = (
    "category_id", "name", "venue", "city", "zone", "starts_at", "ends_at",
    "max_per_user", "hold_seconds", "refund_percent", "refund_hours",
)  # fmt: skip
STARTED_IN_PAST = {"starts_at": "2021-05-01T18:00:00.000Z"}


@pytest.fixture
def organiser(e2e: E2EFixture) -> Client:
    return e2e.organiser.client


@pytest.fixture
def draft(e2e: E2EFixture) -> dict[str, Any]:
    return e2e.create_draft()


@pytest.fixture
def published(e2e: E2EFixture, organiser: Client) -> dict[str, Any]:
    event = e2e.create_draft(refund_percent=50, refund_hours=24)
    return dict(organiser.request_json("POST", f"/v1/events/{event['id']}/publish"))


def update_event(
    send: RecordingClient, by: Client, event: dict[str, Any], etag: str | None = "*", **fields: Any
) -> RecordedResponse:
    event_request = {name: event[name] for name in EDITABLE_FIELDS} | fields
    return send(by, f"PUT /v1/events/{event['id']}", event_request, headers={"If-Match": etag} if etag else {})


def update_type(
    send: RecordingClient, by: Client, event: dict[str, Any], etag: str | None = "*", **fields: Any
) -> RecordedResponse:
    event_type = event["types"][0]
    type_request = {name: event_type[name] for name in ("name", "prices", "currency", "status")} | fields
    call = f"PUT /v1/events/{event['id']}/types/{fields.pop('id', event_type['id'])}"
    type_request.pop("id", None)
    return send(by, call, type_request, headers={"If-Match": etag} if etag else {})


def test_event_update_requires_current_etag(
    send: RecordingClient, organiser: Client, published: dict[str, Any]
) -> None:
    read = send(organiser, f"GET /v1/users/{published['organiser_id']}/events/{published['id']}")

    updated = update_event(send, organiser, published, read.headers["ETag"], venue="Elsewhere")
    stale = update_event(send, organiser, published, read.headers["ETag"], venue="Nowhere")

    assert (read.outcome, updated.outcome, updated.json["venue"]) == ((200, "done"), (200, "done"), "Elsewhere")
    assert (stale.outcome, update_event(send, organiser, published, None).outcome) == (
        (412, "stale-version"),
        (428, "if-match-required"),
    )
    assert update_event(send, organiser, published | {"id": UNKNOWN_ID}).outcome == (404, "event-not-found")


@pytest.mark.parametrize(
    ("outcome", "fields"),
    [
        ((409, "refund-reduced"), {"refund_percent": 49}),
        ((422, "not-in-future"), {"starts_at": "2021-05-01T18:00:00Z"}),
        ((422, "invalid-category"), {"category_id": UNKNOWN_ID}),
        ((422, "price-too-high"), {"max_per_user": 50}),
        ((422, "sale-beyond-end"), {"ends_at": "2031-05-01T19:30:00Z"}),
    ],
)
def test_update_breaking_promises_is_rejected(
    outcome: tuple[int, str], fields: dict[str, Any], send: RecordingClient, organiser: Client, e2e: E2EFixture
) -> None:
    seat = {"name": "Seat"} | PAID | {"prices": 9_000_000, "sale_until": "2031-05-01T20:00:00Z"}
    event = e2e.create_draft(refund_percent=50, types=[seat])
    organiser.request_json("POST", f"/v1/events/{event['id']}/publish")

    assert update_event(send, organiser, event, **fields).outcome == outcome


def test_free_event_stays_free(send: RecordingClient, organiser: Client, e2e: E2EFixture) -> None:
    free, paid = e2e.create_draft(category_id=e2e.free_category, types=[{"name": "Entry"} | FREE]), e2e.create_draft()
    organiser.request_json("POST", f"/v1/events/{free['id']}/publish")

    assert update_event(send, organiser, free, category_id=e2e.paid_category).outcome == (409, "no-longer-free")
    assert update_event(send, organiser, paid, category_id=e2e.free_category).outcome == (422, "not-free")
    assert update_type(send, organiser, free, prices=1).outcome == (422, "not-free")


def test_started_event_cannot_move_nor_ended_event_change(
    send: RecordingClient, organiser: Client, e2e: E2EFixture, published: dict[str, Any]
) -> None:
    with e2e.altered("events", published["id"], "event", **STARTED_IN_PAST):
        moved = update_event(send, organiser, published)
        ended = update_event(send, organiser, published | STARTED_IN_PAST, ends_at="2021-05-01T19:00:00Z")
    with e2e.altered("events", published["id"], "event", status="ENDED"):
        edited = update_event(send, organiser, published)
        type_edited, cancelled = (
            update_type(send, organiser, published),
            send(organiser, f"POST /v1/events/{published['id']}/cancel", {}),
        )

    assert (moved.outcome, ended.outcome) == ((409, "already-started"), (422, "ends-in-past"))
    assert (edited.outcome, type_edited.outcome, cancelled.outcome) == (
        (409, "not-editable"), (409, "not-editable"), (409, "event-ended"),
    )  # fmt: skip


def test_updated_short_hold_requires_test_stage(
    send: RecordingClient, organiser: Client, e2e: E2EFixture, draft: dict[str, Any]
) -> None:
    no_short_holds = {"events/core/drafts.py": ('env.setting("SHORT_HOLDS") == "1"', "False")}

    with redeployed(e2e.stack, "events.update_event", no_short_holds):
        assert update_event(send, organiser, draft, hold_seconds=5).outcome == (422, "hold-too-short")


def test_one_of_concurrent_updates_wins(organiser: Client, published: dict[str, Any]) -> None:
    call, event_request = f"/v1/events/{published['id']}", {name: published[name] for name in EDITABLE_FIELDS}

    def rename(number: int) -> int:
        return organiser.request("PUT", call, event_request | {"name": f"Name {number}"}, If_Match='"2"').status

    with ThreadPoolExecutor(8) as pool:
        statuses = sorted(pool.map(rename, range(8)))

    read = organiser.request("GET", call)
    assert statuses[0] == 200
    assert set(statuses[1:]) <= {409, 412}
    assert read.headers["ETag"].startswith('"3.')


@pytest.mark.parametrize(
    ("function", "call"), [("events.update_event", update_event), ("events.update_type", update_type)]
)
def test_update_after_concurrent_change_is_rejected(
    function: str, call: Any, send: RecordingClient, organiser: Client, e2e: E2EFixture, draft: dict[str, Any]
) -> None:
    source_line = 'return {"seen": event["version"]'
    with redeployed(e2e.stack, function, {"events/core/repository.py": (source_line, f"{source_line} - 1")}):
        assert call(send, organiser, draft, name="Other").outcome == (409, "concurrent-modification")


def test_type_can_be_paused_and_closed(send: RecordingClient, organiser: Client, published: dict[str, Any]) -> None:
    for status in ("PAUSED", "ON_SALE", "CLOSED"):
        assert update_type(send, organiser, published, status=status).json["status"] == status
    assert update_type(send, organiser, published).outcome == (409, "type-closed")


def test_type_update_keeps_promises(
    send: RecordingClient, organiser: Client, e2e: E2EFixture, published: dict[str, Any]
) -> None:
    two = e2e.create_draft(types=[{"name": name} | PAID for name in ("Seat", "Box")])

    assert update_type(send, organiser, published, prices=2600).outcome == (200, "done")
    assert update_type(send, organiser, published, currency="CHF").outcome == (409, "currency-fixed")
    assert update_type(send, organiser, published, capacity=1).outcome == (409, "capacity-endpoint-required")
    assert update_type(send, organiser, published, prices=90_000_000).outcome == (422, "price-too-high")
    assert update_type(send, organiser, published, sale_until="2041-05-01T18:00:00Z").outcome == (
        422,
        "sale-beyond-end",
    )
    assert update_type(send, organiser, two, currency="CHF").outcome == (422, "mixed-currencies")
    assert update_type(send, organiser, published, id=UNKNOWN_ID).outcome == (404, "event-type-not-found")
    assert update_type(send, organiser, published | {"id": UNKNOWN_ID}).outcome == (404, "event-not-found")
    assert update_type(send, organiser, published, '"1"').outcome == (412, "stale-version")
    assert update_type(send, organiser, published, None).outcome == (428, "if-match-required")


def test_organiser_cancels_own_event(send: RecordingClient, organiser: Client, published: dict[str, Any]) -> None:
    call = f"POST /v1/events/{published['id']}/cancel"

    first, again = send(organiser, call, {"message": "Rain"}), send(organiser, call, {"message": "Snow"})

    assert (first.outcome, again.json) == ((200, "done"), first.json)
    assert send(organiser, f"POST /v1/events/{UNKNOWN_ID}/cancel", {}).outcome == (404, "event-not-found")


def test_clone_is_idempotent_per_key(send: RecordingClient, organiser: Client, published: dict[str, Any]) -> None:
    call, key = f"POST /v1/events/{published['id']}/clone", {"Idempotency-Key": secrets.token_hex(8)}
    times = {"starts_at": "2032-05-01T18:00:00Z", "ends_at": "2032-05-01T21:00:00Z"}

    created = send(organiser, call, times, headers=key)
    other = send(organiser, call, times | {"name": "Other"}, headers=key)

    assert (created.outcome, other.outcome) == ((201, "done"), (422, "idempotency-key-reused"))
    assert send(organiser, f"GET {created.headers['Location']}").json == created.json
    assert send(organiser, call, times | {"starts_at": "2021-05-01T18:00:00Z"}).outcome == (422, "not-in-future")
    assert send(organiser, f"POST /v1/events/{UNKNOWN_ID}/clone", times).outcome == (404, "event-not-found")


def test_own_events_are_private(
    send: RecordingClient, organiser: Client, e2e: E2EFixture, draft: dict[str, Any]
) -> None:
    own, theirs = f"GET /v1/users/{e2e.organiser.id}/events", f"GET /v1/users/{e2e.buyer.id}/events"

    assert send(organiser, own).json["items"][0]["id"] == draft["id"]
    assert send(organiser, f"{own}?next_token=x").outcome == (400, "invalid-page-token")
    assert (
        send(organiser, theirs).outcome
        == send(organiser, f"{theirs}/{draft['id']}").outcome
        == (404, "organiser-not-found")
    )
    assert send(organiser, f"{own}/{UNKNOWN_ID}").outcome == (404, "event-not-found")


def test_admin_renames_public_category(send: RecordingClient, e2e: E2EFixture) -> None:
    new, other = ({"name": f"Named {secrets.token_hex(4)}", "type": "paid"} for _ in "12")
    call = f"/v1/categories/{e2e.admin.request_json('POST', '/v1/categories', new)['id']}"
    e2e.admin.request_json("POST", "/v1/categories", other)
    category_request, any_version = {"name": f"Renamed {secrets.token_hex(4)}"}, {"If-Match": "*"}

    read = send(e2e.anonymous, f"GET {call}")
    stale = {"If-Match": read.headers["ETag"]}

    assert (read.outcome, send(e2e.admin, f"PUT {call}", category_request, headers=stale).outcome) == (
        (200, "done"),
        (200, "done"),
    )
    assert send(e2e.admin, f"PUT {call}", new, headers=any_version).outcome == (422, "unprocessable")
    assert send(e2e.admin, f"PUT {call}", {"name": new["name"]}, headers=stale).outcome == (412, "stale-version")
    assert send(e2e.admin, f"PUT {call}", category_request).outcome == (428, "if-match-required")
    duplicate = send(e2e.admin, f"PUT {call}", {"name": other["name"]}, headers=any_version)
    assert duplicate.outcome == (409, "category-exists")
    for method in ("GET", "PUT"):
        body = category_request if method == "PUT" else None
        unknown = send(e2e.admin, f"{method} /v1/categories/{UNKNOWN_ID}", body, headers=any_version)
        assert unknown.outcome == (404, "category-not-found")


def test_concurrent_category_change_is_rejected(send: RecordingClient, e2e: E2EFixture) -> None:
    source_line = 'values={"seen": category["version"]'
    created = e2e.admin.request_json("POST", "/v1/categories", {"name": f"Late {secrets.token_hex(4)}", "type": "paid"})
    category_request = {"name": f"Too late {secrets.token_hex(4)}"}

    with redeployed(
        e2e.stack, "events.update_category", {"events/core/categories.py": (source_line, f"{source_line} - 1")}
    ):
        response = send(e2e.admin, f"PUT /v1/categories/{created['id']}", category_request, headers={"If-Match": "*"})

    assert response.outcome == (409, "concurrent-modification")
