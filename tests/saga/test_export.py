"""A person's copy of everything held about them: after all they can do, nothing of theirs is missing from it."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from common import ids
from tests.saga import journeys
from tests.support.builders import PRICE, house, kind, show
from tests.support.gateway import Person
from tests.support.saga import Saga

ADMIN = Person("admin")
ACCOUNT = {
    "email": "marker-mail@people.example",
    "user_name": "marker.name",
    "first_name": "Markerfirst",
    "last_name": "Markerlast",
    "mobile_phone": "+4915199887766",
    "password": "marker password that nobody shows",
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
KEPT = [
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
DERIVED = {  # what names a person, and says no more of them than what is in the copy
    ("auth", "claim"),  # that a name is taken
    ("auth", "holder"),  # who has a verified address
    ("bookings", "terms"),  # an event, again
    ("payments", "show"),
    ("tickets", "event"),
    ("tickets", "issue"),  # which tickets a booking has
}


@pytest.fixture(scope="module")
def saga() -> Iterator[Saga]:
    with Saga.running() as running:
        yield running


@pytest.fixture(scope="module")
def person(saga: Saga) -> Person:
    """Somebody who has registered, changed everything, booked, paid, been described, and organises, too."""
    at = house(saga)
    user_id = saga.http("POST /v1/register", ACCOUNT, expect=201).json["id"]
    login = {"username": ACCOUNT["user_name"], "password": ACCOUNT["password"]}
    saga.settle()
    saga.http("POST /v1/login", login, expect=200)
    me = Person("organiser", user_id=user_id)
    for path, body in (("", PROFILE), ("/settings", SETTINGS)):
        saga.http(f"PUT /v1/users/{user_id}{path}", body, by=me, expect=200, headers={"if-match": "*"})
    booking = journeys.order(saga, at.gala, me, places=2)
    saga.settle()
    saga.press(journeys.start(saga, booking, me), "paid")
    saga.settle()
    ticket = saga.http("GET /v1/tickets", by=me).json["items"][0]
    described: dict[str, Any] = {"by": at.organiser, "expect": 200, "headers": {"if-match": "*"}}
    saga.http(f"PUT /v1/tickets/{ticket['id']}", HOLDER, **described)
    category = saga.http("GET /v1/categories").json["items"][0]["id"]
    show(saga, me, category, "Marker concert", kind("Seat", 3, PRICE))
    saga.rest()
    return me


def pages(saga: Saga, person: Person, by: Person) -> list[dict[str, Any]]:
    path = f"/v1/users/{person.user_id}/export"
    found = [saga.http(f"GET {path}", by=by, expect=200).json]
    while found[-1]["next_token"]:
        found.append(saga.http(f"GET {path}", by=by, expect=200, query={"next_token": found[-1]["next_token"]}).json)
    return found


def records(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [record for page in found for record in page["records"]]


def test_whatever_a_person_wrote_is_in_their_copy(saga: Saga, person: Person) -> None:
    text = json.dumps(pages(saga, person, person), ensure_ascii=False)

    assert [one for one in KEPT if one not in text] == []


def test_every_item_that_names_a_person_is_in_their_copy(saga: Saga, person: Person) -> None:
    """Whatever the tables hold with the person's id: a new kind of item has to be thought of here."""
    told = records(pages(saga, person, person))
    kinds = {(TABLES[one["service"]], one["kind"]) for one in told}
    named = [
        (table, item)
        for table, items in saga.tables().items()
        for item in items
        if item["pk"] == person.user_id or person.user_id in (item.get("user_id"), item.get("organiser_id"))
    ]
    held = {(table, item["sk"].split("#")[0]) for table, item in named}

    assert held - DERIVED == kinds
    assert {item["id"] for table, item in named if (table, item["sk"]) in kinds and "id" in item} <= {
        one["data"].get("id") for one in told
    }


def test_no_secret_is_in_the_copy(saga: Saga, person: Person) -> None:
    text = json.dumps(pages(saga, person, person))
    secrets = {
        str(value)
        for item in saga.tables()["auth"]
        for name, value in item.items()
        if name in ("password", "token_hash", "previous_hash", "family")
    }

    assert len(secrets) >= 3
    assert [one for one in secrets if one in text] == []


def test_codes_are_their_holders_own(saga: Saga, person: Person) -> None:
    codes = [one["code"] for one in saga.http("GET /v1/tickets", by=person).json["items"]]
    text = json.dumps(pages(saga, person, person))

    assert len(codes) == 2
    assert all(code in text for code in codes)


def test_an_admin_gets_the_same_and_others_nothing(saga: Saga, person: Person) -> None:
    stranger, path = Person(), f"/v1/users/{person.user_id}/export"
    other = saga.http(f"GET {path}", by=stranger)

    assert records(pages(saga, person, ADMIN)) == records(pages(saga, person, person))
    assert (other.status, other.problem) == (404, "user-unknown")


def test_a_token_is_for_one_person_s_copy(saga: Saga, person: Person) -> None:
    token = saga.http(f"GET /v1/users/{person.user_id}/export", by=person).json["next_token"]
    other = saga.http("POST /v1/register", ACCOUNT | {"email": "b@x.example", "user_name": "other"}, expect=201)
    saga.settle()

    for sent in (token, "bm90IG91cnM"):
        path = f"GET /v1/users/{other.json['id']}/export"
        reply = saga.http(path, by=ADMIN, query={"next_token": sent})
        assert (reply.status, reply.problem) == (400, "bad-token")


def test_nobody_has_no_copy(saga: Saga, person: Person) -> None:
    reply = saga.http(f"GET /v1/users/{ids.new()}/export", by=ADMIN)

    assert (reply.status, reply.problem) == (404, "user-unknown")
