"""Categories, drafts, types, publication and staff: every response of each endpoint."""

import json
import uuid
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Annotated, Any

import pytest
from pydantic import Field

from common import clock
from common.api import Caller
from common.bus.events import EventChanged, EventPublished
from common.problems import ConcurrentModification
from events.core import categories, event_types, repository, service
from events.core.requests import CategoryRequest, EventRequest, TypeRequest
from infra import topology
from tests.support.drivers.event_driver import (
    ADMIN,
    BUYER,
    NOW,
    ORGANISER,
    add_type,
    create_category,
    create_draft,
    event_request,
    own_etag,
    publish,
    published_events,
    set_status,
    type_request,
)
from tests.support.system.system import HttpResponse, Person, System, row


@pytest.fixture(autouse=True)
def fixed_clock() -> Any:
    clock.use(lambda: NOW)
    yield
    clock.use()


# -- categories ------------------------------------------------------------------------------------


def test_admin_creates_category(system: System) -> None:
    response = system.http("POST /v1/categories", {"name": " Concert ", "type": "paid"}, by=ADMIN)

    assert response.status == 201
    assert response.json["name"] == "Concert"
    assert set(response.json) == {"id", "name", "type", "created_at", "updated_at"}


@pytest.mark.parametrize("by", [BUYER, ORGANISER])
def test_creating_a_category_requires_admin_role(system: System, by: Person) -> None:
    response = system.http("POST /v1/categories", {"name": "Concert", "type": "paid"}, by=by)

    assert (response.status, response.problem) == (403, "role-missing")


@pytest.mark.parametrize("name", ["concert", "CÖNCERT", "Ｃoncert"])
def test_category_name_is_unique_ignoring_case_accents_and_width(system: System, name: str) -> None:
    create_category(system, "Concert")

    response = system.http("POST /v1/categories", {"name": name, "type": "free"}, by=ADMIN)

    assert (response.status, response.problem) == (409, "category-exists")
    assert response.json["errors"][0]["pointer"] == "/name"


def test_category_creation_is_idempotent_per_key(system: System) -> None:
    first, second = (
        system.http("POST /v1/categories", {"name": "Sport", "type": "paid"}, by=ADMIN, key="k") for _ in "12"
    )
    other = system.http("POST /v1/categories", {"name": "Sports", "type": "paid"}, by=ADMIN, key="k")

    assert first.json == second.json
    assert "idempotency-replayed" not in first.headers
    assert second.headers["idempotency-replayed"] == "true"
    assert (other.status, other.problem) == (422, "idempotency-key-reused")


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "a\u202eb", "a\x00", "x" * 61, 7, None])
def test_invalid_category_name_is_rejected(system: System, name: Any) -> None:
    response = system.http("POST /v1/categories", {"name": name, "type": "paid"}, by=ADMIN)

    assert (response.status, response.problem) == (422, "unprocessable")
    assert response.json["errors"][0]["pointer"] == "/name"


def test_categories_are_listed_oldest_first_in_pages(system: System) -> None:
    minutes = iter(range(1000))
    clock.use(lambda: NOW + timedelta(minutes=next(minutes)))
    for name in "abcde":
        create_category(system, name)

    first = system.http("GET /v1/categories", query={"limit": "2"}).json
    second = system.http("GET /v1/categories", query={"limit": "2", "next_token": first["next_token"]}).json
    backward = system.http("GET /v1/categories", query={"limit": "2", "previous_token": second["previous_token"]}).json

    assert ["".join(one["name"] for one in page["items"]) for page in (first, second, backward)] == ["ab", "cd", "ab"]
    assert first["previous_token"] is None


def test_two_page_tokens_at_once_are_rejected(system: System) -> None:
    response = system.http("GET /v1/categories", query={"next_token": "a", "previous_token": "b"})

    assert (response.status, response.problem) == (422, "unprocessable")


def test_forged_page_token_is_rejected(system: System) -> None:
    response = system.http("GET /v1/categories", query={"next_token": "bm90IG91cnM"})

    assert (response.status, response.problem) == (400, "invalid-page-token")


# -- drafts ----------------------------------------------------------------------------------------


def test_an_organiser_drafts_an_event_with_its_types(system: System) -> None:
    category_id = create_category(system)

    response = system.http("POST /v1/events", event_request(category_id, description="Two\nlines"), by=ORGANISER)

    event = response.json
    assert response.status == 201
    assert system.http(f"GET {response.headers['location']}", by=ORGANISER).json == event
    assert event["status"] == "DRAFT"
    assert (event["starts_at"], event["ends_at"]) == ("2026-06-01T18:00:00Z", "2026-06-01T21:00:00Z")
    assert (event["hold_seconds"], event["max_per_user"]) == (600, 6)
    assert (event["category_id"], event["category"]) == (category_id, "Concert")
    assert (event["organiser_id"], event["staff"], event["terms_version"]) == (ORGANISER.user_id, [], 0)
    expected = {"id": event["types"][0]["id"], "event_id": event["id"], "status": "ON_SALE", "decimals": 2}
    assert event["types"] == [expected | {"sale_from": None, "sale_until": None} | type_request()]


def test_draft_is_neither_published_nor_visible(system: System) -> None:
    event = create_draft(system)

    response = system.http(f"GET /v1/events/{event['id']}")

    assert (response.status, response.problem) == (404, "event-not-found")
    assert system.http("GET /v1/events").json["items"] == []
    assert published_events(system, event["id"]) == []


def test_creating_an_event_requires_organiser_role(system: System) -> None:
    response = system.http("POST /v1/events", event_request("x"), by=BUYER)

    assert (response.status, response.problem) == (403, "role-missing")


def test_event_creation_is_idempotent_per_key_and_user(system: System) -> None:
    body = event_request(create_category(system))
    first, replay = (system.http("POST /v1/events", body, by=ORGANISER, key="k") for _ in "12")
    changed = system.http("POST /v1/events", body | {"name": "Other"}, by=ORGANISER, key="k")
    others = system.http("POST /v1/events", body, by=Person("organiser"), key="k")

    assert first.json == replay.json
    assert replay.headers["idempotency-replayed"] == "true"
    assert (changed.status, changed.problem) == (422, "idempotency-key-reused")
    assert others.json["id"] != first.json["id"]


def test_replay_succeeds_when_a_new_request_would_fail(system: System) -> None:
    body = event_request(create_category(system))
    first = system.http("POST /v1/events", body, by=ORGANISER, key="k")
    clock.use(lambda: datetime(2027, 1, 1, tzinfo=UTC))

    assert system.http("POST /v1/events", body, by=ORGANISER, key="k").json == first.json
    assert system.http("POST /v1/events", body, by=ORGANISER, key="l").problem == "not-in-future"


def test_unknown_category_is_rejected_with_its_pointer(system: System) -> None:
    response = system.http("POST /v1/events", event_request("nothing"), by=ORGANISER)

    assert (response.status, response.problem) == (422, "invalid-category")
    assert response.json["errors"][0]["pointer"] == "/category_id"


@pytest.mark.parametrize("starts_at", ["2026-03-01T12:00:00Z", "2020-06-01T20:00:00Z", "2037-06-01T20:00:00Z"])
def test_event_must_start_within_ten_years(system: System, starts_at: str) -> None:
    body = event_request(create_category(system), starts_at=starts_at, ends_at="2037-06-02T20:00:00Z")

    response = system.http("POST /v1/events", body, by=ORGANISER)

    assert (response.status, response.problem) == (422, "not-in-future")


@pytest.mark.parametrize(
    "changes",
    [
        {"starts_at": "2026-06-01T20:00:00"},
        {"starts_at": 1780336800},
        {"starts_at": "0001-01-01T00:00:00+14:00"},
        {"ends_at": "9999-12-31T23:59:59-14:00"},
        {"ends_at": "2026-06-01T20:00:00+02:00"},
        {"zone": "Europe/Atlantis"},
        {"zone": "europe/berlin"},
        {"zone": "Europe"},
        {"zone": "../../etc/passwd"},
        {"max_per_user": 0},
        {"max_per_user": 51},
        {"max_per_user": True},
        {"hold_minutes": 0},
        {"hold_minutes": 16},
        {"hold_seconds": 901},
        {"hold_minutes": 5, "hold_seconds": 300},
        {"name": "Bad\r\nBcc: a@b.c"},
        {"name": ...},
        {"venue": ""},
        {"description": "x" * 2001},
        {"status": "PUBLISHED"},
        {"organiser_id": "me"},
        {"types": [type_request(prices=-1)]},
        {"types": [type_request(prices=100_000_000)], "max_per_user": 1},
        {"types": [type_request(prices=10.5)]},
        {"types": [type_request(prices="10")]},
        {"types": [type_request(capacity=0)]},
        {"types": [type_request(capacity=1_000_001)]},
        {"types": [type_request(capacity=10**37)]},
        {"types": [type_request(currency="eur")]},
        {"types": [type_request(currency="XXX")]},
        {"types": [type_request(currency="XTS")]},
        {"types": [type_request()] * 21},
    ],
    ids=repr,
)
def test_invalid_event_field_is_rejected(system: System, changes: dict[str, Any]) -> None:
    response = system.http("POST /v1/events", event_request(create_category(system), **changes), by=ORGANISER)

    assert (response.status, response.problem) == (422, "unprocessable")


def test_invalid_field_is_named_by_pointer(system: System) -> None:
    response = system.http(
        "POST /v1/events", event_request("x", types=[type_request(), type_request(prices=-1)]), by=ORGANISER
    )

    assert [one["pointer"] for one in response.json["errors"]] == ["/types/1/prices"]


@pytest.mark.parametrize(
    ("changes", "seconds"),
    [
        ({}, 600),
        ({"hold_minutes": 1}, 60),
        ({"hold_minutes": 15}, 900),
        ({"hold_seconds": 90}, 90),
        ({"hold_seconds": 2}, 2),
    ],
)
def test_event_sets_its_hold_duration(system: System, changes: dict[str, int], seconds: int) -> None:
    assert create_draft(system, **changes)["hold_seconds"] == seconds


def test_short_holds_are_rejected_unless_the_stage_allows_them(system: System) -> None:
    system.settings["SHORT_HOLDS"] = "0"
    category_id = create_category(system)

    short = system.http("POST /v1/events", event_request(category_id, hold_seconds=59), by=ORGANISER)
    enough = system.http("POST /v1/events", event_request(category_id, hold_seconds=60), by=ORGANISER)

    assert (short.status, short.problem, enough.status) == (422, "hold-too-short", 201)


def test_free_category_requires_zero_prices(system: System) -> None:
    category_id = create_category(system, "Meet-up", "free")

    paid = system.http("POST /v1/events", event_request(category_id), by=ORGANISER)
    free = system.http("POST /v1/events", event_request(category_id, types=[type_request(prices=0)]), by=ORGANISER)

    assert (paid.status, paid.problem, free.status) == (422, "not-free", 201)


def test_event_types_must_share_one_currency(system: System) -> None:
    body = event_request(create_category(system), types=[type_request(), type_request(currency="CHF")])

    response = system.http("POST /v1/events", body, by=ORGANISER)

    assert (response.status, response.problem) == (422, "mixed-currencies")


PRICE_LIMITS = [(1, 99_999_999), (4, 24_999_999), (6, 16_666_666), (50, 1_999_999)]


@pytest.mark.parametrize(("max_per_user", "highest"), PRICE_LIMITS)
def test_maximum_order_stays_within_provider_limit(system: System, max_per_user: int, highest: int) -> None:
    category_id, terms = create_category(system), {"max_per_user": max_per_user}
    types = [type_request(prices=prices) for prices in (highest, 0, highest + 1)]

    enough = system.http("POST /v1/events", event_request(category_id, **terms, types=types[:2]), by=ORGANISER)
    too_much = system.http("POST /v1/events", event_request(category_id, **terms, types=types), by=ORGANISER)

    assert enough.status == 201
    assert highest * max_per_user <= 99_999_999 < (highest + 1) * max_per_user
    assert too_much.status == 422
    assert [one["pointer"] for one in too_much.json["errors"]] == ["/types/2/prices"]


def test_added_type_price_stays_within_provider_limit(system: System) -> None:
    event = create_draft(system, types=..., max_per_user=4)

    response = add_type(system, event["id"], prices=25_000_000)

    assert (response.status, response.problem) == (422, "price-too-high")
    assert response.json["errors"] == [
        {"pointer": "/prices", "detail": "At most 24999999, where one person may book 4 places."}
    ]
    assert add_type(system, event["id"], prices=24_999_999).status == 201


@pytest.mark.parametrize(("currency", "decimals"), [("JPY", 0), ("EUR", 2), ("KWD", 3)])
def test_event_type_shows_decimals_of_its_currency(system: System, currency: str, decimals: int) -> None:
    assert create_draft(system, types=[type_request(currency=currency)])["types"][0]["decimals"] == decimals


def test_largest_event_item_stays_small(system: System) -> None:
    create_draft(system, description="x" * 2000, types=[type_request(name="y" * 120)] * 20)

    item = next(one for one in system.scan(topology.EVENTS) if one["sk"] == "event")
    assert len(str(item)) < 12_000


class LaterCategory(CategoryRequest):
    colour: str = "red"


class LaterType(TypeRequest):
    colour: str = "red"


class LaterEvent(EventRequest):
    colour: str = "red"
    types: Annotated[list[LaterType], Field(max_length=20)] = []  # type: ignore[assignment] # as pydantic allows it


def test_replay_ignores_fields_added_by_later_versions(system: System) -> None:
    """A replay may arrive after a deployment: fields that the client did not send are ignored."""
    event = event_request(create_category(system))
    draft = create_draft(system, types=...)["id"]
    by = Caller(ORGANISER.user_id, "s1")
    calls: list[tuple[str, Any, Any, Any, Any]] = [
        ("create_category", categories.create, CategoryRequest, LaterCategory, {"name": "Late", "type": "paid"}),
        ("create_event", service.create_event, EventRequest, LaterEvent, event),
        ("create_type", partial(create_type, draft), TypeRequest, LaterType, type_request()),
    ]
    for name, create, now, later, body in calls:
        with system.as_function(row(f"events.{name}")):
            (first, _), (replay, replayed) = (
                create(by, "k", one.model_validate_json(json.dumps(body))) for one in (now, later)
            )

        assert (name, replay["id"], replayed) == (name, first["id"], True)


def create_type(event_id: str, by: Caller, key: str, request: TypeRequest) -> Any:
    return event_types.create(by, key, event_id, request)


# -- types -----------------------------------------------------------------------------------------


def test_event_type_is_added_to_draft(system: System) -> None:
    event = create_draft(system, types=...)

    response = add_type(system, event["id"], name="Balcony", prices=0)

    assert response.status == 201
    assert "location" not in response.headers
    assert (response.json["name"], response.json["event_id"], response.json["status"]) == (
        "Balcony",
        event["id"],
        "ON_SALE",
    )
    assert publish(system, event["id"]).json["types"] == [response.json]


def test_adding_a_type_is_idempotent_per_key(system: System) -> None:
    event = create_draft(system, types=...)

    first, replay = add_type(system, event["id"], key="k"), add_type(system, event["id"], key="k")
    other = add_type(system, event["id"], key="k", prices=1)

    assert first.json == replay.json
    assert replay.headers["idempotency-replayed"] == "true"
    assert (other.status, other.problem) == (422, "idempotency-key-reused")
    assert len(publish(system, event["id"]).json["types"]) == 1


def test_type_added_to_published_event_is_on_sale(system: System) -> None:
    event_id = create_draft(system)["id"]
    publish(system, event_id)

    new = add_type(system, event_id, name="Balcony", capacity=7)

    [bus_event] = published_events(system, event_id)
    assert new.status == 201
    assert isinstance(bus_event, EventChanged)
    assert (bus_event.terms_version, bus_event.event_version) == (2, 3)
    assert [(one.name, one.capacity, one.status) for one in bus_event.types][1:] == [("Balcony", 7, "ON_SALE")]


@pytest.mark.parametrize("status", ["CANCELLED", "ENDED"])
def test_cancelled_or_ended_event_gets_no_types(system: System, status: str) -> None:
    event_id = create_draft(system)["id"]
    publish(system, event_id)
    set_status(system, event_id, status)

    response = add_type(system, event_id)

    assert (response.status, response.problem) == (409, "not-editable")


def test_an_event_has_at_most_20_types(system: System) -> None:
    event = create_draft(system, types=[type_request()] * 20)

    response = add_type(system, event["id"])

    assert (response.status, response.problem) == (409, "too-many-types")


def test_added_type_is_validated_against_its_event(system: System) -> None:
    event = create_draft(system)
    free = system.http(
        "POST /v1/events", event_request(create_category(system, "Free", "free"), types=...), by=ORGANISER
    ).json

    assert add_type(system, event["id"], currency="CHF").problem == "mixed-currencies"
    assert add_type(system, free["id"]).problem == "not-free"


def test_event_of_another_organiser_is_not_found(system: System) -> None:
    by = Person("organiser")
    event_id = create_draft(system)["id"]
    staff = system.http(f"PUT /v1/events/{event_id}/staff", {"user_ids": []}, by=by)

    responses = [add_type(system, event_id, by=by), publish(system, event_id, by=by), staff]

    assert [(one.status, one.problem) for one in responses] == [(404, "event-not-found")] * 3


def test_unknown_event_is_not_found(system: System) -> None:
    for event_id in (str(uuid.uuid4()), "x", "%00"):
        assert publish(system, event_id).problem == "event-not-found"


def test_overlong_event_id_is_not_found(system: System) -> None:
    for event_id in ("x" * 65, "x" * 100, "x" * 2000, "ü" * 65):
        address = f"/v1/events/{event_id}"
        responses = [system.http(f"GET {address}"), publish(system, event_id), add_type(system, event_id)]
        responses.append(system.http(f"PUT {address}/staff", {"user_ids": []}, by=ORGANISER))

        assert [one.status for one in responses] == [404] * 4


# -- publishing ------------------------------------------------------------------------------------


def test_publication_publishes_the_whole_terms(system: System) -> None:
    event = create_draft(system, hold_minutes=5, types=[type_request(), type_request(name="Free", prices=0)])

    response = publish(system, event["id"])

    [bus_event] = published_events(system, event["id"])
    assert (response.status, response.json["status"], response.json["terms_version"]) == (200, "PUBLISHED", 1)
    assert isinstance(bus_event, EventPublished)
    assert (bus_event.event_id, bus_event.organiser_id, bus_event.terms_version) == (event["id"], ORGANISER.user_id, 1)
    assert (bus_event.status, bus_event.hold_seconds, bus_event.max_per_user) == ("PUBLISHED", 300, 6)
    assert [(one.name, one.prices, one.capacity, one.status) for one in bus_event.types] == [
        ("Floor", 4500, 100, "ON_SALE"),
        ("Free", 0, 100, "ON_SALE"),
    ]


def test_repeated_publication_changes_nothing(system: System) -> None:
    event_id = create_draft(system)["id"]

    first, second = publish(system, event_id), publish(system, event_id)

    assert (first.status, second.status) == (200, 200)
    assert first.json == second.json
    assert published_events(system, event_id)[0].terms_version == 1


def test_an_event_without_types_is_not_published(system: System) -> None:
    response = publish(system, create_draft(system, types=...)["id"])

    assert (response.status, response.problem) == (409, "no-types")


def test_an_event_that_has_started_is_not_published(system: System) -> None:
    event_id = create_draft(system)["id"]
    clock.use(lambda: datetime(2026, 6, 1, 18, tzinfo=UTC))

    response = publish(system, event_id)

    assert (response.status, response.problem) == (409, "already-started")


def test_a_cancelled_event_is_not_published(system: System) -> None:
    event_id = create_draft(system)["id"]
    set_status(system, event_id, "CANCELLED")

    response = publish(system, event_id)

    assert (response.status, response.problem, response.json["status"]) == (409, "not-publishable", 409)
    assert response.json["state"] == "CANCELLED"


def test_publishing_requires_organiser_role(system: System) -> None:
    assert publish(system, "x", by=BUYER).problem == "role-missing"


# -- staff -----------------------------------------------------------------------------------------


def set_staff(system: System, event_id: str, *user_ids: str, if_match: str | None = "*") -> HttpResponse:
    headers = {"if-match": if_match} if if_match else {}
    return system.http(f"PUT /v1/events/{event_id}/staff", {"user_ids": list(user_ids)}, by=ORGANISER, headers=headers)


def test_staff_edit_requires_matching_etag(system: System) -> None:
    event_id = create_draft(system)["id"]
    first = own_etag(system, event_id)
    response = set_staff(system, event_id, "a", if_match=first)

    stale, without_etag = (
        set_staff(system, event_id, "b", if_match=first),
        set_staff(system, event_id, "b", if_match=None),
    )

    assert (response.status, stale.status, stale.problem) == (200, 412, "stale-version")
    assert (without_etag.status, without_etag.problem) == (428, "if-match-required")
    assert set_staff(system, event_id, "b", if_match=response.headers["etag"]).json["staff"] == ["b"]


def test_draft_staff_is_published_with_the_event(system: System) -> None:
    event_id = create_draft(system)["id"]

    response = set_staff(system, event_id, "a", "b", "a")

    assert (response.status, response.json["staff"], response.json["terms_version"]) == (200, ["a", "b"], 0)
    assert published_events(system, event_id) == []
    publish(system, event_id)
    assert published_events(system, event_id)[0].staff == ("a", "b")


def test_staff_change_is_published_without_new_terms(system: System) -> None:
    event_id = create_draft(system)["id"]
    publish(system, event_id)
    [before] = published_events(system, event_id)

    response = set_staff(system, event_id, "a")

    [bus_event] = published_events(system, event_id)
    assert (response.json["staff"], response.json["terms_version"]) == (["a"], 1)
    assert isinstance(bus_event, EventChanged)
    assert (bus_event.terms_version, bus_event.staff, bus_event.status) == (1, ("a",), "PUBLISHED")
    assert bus_event.event_version == before.event_version + 1


def test_every_bus_event_carries_its_own_version(system: System) -> None:
    event_id = create_draft(system)["id"]
    set_staff(system, event_id, "a")
    publish(system, event_id)
    assert [one.event_version for one in published_events(system, event_id)] == [3]

    for staff in ("b", "c"):
        set_staff(system, event_id, staff)

    assert [one.event_version for one in published_events(system, event_id)] == [5]


def test_same_staff_in_any_order_writes_nothing(system: System) -> None:
    event_id = create_draft(system)["id"]
    publish(system, event_id)
    set_staff(system, event_id, "a", "b")
    before = system.scan(topology.EVENTS)

    responses = [set_staff(system, event_id, *"ab"), set_staff(system, event_id, *"ba")]

    assert [one.json["staff"] for one in responses] == [["a", "b"]] * 2
    assert system.scan(topology.EVENTS) == before


def test_staff_changes_do_not_grow_the_log(system: System) -> None:
    event_id = create_draft(system)["id"]
    publish(system, event_id)

    for at in range(9):
        set_staff(system, event_id, f"person {at}")

    item = next(one for one in system.scan(topology.EVENTS) if one["pk"] == event_id)
    assert (item["version"], [line["action"] for line in item["logs"]]) == (11, ["create", "publish"])


@pytest.mark.parametrize("user_ids", [["x"] * 51, [""], [7], "x", None])
def test_invalid_staff_is_rejected(system: System, user_ids: Any) -> None:
    response = system.http("PUT /v1/events/x/staff", {"user_ids": user_ids}, by=ORGANISER)

    assert (response.status, response.problem) == (422, "unprocessable")


def test_setting_staff_requires_organiser_role(system: System) -> None:
    assert system.http("PUT /v1/events/x/staff", {"user_ids": []}, by=BUYER).problem == "role-missing"


# -- concurrent edits --------------------------------------------------------------------------------


def test_stale_edit_is_rejected_and_loses_nothing(system: System) -> None:
    event_id = create_draft(system, types=...)["id"]
    stale = next(one for one in system.scan(topology.EVENTS) if one["pk"] == event_id)
    add_type(system, event_id)

    with system.as_function(row("events.set_staff")), pytest.raises(ConcurrentModification) as raised:
        repository.edit(stale, "set_staff", {"staff": ["a"]}, actor="o")
    with system.as_function(row("events.create_type")), pytest.raises(ConcurrentModification):
        repository.edit(stale, "add_type", {"types": []}, actor="o", terms_changed=True, log=True)
    with system.as_function(row("events.publish_event")), pytest.raises(ConcurrentModification):
        repository.publish(stale, actor="o")

    assert raised.value.retry_after == 1
    assert len(publish(system, event_id).json["types"]) == 1


def test_edit_with_lost_response_succeeds(system: System) -> None:
    event_id = create_draft(system)["id"]
    event = next(one for one in system.scan(topology.EVENTS) if one["pk"] == event_id)

    with system.as_function(row("events.set_staff")):
        first, replay = (repository.edit(event, "set_staff", {"staff": ["a"]}, actor="o") for _ in "12")

    assert first == replay
