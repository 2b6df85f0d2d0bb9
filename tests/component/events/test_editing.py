"""Editing, cancelling, cloning and ending events: every response and every published bus event."""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import product
from typing import Any

import pytest

from common import clock, ids
from common.bus.booking import CapacityChanged
from common.bus.events import EventCancelled, EventChanged, EventPublished
from events.core.model import TYPE_LIFECYCLE, TypeStatus
from infra import topology
from tests.support.drivers.event_driver import (
    BUYER,
    NOW,
    ORGANISER,
    add_type,
    create_category,
    create_draft,
    create_published,
    event_request,
    get_own_event,
    own_etag,
    publish,
    published_events,
    set_status,
    stored_event,
    type_request,
)
from tests.support.system.system import HttpResponse, Person, System
from tools.docs.examples import example

ANY_VERSION = {"if-match": "*"}


@pytest.fixture(autouse=True)
def fixed_clock() -> Iterator[None]:
    clock.use(lambda: NOW)
    yield
    clock.use()


def edit(
    system: System, event: dict[str, Any], by: Person = ORGANISER, if_match: str | None = "", **changes: Any
) -> HttpResponse:
    """Replace the event with its current ETag; `if_match` None sends no If-Match."""
    unchanged = ("category_id", "name", "venue", "city", "zone", "starts_at", "ends_at", "max_per_user", "hold_seconds")
    body = {name: event[name] for name in (*unchanged, "refund_percent", "refund_hours")} | changes
    tag = own_etag(system, event["id"]) if if_match == "" else if_match
    headers = {} if tag is None else {"if-match": tag}
    return system.http(f"PUT /v1/events/{event['id']}", body, by=by, headers=headers)


def edit_type(
    system: System,
    event: dict[str, Any],
    by: Person = ORGANISER,
    if_match: str | None = "",
    index: int = 0,
    **changes: Any,
) -> HttpResponse:
    """Replace one of its types in the same way."""
    event_type = get_own_event(system, event["id"]).json["types"][index]
    body = {name: event_type[name] for name in ("name", "prices", "currency", "status")} | changes
    tag = own_etag(system, event["id"]) if if_match == "" else if_match
    headers = {} if tag is None else {"if-match": tag}
    return system.http(f"PUT /v1/events/{event['id']}/types/{event_type['id']}", body, by=by, headers=headers)


def cancel(system: System, event_id: str, message: str = "Rain", by: Person = ORGANISER) -> HttpResponse:
    return system.http(f"POST /v1/events/{event_id}/cancel", {"message": message}, by=by)


def clone(
    system: System, event_id: str, by: Person = ORGANISER, key: str | None = None, **changes: Any
) -> HttpResponse:
    times = {"starts_at": "2026-07-01T18:00:00Z", "ends_at": "2026-07-01T20:00:00Z"}
    return system.http(f"POST /v1/events/{event_id}/clone", times | changes, by=by, key=key)


def status_and_problem(response: HttpResponse) -> tuple[int, str | None]:
    return response.status, response.problem


# -- fields ------------------------------------------------------------------------------------------

OPTIONAL_FIELDS = {
    "address": "Hauptstraße 1",
    "image_url": "https://images.example/a.jpg",
    "doors_at": "2026-06-01T17:00:00Z",
    "refund_percent": 80,
    "refund_hours": 48,
}
SALE_WINDOW: dict[str, Any] = {"sale_from": "2026-03-02T10:00:00Z", "sale_until": "2026-06-01T18:00:00Z"}


def test_optional_fields_are_shown_and_published_everywhere(system: System) -> None:
    event = create_draft(system, **OPTIONAL_FIELDS, types=[type_request(**SALE_WINDOW)])
    publish(system, event["id"])
    system.invoke("events.rebuild_index", {})

    [bus_event] = published_events(system, event["id"])
    page = system.http(f"GET /v1/events/{event['id']}")
    [listed] = system.http("GET /v1/events").json["items"]
    for view in (event, page.json, listed):
        assert {name: view[name] for name in OPTIONAL_FIELDS} == OPTIONAL_FIELDS
        assert {name: view["types"][0][name] for name in SALE_WINDOW} == SALE_WINDOW
    assert isinstance(bus_event, EventPublished)
    assert (bus_event.refund_percent, bus_event.refund_hours, bus_event.doors_at) == (
        80,
        48,
        datetime(2026, 6, 1, 17, tzinfo=UTC),
    )
    assert bus_event.types[0].sale_from == datetime(2026, 3, 2, 10, tzinfo=UTC)
    assert page.headers["etag"].startswith('"2.')


@pytest.mark.parametrize(
    "changes",
    [
        {"image_url": "http://images.example/a.jpg"},
        {"image_url": "https://user:word@images.example/a.jpg"},
        {"image_url": "https://user@images.example/a.jpg"},
        {"image_url": "https:///a.jpg"},
        {"image_url": "https://localhost/a.jpg"},
        {"image_url": "javascript:alert(1)"},
        {"image_url": "https://images.example/a b.jpg"},
        {"image_url": 'https://images.example/"onload="x'},
        {"image_url": "https://images.example/\n"},
        {"image_url": "https://ïmages.example/a"},
        {"image_url": "https://images.example:99999/a"},
        {"image_url": "https://[images.example/a"},
        {"image_url": "https://images.example/" + "x" * 500},
        {"image_url": ""},
        {"address": "x" * 201},
        {"address": "a\nb"},
        {"doors_at": "2026-06-01T18:00:01Z"},
        {"refund_percent": 101},
        {"refund_percent": -1},
        {"refund_hours": 8761},
        {"types": [type_request(sale_from="2026-03-02T10:00:00Z", sale_until="2026-03-02T10:00:00Z")]},
    ],
    ids=repr,
)
def test_invalid_optional_field_is_rejected(system: System, changes: dict[str, Any]) -> None:
    response = system.http("POST /v1/events", event_request(create_category(system), **changes), by=ORGANISER)

    assert status_and_problem(response) == (422, "unprocessable")


@pytest.mark.parametrize("window", [{"sale_from": "2026-06-01T21:00:00Z"}, {"sale_until": "2026-06-01T21:00:01Z"}])
def test_sale_window_must_end_with_the_event(system: System, window: dict[str, Any]) -> None:
    created = system.http(
        "POST /v1/events", event_request(create_category(system), types=[type_request(**window)]), by=ORGANISER
    )
    event = create_draft(system)

    assert (
        status_and_problem(created)
        == status_and_problem(add_type(system, event["id"], **window))
        == (422, "sale-beyond-end")
    )
    assert status_and_problem(edit_type(system, event, **window)) == (422, "sale-beyond-end")


# -- own events --------------------------------------------------------------------------------------


def test_draft_is_visible_to_its_organiser_only(system: System) -> None:
    event = create_draft(system)

    mine = get_own_event(system, event["id"])
    others = get_own_event(system, event["id"], by=Person("organiser"))
    foreign = system.http(f"GET /v1/users/{ORGANISER.user_id}/events/{event['id']}", by=Person("organiser"))

    assert (mine.json, mine.headers["etag"][:3]) == (event, '"1.')
    assert status_and_problem(others) == (404, "event-not-found")
    assert status_and_problem(foreign) == (404, "organiser-not-found")


def test_own_events_are_listed_newest_first_in_pages(system: System) -> None:
    seconds = iter(range(1000))
    clock.use(lambda: NOW.replace(second=next(seconds) % 60, minute=next(seconds) // 60))
    ids = [create_draft(system)["id"] for _ in range(5)]
    publish(system, ids[1])
    call = f"GET /v1/users/{ORGANISER.user_id}/events"

    pages = [system.http(call, by=ORGANISER, query={"limit": "2"}).json]
    while token := pages[-1]["next_token"]:
        pages.append(system.http(call, by=ORGANISER, query={"limit": "2", "next_token": token}).json)
    token = pages[-1]["previous_token"]
    previous = system.http(call, by=ORGANISER, query={"limit": "2", "previous_token": token}).json

    assert [one["id"] for page in pages for one in page["items"]] == ids[::-1]
    assert previous["items"] == pages[-2]["items"]
    assert [one["status"] for one in pages[1]["items"]] == ["DRAFT", "PUBLISHED"]


def test_event_list_of_another_user_is_not_found(system: System) -> None:
    create_draft(system)

    response = system.http(f"GET /v1/users/{ORGANISER.user_id}/events", by=BUYER)

    assert status_and_problem(response) == (404, "organiser-not-found")
    assert system.http(f"GET /v1/users/{BUYER.user_id}/events", by=BUYER).json["items"] == []


@pytest.mark.parametrize("user_id", ["null,null", "otto", "0" * 36])
def test_event_list_of_invalid_user_id_is_not_found(system: System, user_id: str) -> None:
    admin, unused = Person("admin"), ids.new()

    response = system.http(f"GET /v1/users/{user_id}/events", by=admin)

    assert status_and_problem(response) == (404, "organiser-not-found")
    assert system.http(f"GET /v1/users/{unused}/events", by=admin).json["items"] == []


def test_own_list_rejects_forged_page_token(system: System) -> None:
    response = system.http(f"GET /v1/users/{BUYER.user_id}/events", by=BUYER, query={"next_token": "x"})

    assert status_and_problem(response) == (400, "invalid-page-token")


# -- editing an event --------------------------------------------------------------------------------


def test_draft_edit_replaces_all_fields_and_publishes_nothing(system: System) -> None:
    event = create_draft(system, **OPTIONAL_FIELDS, description="Long")

    response = edit(system, event, name="Other", refund_percent=0, refund_hours=0)

    assert response.status == 200
    assert (response.json["name"], response.json["description"]) == ("Other", "")
    assert [response.json[name] for name in OPTIONAL_FIELDS] == [None, None, None, 0, 0]
    assert response.headers["etag"] == '"2"'
    assert get_own_event(system, event["id"]).json == response.json
    assert published_events(system, event["id"]) == []


def test_every_field_of_a_draft_is_editable(system: System) -> None:
    event = create_draft(system, refund_percent=50, types=[type_request(prices=0)])
    free = create_category(system, "Free", "free")

    assert edit(system, event, category_id=free, refund_percent=0).json["category"] == "Free"
    assert edit(system, event, zone="Europe/Berlin", hold_seconds=60).json["hold_seconds"] == 60
    assert edit_type(system, event, currency="CHF", capacity=3, prices=0).json["capacity"] == 3


@pytest.mark.parametrize(
    ("changes", "terms_changed"),
    [
        ({"name": "Other"}, False),
        ({"venue": "Elsewhere", "city": "Bern"}, False),
        ({"doors_at": "2026-06-01T17:00:00Z"}, False),
        ({"description": "More"}, False),
        ({"starts_at": "2026-06-01T17:00:00Z"}, True),
        ({"ends_at": "2026-06-01T22:00:00Z"}, True),
        ({"max_per_user": 2}, True),
        ({"hold_seconds": 300}, True),
        ({"refund_percent": 10}, True),
        ({"refund_hours": 10}, True),
    ],
    ids=repr,
)
def test_edit_of_published_event_is_published_with_terms_version(
    system: System, changes: dict[str, Any], terms_changed: bool
) -> None:
    event = create_published(system)

    response = edit(system, event, **changes)

    [bus_event] = published_events(system, event["id"])
    assert response.status == 200
    assert isinstance(bus_event, EventChanged)
    assert (bus_event.terms_version, bus_event.event_version) == (2 if terms_changed else 1, 3)
    assert response.json["terms_version"] == bus_event.terms_version
    for name, value in changes.items():
        assert getattr(bus_event, name, value) in (
            value,
            datetime.fromisoformat(value) if name.endswith("_at") else value,
        )


def test_an_edit_that_changes_nothing_writes_nothing(system: System) -> None:
    event = create_published(system)
    before = system.scan(topology.EVENTS)

    response = edit(system, event)

    assert (response.status, response.headers["etag"]) == (200, '"2"')
    assert system.scan(topology.EVENTS) == before


def test_edit_requires_matching_etag(system: System) -> None:
    event = create_draft(system)

    for call in (edit, edit_type):
        assert status_and_problem(call(system, event, if_match=None)) == (428, "if-match-required")
        assert status_and_problem(call(system, event, if_match='"7"')) == (412, "stale-version")
        assert call(system, event, if_match="*").status == 200


def test_event_of_another_organiser_cannot_be_edited(system: System) -> None:
    event = create_published(system)

    by = Person("organiser")
    assert status_and_problem(edit(system, event, by=by)) == (404, "event-not-found")
    assert status_and_problem(edit_type(system, event, by=by)) == (404, "event-not-found")
    assert status_and_problem(cancel(system, event["id"], by=by)) == (404, "event-not-found")
    assert status_and_problem(clone(system, event["id"], by=by)) == (404, "event-not-found")


@pytest.mark.parametrize(
    ("call", "body"),
    [
        ("PUT /v1/events/x", {}),
        ("PUT /v1/events/x/types/y", {}),
        ("POST /v1/events/x/cancel", {}),
        ("POST /v1/events/x/clone", {}),
    ],
)
def test_editing_requires_organiser_role(system: System, call: str, body: Any) -> None:
    assert status_and_problem(system.http(call, body, by=BUYER)) == (403, "role-missing")


@pytest.mark.parametrize("status", ["CANCELLED", "ENDED"])
def test_cancelled_or_ended_event_cannot_be_edited(system: System, status: str) -> None:
    event = create_published(system)
    set_status(system, event["id"], status)

    assert status_and_problem(edit(system, event, name="Other")) == (409, "not-editable")
    assert status_and_problem(edit_type(system, event, name="Other")) == (409, "not-editable")


def test_event_past_its_end_cannot_be_edited(system: System) -> None:
    event = create_published(system)
    clock.use(lambda: datetime(2026, 6, 1, 21, tzinfo=UTC))

    assert status_and_problem(edit(system, event, ends_at="2026-06-02T20:00:00Z")) == (409, "not-editable")


@pytest.mark.parametrize(("percent", "hours"), [(79, 48), (80, 49), (100, 49), (0, 0)])
def test_refund_terms_cannot_be_reduced_after_publication(system: System, percent: int, hours: int) -> None:
    event = create_published(system, refund_percent=80, refund_hours=48)

    worse = edit(system, event, refund_percent=percent, refund_hours=hours)
    better = edit(system, event, refund_percent=90, refund_hours=24)

    assert status_and_problem(worse) == (409, "refund-reduced")
    assert (better.json["refund_percent"], better.json["refund_hours"]) == (90, 24)


def test_refund_hours_are_free_while_percent_is_zero(system: System) -> None:
    event = create_published(system, refund_hours=1)

    assert edit(system, event, refund_percent=10, refund_hours=100).status == 200


def test_published_free_event_stays_free(system: System) -> None:
    free = create_category(system, "Free", "free")
    event = create_published(system, category_id=free, types=[type_request(prices=0)])
    other = create_category(system, "Open", "free")

    assert status_and_problem(edit(system, event, category_id=create_category(system, "Paid"))) == (
        409,
        "no-longer-free",
    )
    assert edit(system, event, category_id=other).json["category"] == "Open"


def test_priced_event_cannot_move_to_free_category(system: System) -> None:
    event = create_published(system)

    assert status_and_problem(edit(system, event, category_id=create_category(system, "Free", "free"))) == (
        422,
        "not-free",
    )


def test_edit_is_validated_like_a_new_event(system: System) -> None:
    event = create_published(system, types=[type_request(prices=10_000_000, sale_until="2026-06-01T20:30:00Z")])

    assert status_and_problem(edit(system, event, max_per_user=10)) == (422, "price-too-high")
    assert status_and_problem(edit(system, event, category_id="nothing")) == (422, "invalid-category")
    assert status_and_problem(edit(system, event, ends_at="2026-06-01T20:00:00Z")) == (422, "sale-beyond-end")
    assert status_and_problem(edit(system, event, starts_at="2026-02-01T20:00:00Z")) == (422, "not-in-future")
    assert status_and_problem(edit(system, event, ends_at=event["starts_at"])) == (422, "unprocessable")
    assert status_and_problem(edit(system, event, status="DRAFT")) == (422, "unprocessable")
    system.settings["SHORT_HOLDS"] = "0"
    assert status_and_problem(edit(system, event, hold_seconds=59)) == (422, "hold-too-short")


def test_started_event_can_be_described_but_not_moved(system: System) -> None:
    event = create_published(system)
    clock.use(lambda: datetime(2026, 6, 1, 19, tzinfo=UTC))

    assert edit(system, event, description="It runs").status == 200
    assert status_and_problem(edit(system, event, starts_at="2026-06-01T20:00:00Z")) == (409, "already-started")
    assert status_and_problem(edit(system, event, ends_at="2026-06-01T18:30:00Z")) == (422, "ends-in-past")
    assert edit(system, event, ends_at="2026-06-01T22:00:00Z").status == 200


# -- editing a type ----------------------------------------------------------------------------------


def test_price_change_raises_terms_version(system: System) -> None:
    event = create_published(system)

    response = edit_type(system, event, prices=5000, name="Stalls", **SALE_WINDOW)

    [bus_event] = published_events(system, event["id"])
    assert (response.status, response.json["prices"], response.headers["etag"]) == (200, 5000, '"3"')
    assert (bus_event.terms_version, bus_event.event_version) == (2, 3)
    assert (bus_event.types[0].name, bus_event.types[0].prices, bus_event.types[0].capacity) == ("Stalls", 5000, 100)
    assert bus_event.types[0].sale_until == datetime(2026, 6, 1, 18, tzinfo=UTC)
    assert edit_type(system, event).json["sale_until"] is None


@pytest.mark.parametrize(("before", "after"), list(product(TypeStatus, TypeStatus)))
def test_event_type_follows_its_state_machine(system: System, before: TypeStatus, after: TypeStatus) -> None:
    event = create_published(system)
    edit_type(system, event, status=str(before))
    is_transition = any(state == before and target == after for (state, _), target in TYPE_LIFECYCLE.table.items())

    response = edit_type(system, event, status=str(after))

    if is_transition or before == after != TypeStatus.CLOSED:
        assert (response.status, response.json["status"]) == (200, after)
        assert published_events(system, event["id"])[0].types[0].status == after
    else:
        assert status_and_problem(response) == (409, "type-closed")


def test_currency_and_capacity_are_fixed_after_publication(system: System) -> None:
    event = create_published(system)

    assert status_and_problem(edit_type(system, event, currency="CHF")) == (409, "currency-fixed")
    assert status_and_problem(edit_type(system, event, capacity=101)) == (409, "capacity-endpoint-required")
    assert edit_type(system, event, capacity=100).status == 200


def test_type_edit_is_validated_against_its_event(system: System) -> None:
    event = create_draft(system, types=[type_request(), type_request()])
    free = create_draft(system, category_id=create_category(system, "Free", "free"), types=[type_request(prices=0)])

    assert status_and_problem(edit_type(system, event, prices=90_000_000)) == (422, "price-too-high")
    assert status_and_problem(edit_type(system, event, currency="CHF")) == (422, "mixed-currencies")
    assert status_and_problem(edit_type(system, free, prices=1)) == (422, "not-free")
    assert status_and_problem(edit_type(system, event, status="SOLD")) == (422, "unprocessable")


def test_unknown_event_type_cannot_be_edited(system: System) -> None:
    event = create_draft(system)

    response = system.http(
        f"PUT /v1/events/{event['id']}/types/x",
        {"name": "A", "prices": 1, "currency": "EUR", "status": "ON_SALE"},
        by=ORGANISER,
        headers={"if-match": "*"},
    )

    assert status_and_problem(response) == (404, "event-type-not-found")


# -- live data ---------------------------------------------------------------------------------------


def deliver_capacity(system: System, event: dict[str, Any], capacity: int, version: int) -> None:
    fields = {
        "event_id": event["id"],
        "event_type_id": event["types"][0]["id"],
        "capacity": capacity,
        "version": version,
    }
    system.deliver(example(CapacityChanged).model_copy(update=fields), "events.on_capacity_changed")


def test_newest_capacity_survives_edits(system: System) -> None:
    event = create_published(system)
    for capacity, version in ((120, 2), (150, 4), (150, 4), (130, 3)):
        deliver_capacity(system, event, capacity, version)

    edit_type(system, event, prices=1)
    edit(system, event, name="Other")

    page = system.http(f"GET /v1/events/{event['id']}").json
    assert (page["types"][0]["capacity"], get_own_event(system, event["id"]).json["types"][0]["capacity"]) == (150, 150)
    assert status_and_problem(edit_type(system, event, capacity=100)) == (409, "capacity-endpoint-required")
    assert clone(system, event["id"]).json["types"][0]["capacity"] == 150


# -- cancelling --------------------------------------------------------------------------------------


def test_cancellation_publishes_terms_and_message(system: System) -> None:
    event = create_published(system)

    response = cancel(system, event["id"], "The singer is ill.")

    [bus_event] = published_events(system, event["id"])
    assert (response.status, response.json["status"], response.json["message"]) == (
        200,
        "CANCELLED",
        "The singer is ill.",
    )
    assert isinstance(bus_event, EventCancelled)
    assert (bus_event.status, bus_event.message) == ("CANCELLED", "The singer is ill.")
    assert (bus_event.terms_version, bus_event.event_version, len(bus_event.types), bus_event.by) == (
        2,
        3,
        1,
        "organiser",
    )
    assert system.http(f"GET /v1/events/{event['id']}").json["message"] == "The singer is ill."


def test_repeated_event_cancellation_changes_nothing(system: System) -> None:
    event = create_published(system)
    first = cancel(system, event["id"])
    before = system.scan(topology.EVENTS)

    repeated = cancel(system, event["id"], "Something else")

    assert (repeated.status, repeated.json) == (200, first.json)
    assert system.scan(topology.EVENTS) == before


def test_cancelled_draft_is_not_public(system: System) -> None:
    event = create_draft(system)

    response = cancel(system, event["id"])
    staffed = system.http(f"PUT /v1/events/{event['id']}/staff", {"user_ids": ["a"]}, by=ORGANISER, headers=ANY_VERSION)

    assert (response.json["status"], response.json["terms_version"], staffed.status) == ("CANCELLED", 0, 200)
    assert published_events(system, event["id"]) == []
    assert system.http(f"GET /v1/events/{event['id']}").status == 404
    assert status_and_problem(publish(system, event["id"])) == (409, "not-publishable")


def test_ended_event_cannot_be_cancelled(system: System) -> None:
    event, other = create_published(system), create_published(system)
    set_status(system, event["id"], "ENDED")
    assert status_and_problem(cancel(system, event["id"])) == (409, "event-ended")

    clock.use(lambda: datetime(2026, 6, 1, 21, tzinfo=UTC))
    assert status_and_problem(cancel(system, other["id"])) == (409, "event-ended")


@pytest.mark.parametrize("message", ["x" * 501, "a\x00", 7, None])
def test_invalid_cancellation_message_is_rejected(system: System, message: Any) -> None:
    assert status_and_problem(cancel(system, "x", message)) == (422, "unprocessable")


# -- cloning -----------------------------------------------------------------------------------------


def test_clone_is_draft_with_new_ids_and_shifted_times(system: System) -> None:
    event = create_published(
        system,
        **OPTIONAL_FIELDS,
        types=[type_request(**SALE_WINDOW), type_request(name="Box", sale_until="2026-06-01T21:00:00Z")],
    )
    system.http(f"PUT /v1/events/{event['id']}/staff", {"user_ids": ["a"]}, by=ORGANISER, headers=ANY_VERSION)
    edit_type(system, event, index=1, status="CLOSED")

    response = clone(system, event["id"], name="Again")

    copy = response.json
    assert response.status == 201
    assert system.http(f"GET {response.headers['location']}", by=ORGANISER).json == copy
    assert (copy["status"], copy["name"], copy["staff"], copy["terms_version"]) == ("DRAFT", "Again", [], 0)
    assert (copy["starts_at"], copy["ends_at"]) == ("2026-07-01T18:00:00Z", "2026-07-01T20:00:00Z")
    kept = ("category_id", "description", "venue", "address", "city", "image_url", "refund_percent", "refund_hours")
    assert [copy[name] for name in kept] == [event[name] for name in kept]
    assert copy["doors_at"] == "2026-07-01T17:00:00Z"
    assert [one["sale_from"] for one in copy["types"]] == ["2026-04-01T10:00:00Z", None]
    assert [one["sale_until"] for one in copy["types"]] == ["2026-07-01T18:00:00Z", None]
    assert [one["status"] for one in copy["types"]] == ["ON_SALE"] * 2
    assert not {one["id"] for one in copy["types"]} & {one["id"] for one in event["types"]}


def test_clone_is_idempotent_per_key(system: System) -> None:
    event = create_draft(system)

    first, replay = clone(system, event["id"], key="k"), clone(system, event["id"], key="k")
    other = clone(system, event["id"], key="k", name="Other")

    assert (first.json, replay.headers["idempotency-replayed"]) == (replay.json, "true")
    assert status_and_problem(other) == (422, "idempotency-key-reused")


def test_a_cancelled_event_can_be_cloned_and_published(system: System) -> None:
    event = create_published(system)
    cancel(system, event["id"])

    copy = clone(system, event["id"]).json

    assert (copy["name"], copy["message"]) == (event["name"], "")
    assert publish(system, copy["id"]).json["status"] == "PUBLISHED"


def test_clone_must_start_in_the_future(system: System) -> None:
    event = create_draft(system)

    past = clone(system, event["id"], starts_at="2026-02-01T18:00:00Z", ends_at="2026-02-01T20:00:00Z")
    backwards = clone(system, event["id"], ends_at="2026-07-01T18:00:00Z")

    assert status_and_problem(past) == (422, "not-in-future")
    assert status_and_problem(backwards) == (422, "unprocessable")


# -- ending ------------------------------------------------------------------------------------------


def test_event_ends_at_its_current_end_time(system: System) -> None:
    event = create_published(system)
    [bus_event] = published_events(system, event["id"])
    edit(system, event, ends_at="2026-06-01T21:30:00Z")
    clock.use(lambda: datetime(2026, 6, 1, 21, tzinfo=UTC))

    system.deliver(bus_event, "events.end_event")
    [(function, _, delay)] = system.delayed_messages
    early = system.http(f"GET /v1/events/{event['id']}").json["status"]
    clock.use(lambda: datetime(2026, 6, 1, 21, 30, tzinfo=UTC))
    system.deliver(bus_event, "events.end_event")

    [ended] = published_events(system, event["id"])
    assert (function, delay, early) == ("events.end_event", 900, "PUBLISHED")
    assert isinstance(ended, EventChanged)
    assert (ended.status, ended.terms_version, ended.event_version) == ("ENDED", 3, 4)
    before = system.scan(topology.EVENTS)
    system.deliver(bus_event, "events.end_event")
    assert system.scan(topology.EVENTS) == before


def test_a_cancelled_event_does_not_end(system: System) -> None:
    event = create_published(system)
    [bus_event] = published_events(system, event["id"])
    cancel(system, event["id"])
    clock.use(lambda: datetime(2026, 6, 2, tzinfo=UTC))

    responses = system.deliver(bus_event, "events.end_event")

    assert responses == {"events.end_event": {"batchItemFailures": []}}
    assert stored_event(system, event["id"])["status"] == "CANCELLED"
    assert system.delayed_messages == []
