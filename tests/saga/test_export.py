"""The export of a user's data is complete after every kind of activity."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from common import ids
from tests.saga import journeys
from tests.support.drivers.saga_driver import Saga
from tests.support.fixtures.scenarios import PRICE, build_scenario, publish_event, type_request
from tests.support.system.lambda_events import Person

ADMIN = Person("admin")
ACCOUNT = {
    "email": "marker-mail@people.example",
    "user_name": "marker.name",
    "first_name": "Markerfirst",
    "last_name": "Markerlast",
    "mobile_phone": "+4915199887766",
    "password": "marker password in no export",
}
PROFILE = {
    "user_name": "Marker shown",
    "first_name": "Markerchanged",
    "last_name": "Markerlast",
    "mobile_phone": "+4915199887755",
    "birth_day": "1991-07-23",
}
SETTINGS = {"locale": "de", "zone": "Pacific/Marquesas", "channels": ["email"]}
HOLDER = {"holder_name": "Markerholder", "seat": "Markerseat 7", "note": "Markernote"}
EXPORTED_VALUES = [
    ACCOUNT["email"],
    ACCOUNT["user_name"],
    *PROFILE.values(),
    "Pacific/Marquesas",
    *HOLDER.values(),
    "Marker concert",
]
TABLES = {"user": "users", "auth": "auth", "booking": "bookings", "payment": "payments", "ticket": "tickets"} | {
    "notify": "notifications",
    "events": "events",
}
DERIVED_KINDS = {  # items that name the user but contain no further data
    ("auth", "claim"),  # reserves a user name
    ("auth", "holder"),  # owner of a verified address
    ("bookings", "terms"),  # copies of an event
    ("payments", "show"),
    ("tickets", "event"),
    ("tickets", "issue"),  # the ticket ids of a booking
}


@pytest.fixture(scope="module")
def saga() -> Iterator[Saga]:
    with Saga.running() as running:
        yield running


@pytest.fixture(scope="module")
def person(saga: Saga) -> Person:
    """A user who registered, changed profile and settings, booked, paid, holds a named ticket, organises an event."""
    scenario = build_scenario(saga)
    user_id = saga.http("POST /v1/register", ACCOUNT, expect=201).json["id"]
    login = {"username": ACCOUNT["user_name"], "password": ACCOUNT["password"]}
    saga.drain()
    saga.http("POST /v1/login", login, expect=200)
    user = Person("organiser", user_id=user_id)
    for path, body in (("", PROFILE), ("/settings", SETTINGS)):
        saga.http(f"PUT /v1/users/{user_id}{path}", body, by=user, expect=200, headers={"if-match": "*"})
    booking = journeys.place_order(saga, scenario.gala, user, places=2)
    saga.drain()
    saga.choose_outcome(journeys.open_checkout(saga, booking, user), "paid")
    saga.drain()
    ticket = saga.http("GET /v1/tickets", by=user).json["items"][0]
    options: dict[str, Any] = {"by": scenario.organiser, "expect": 200, "headers": {"if-match": "*"}}
    saga.http(f"PUT /v1/tickets/{ticket['id']}", HOLDER, **options)
    category = saga.http("GET /v1/categories").json["items"][0]["id"]
    publish_event(saga, user, category, "Marker concert", type_request("Seat", 3, PRICE))
    saga.drain_until_idle()
    return user


def export_pages(saga: Saga, person: Person, by: Person) -> list[dict[str, Any]]:
    path = f"/v1/users/{person.user_id}/export"
    pages = [saga.http(f"GET {path}", by=by, expect=200).json]
    while pages[-1]["next_token"]:
        pages.append(saga.http(f"GET {path}", by=by, expect=200, query={"next_token": pages[-1]["next_token"]}).json)
    return pages


def records(pages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [record for page in pages for record in page["records"]]


def test_export_contains_all_user_input(saga: Saga, person: Person) -> None:
    text = json.dumps(export_pages(saga, person, person), ensure_ascii=False)

    assert [one for one in EXPORTED_VALUES if one not in text] == []


def test_export_contains_every_item_of_the_user(saga: Saga, person: Person) -> None:
    """Every item with the user's id is exported or in DERIVED_KINDS, so a new kind of item needs a decision."""
    exported = records(export_pages(saga, person, person))
    kinds = {(TABLES[one["service"]], one["kind"]) for one in exported}
    user_items = [
        (table, item)
        for table, items in saga.tables().items()
        for item in items
        if item["pk"] == person.user_id or person.user_id in (item.get("user_id"), item.get("organiser_id"))
    ]
    stored_kinds = {(table, item["sk"].split("#")[0]) for table, item in user_items}

    assert stored_kinds - DERIVED_KINDS == kinds
    assert {item["id"] for table, item in user_items if (table, item["sk"]) in kinds and "id" in item} <= {
        one["data"].get("id") for one in exported
    }


def test_export_contains_no_secrets(saga: Saga, person: Person) -> None:
    text = json.dumps(export_pages(saga, person, person))
    secrets = {
        str(value)
        for item in saga.tables()["auth"]
        for name, value in item.items()
        if name in ("password", "token_hash", "previous_hash", "family")
    }

    assert len(secrets) >= 3
    assert [one for one in secrets if one in text] == []


def test_export_contains_own_ticket_codes(saga: Saga, person: Person) -> None:
    codes = [one["code"] for one in saga.http("GET /v1/tickets", by=person).json["items"]]
    text = json.dumps(export_pages(saga, person, person))

    assert len(codes) == 2
    assert all(code in text for code in codes)


def test_export_is_available_to_owner_and_admin_only(saga: Saga, person: Person) -> None:
    stranger, path = Person(), f"/v1/users/{person.user_id}/export"
    other = saga.http(f"GET {path}", by=stranger)

    assert records(export_pages(saga, person, ADMIN)) == records(export_pages(saga, person, person))
    assert (other.status, other.problem) == (404, "user-not-found")


def test_export_token_works_for_one_user_only(saga: Saga, person: Person) -> None:
    token = saga.http(f"GET /v1/users/{person.user_id}/export", by=person).json["next_token"]
    other = saga.http("POST /v1/register", ACCOUNT | {"email": "b@x.example", "user_name": "other"}, expect=201)
    saga.drain()

    for invalid_token in (token, "bm90IG91cnM"):
        path = f"GET /v1/users/{other.json['id']}/export"
        response = saga.http(path, by=ADMIN, query={"next_token": invalid_token})
        assert (response.status, response.problem) == (400, "invalid-page-token")


def test_export_of_unknown_user_is_not_found(saga: Saga, person: Person) -> None:
    response = saga.http(f"GET /v1/users/{ids.new()}/export", by=ADMIN)

    assert (response.status, response.problem) == (404, "user-not-found")
