"""Categories, drafts, types, publishing and staff: every answer that each call can give."""

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
from events.core import categories, event_types, repository, service
from events.core.errors import ChangedMeanwhile
from events.core.requests import CategoryRequest, EventRequest, TypeRequest
from infra import topology
from tests.support.organising import (
    ADMIN,
    BUYER,
    NOW,
    ORGANISER,
    a_category,
    a_type,
    add_type,
    an_event,
    drafted,
    etag,
    now_is,
    publish,
    told,
)
from tests.support.system import Person, Reply, System, row


@pytest.fixture(autouse=True)
def at_noon() -> Any:
    clock.use(lambda: NOW)
    yield
    clock.use()


# -- categories ------------------------------------------------------------------------------------


def test_an_admin_makes_a_category(system: System) -> None:
    answer = system.http("POST /v1/categories", {"name": " Concert ", "type": "paid"}, by=ADMIN)

    assert answer.status == 201
    assert answer.json["name"] == "Concert"
    assert set(answer.json) == {"id", "name", "type", "created_at", "updated_at"}


@pytest.mark.parametrize("by", [BUYER, ORGANISER])
def test_only_an_admin_makes_a_category(system: System, by: Person) -> None:
    answer = system.http("POST /v1/categories", {"name": "Concert", "type": "paid"}, by=by)

    assert (answer.status, answer.problem) == (403, "role-missing")


@pytest.mark.parametrize("name", ["concert", "CÖNCERT", "Ｃoncert"])
def test_a_category_name_is_unique_whatever_its_case_accents_or_width(system: System, name: str) -> None:
    a_category(system, "Concert")

    answer = system.http("POST /v1/categories", {"name": name, "type": "free"}, by=ADMIN)

    assert (answer.status, answer.problem) == (409, "category-exists")
    assert answer.json["errors"][0]["pointer"] == "/name"


def test_a_category_is_made_once_per_key(system: System) -> None:
    def named(name: str) -> Reply:
        return system.http("POST /v1/categories", {"name": name, "type": "paid"}, by=ADMIN, key="k")

    first, second = (
        system.http("POST /v1/categories", {"name": "Sport", "type": "paid"}, by=ADMIN, key="k") for _ in "12"
    )
    other = system.http("POST /v1/categories", {"name": "Sports", "type": "paid"}, by=ADMIN, key="k")

    assert first.json == second.json
    assert "idempotency-replayed" not in first.headers
    assert second.headers["idempotency-replayed"] == "true"
    assert (other.status, other.problem) == (422, "key-reused")


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "a\u202eb", "a\x00", "x" * 61, 7, None])
def test_a_category_needs_a_plain_name(system: System, name: Any) -> None:
    answer = system.http("POST /v1/categories", {"name": name, "type": "paid"}, by=ADMIN)

    assert (answer.status, answer.problem) == (422, "invalid")
    assert answer.json["errors"][0]["pointer"] == "/name"


def test_categories_are_listed_oldest_first_in_pages_both_ways(system: System) -> None:
    minutes = iter(range(1000))
    clock.use(lambda: NOW + timedelta(minutes=next(minutes)))
    for name in "abcde":
        a_category(system, name)

    first = system.http("GET /v1/categories", query={"limit": "2"}).json
    second = system.http("GET /v1/categories", query={"limit": "2", "next_token": first["next_token"]}).json
    back = system.http("GET /v1/categories", query={"limit": "2", "previous_token": second["previous_token"]}).json

    assert ["".join(one["name"] for one in page["items"]) for page in (first, second, back)] == ["ab", "cd", "ab"]
    assert first["previous_token"] is None


def test_two_tokens_at_once_are_refused(system: System) -> None:
    answer = system.http("GET /v1/categories", query={"next_token": "a", "previous_token": "b"})

    assert (answer.status, answer.problem) == (422, "invalid")


def test_a_token_that_was_not_issued_is_refused(system: System) -> None:
    answer = system.http("GET /v1/categories", query={"next_token": "bm90IG91cnM"})

    assert (answer.status, answer.problem) == (400, "bad-token")


# -- drafts ----------------------------------------------------------------------------------------


def test_an_organiser_drafts_an_event_with_its_types(system: System) -> None:
    category_id = a_category(system)

    answer = system.http("POST /v1/events", an_event(category_id, description="Two\nlines"), by=ORGANISER)

    event = answer.json
    assert answer.status == 201
    assert system.http(f"GET {answer.headers['location']}", by=ORGANISER).json == event
    assert event["status"] == "DRAFT"
    assert (event["starts_at"], event["ends_at"]) == ("2026-06-01T18:00:00Z", "2026-06-01T21:00:00Z")
    assert (event["hold_seconds"], event["max_per_user"]) == (600, 6)
    assert (event["category_id"], event["category"]) == (category_id, "Concert")
    assert (event["organiser_id"], event["staff"], event["terms_version"]) == (ORGANISER.user_id, [], 0)
    own = {"id": event["types"][0]["id"], "event_id": event["id"], "status": "ON_SALE", "decimals": 2}
    assert event["types"] == [own | {"sale_from": None, "sale_until": None} | a_type()]


def test_a_draft_publishes_nothing_and_nobody_sees_it(system: System) -> None:
    event = drafted(system)

    answer = system.http(f"GET /v1/events/{event['id']}")

    assert (answer.status, answer.problem) == (404, "event-unknown")
    assert system.http("GET /v1/events").json["items"] == []
    assert told(system, event["id"]) == []


def test_only_an_organiser_drafts(system: System) -> None:
    answer = system.http("POST /v1/events", an_event("x"), by=BUYER)

    assert (answer.status, answer.problem) == (403, "role-missing")


def test_an_event_is_made_once_per_key_and_person(system: System) -> None:
    body = an_event(a_category(system))
    first, again = (system.http("POST /v1/events", body, by=ORGANISER, key="k") for _ in "12")
    changed = system.http("POST /v1/events", body | {"name": "Other"}, by=ORGANISER, key="k")
    others = system.http("POST /v1/events", body, by=Person("organiser"), key="k")

    assert first.json == again.json
    assert again.headers["idempotency-replayed"] == "true"
    assert (changed.status, changed.problem) == (422, "key-reused")
    assert others.json["id"] != first.json["id"]


def test_a_replay_answers_even_when_a_new_request_would_be_refused(system: System) -> None:
    body = an_event(a_category(system))
    first = system.http("POST /v1/events", body, by=ORGANISER, key="k")
    clock.use(lambda: datetime(2027, 1, 1, tzinfo=UTC))

    assert system.http("POST /v1/events", body, by=ORGANISER, key="k").json == first.json
    assert system.http("POST /v1/events", body, by=ORGANISER, key="l").problem == "not-in-future"


def test_a_category_that_is_not_there_is_named(system: System) -> None:
    answer = system.http("POST /v1/events", an_event("nothing"), by=ORGANISER)

    assert (answer.status, answer.problem) == (422, "category-unknown")
    assert answer.json["errors"][0]["pointer"] == "/category_id"


@pytest.mark.parametrize("starts_at", ["2026-03-01T12:00:00Z", "2020-06-01T20:00:00Z", "2037-06-01T20:00:00Z"])
def test_an_event_starts_in_the_future_but_not_absurdly_far(system: System, starts_at: str) -> None:
    body = an_event(a_category(system), starts_at=starts_at, ends_at="2037-06-02T20:00:00Z")

    answer = system.http("POST /v1/events", body, by=ORGANISER)

    assert (answer.status, answer.problem) == (422, "not-in-future")


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
        {"types": [a_type(prices=-1)]},
        {"types": [a_type(prices=100_000_000)], "max_per_user": 1},
        {"types": [a_type(prices=10.5)]},
        {"types": [a_type(prices="10")]},
        {"types": [a_type(capacity=0)]},
        {"types": [a_type(capacity=1_000_001)]},
        {"types": [a_type(capacity=10**37)]},
        {"types": [a_type(currency="eur")]},
        {"types": [a_type(currency="XXX")]},
        {"types": [a_type(currency="XTS")]},
        {"types": [a_type()] * 21},
    ],
    ids=repr,
)
def test_a_wrong_field_is_refused(system: System, changes: dict[str, Any]) -> None:
    answer = system.http("POST /v1/events", an_event(a_category(system), **changes), by=ORGANISER)

    assert (answer.status, answer.problem) == (422, "invalid")


def test_a_wrong_field_is_pointed_at(system: System) -> None:
    answer = system.http("POST /v1/events", an_event("x", types=[a_type(), a_type(prices=-1)]), by=ORGANISER)

    assert [one["pointer"] for one in answer.json["errors"]] == ["/types/1/prices"]


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
def test_an_event_chooses_its_hold(system: System, changes: dict[str, int], seconds: int) -> None:
    assert drafted(system, **changes)["hold_seconds"] == seconds


def test_holds_of_seconds_are_refused_where_the_stage_does_not_allow_them(system: System) -> None:
    system.values["SHORT_HOLDS"] = "0"
    category_id = a_category(system)

    short = system.http("POST /v1/events", an_event(category_id, hold_seconds=59), by=ORGANISER)
    enough = system.http("POST /v1/events", an_event(category_id, hold_seconds=60), by=ORGANISER)

    assert (short.status, short.problem, enough.status) == (422, "hold-too-short", 201)


def test_in_a_free_category_every_price_is_0(system: System) -> None:
    category_id = a_category(system, "Meet-up", "free")

    paid = system.http("POST /v1/events", an_event(category_id), by=ORGANISER)
    free = system.http("POST /v1/events", an_event(category_id, types=[a_type(prices=0)]), by=ORGANISER)

    assert (paid.status, paid.problem, free.status) == (422, "not-free", 201)


def test_all_types_have_one_currency(system: System) -> None:
    body = an_event(a_category(system), types=[a_type(), a_type(currency="CHF")])

    answer = system.http("POST /v1/events", body, by=ORGANISER)

    assert (answer.status, answer.problem) == (422, "mixed-currencies")


DEAR = [(1, 99_999_999), (4, 24_999_999), (6, 16_666_666), (50, 1_999_999)]


@pytest.mark.parametrize(("max_per_user", "highest"), DEAR)
def test_nobody_can_be_asked_for_more_than_the_provider_takes(system: System, max_per_user: int, highest: int) -> None:
    category_id, terms = a_category(system), {"max_per_user": max_per_user}
    types = [a_type(prices=prices) for prices in (highest, 0, highest + 1)]

    enough = system.http("POST /v1/events", an_event(category_id, **terms, types=types[:2]), by=ORGANISER)
    too_much = system.http("POST /v1/events", an_event(category_id, **terms, types=types), by=ORGANISER)

    assert enough.status == 201
    assert highest * max_per_user <= 99_999_999 < (highest + 1) * max_per_user
    assert too_much.status == 422
    assert [one["pointer"] for one in too_much.json["errors"]] == ["/types/2/prices"]


def test_an_added_type_costs_no_more_than_the_provider_takes(system: System) -> None:
    event = drafted(system, types=..., max_per_user=4)

    answer = add_type(system, event["id"], prices=25_000_000)

    assert (answer.status, answer.problem) == (422, "price-too-high")
    assert answer.json["errors"] == [
        {"pointer": "/prices", "detail": "At most 24999999, where one person may book 4 places."}
    ]
    assert add_type(system, event["id"], prices=24_999_999).status == 201


@pytest.mark.parametrize(("currency", "decimals"), [("JPY", 0), ("EUR", 2), ("KWD", 3)])
def test_a_type_says_how_many_decimals_its_prices_have(system: System, currency: str, decimals: int) -> None:
    assert drafted(system, types=[a_type(currency=currency)])["types"][0]["decimals"] == decimals


def test_the_largest_event_stays_a_few_kilobytes(system: System) -> None:
    drafted(system, description="x" * 2000, types=[a_type(name="y" * 120)] * 20)

    item = next(one for one in system.scan(topology.EVENTS) if one["sk"] == "event")
    assert len(str(item)) < 12_000


class LaterCategory(CategoryRequest):
    colour: str = "red"


class LaterType(TypeRequest):
    colour: str = "red"


class LaterEvent(EventRequest):
    colour: str = "red"
    types: Annotated[list[LaterType], Field(max_length=20)] = []  # type: ignore[assignment] # as pydantic allows it


def test_fields_that_a_later_version_adds_make_no_other_request_of_it(system: System) -> None:
    """A repetition may come after a deployment: what the client did not send does not count."""
    event = an_event(a_category(system))
    draft = drafted(system, types=...)["id"]
    by = Caller(ORGANISER.user_id, "s1")
    calls: list[tuple[str, Any, Any, Any, Any]] = [
        ("create_category", categories.create, CategoryRequest, LaterCategory, {"name": "Late", "type": "paid"}),
        ("create_event", service.create_event, EventRequest, LaterEvent, event),
        ("create_type", partial(create_type, draft), TypeRequest, LaterType, a_type()),
    ]
    for name, create, now, later, body in calls:
        with system.acting(row(f"events.{name}")):
            (first, _), (again, replayed) = (
                create(by, "k", one.model_validate_json(json.dumps(body))) for one in (now, later)
            )

        assert (name, again["id"], replayed) == (name, first["id"], True)


def create_type(event_id: str, by: Caller, key: str, request: TypeRequest) -> Any:
    return event_types.create(by, key, event_id, request)


# -- types -----------------------------------------------------------------------------------------


def test_a_type_is_added_to_a_draft(system: System) -> None:
    event = drafted(system, types=...)

    answer = add_type(system, event["id"], name="Balcony", prices=0)

    assert answer.status == 201
    assert "location" not in answer.headers
    assert (answer.json["name"], answer.json["event_id"], answer.json["status"]) == ("Balcony", event["id"], "ON_SALE")
    assert publish(system, event["id"]).json["types"] == [answer.json]


def test_a_type_is_added_once_per_key(system: System) -> None:
    event = drafted(system, types=...)

    first, again = add_type(system, event["id"], key="k"), add_type(system, event["id"], key="k")
    other = add_type(system, event["id"], key="k", prices=1)

    assert first.json == again.json
    assert again.headers["idempotency-replayed"] == "true"
    assert (other.status, other.problem) == (422, "key-reused")
    assert len(publish(system, event["id"]).json["types"]) == 1


def test_a_type_that_a_published_event_gets_is_told_as_on_sale(system: System) -> None:
    event_id = drafted(system)["id"]
    publish(system, event_id)

    new = add_type(system, event_id, name="Balcony", capacity=7)

    [message] = told(system, event_id)
    assert new.status == 201
    assert isinstance(message, EventChanged)
    assert (message.terms_version, message.event_version) == (2, 3)
    assert [(one.name, one.capacity, one.status) for one in message.types][1:] == [("Balcony", 7, "ON_SALE")]


@pytest.mark.parametrize("status", ["CANCELLED", "ENDED"])
def test_an_event_that_is_no_more_gets_no_types(system: System, status: str) -> None:
    event_id = drafted(system)["id"]
    publish(system, event_id)
    now_is(system, event_id, status)

    answer = add_type(system, event_id)

    assert (answer.status, answer.problem) == (409, "not-editable")


def test_an_event_has_at_most_20_types(system: System) -> None:
    event = drafted(system, types=[a_type()] * 20)

    answer = add_type(system, event["id"])

    assert (answer.status, answer.problem) == (409, "too-many-types")


def test_an_added_type_obeys_the_rules_of_all(system: System) -> None:
    event = drafted(system)
    free = system.http("POST /v1/events", an_event(a_category(system, "Free", "free"), types=...), by=ORGANISER).json

    assert add_type(system, event["id"], currency="CHF").problem == "mixed-currencies"
    assert add_type(system, free["id"]).problem == "not-free"


def test_an_event_of_somebody_else_is_not_there(system: System) -> None:
    by = Person("organiser")
    event_id = drafted(system)["id"]
    staff = system.http(f"PUT /v1/events/{event_id}/staff", {"user_ids": []}, by=by)

    answers = [add_type(system, event_id, by=by), publish(system, event_id, by=by), staff]

    assert [(one.status, one.problem) for one in answers] == [(404, "event-unknown")] * 3


def test_an_event_that_never_was_is_not_there(system: System) -> None:
    for event_id in (str(uuid.uuid4()), "x", "%00"):
        assert publish(system, event_id).problem == "event-unknown"


def test_what_can_be_no_id_is_not_there_either(system: System) -> None:
    for event_id in ("x" * 65, "x" * 100, "x" * 2000, "ü" * 65):
        address = f"/v1/events/{event_id}"
        answers = [system.http(f"GET {address}"), publish(system, event_id), add_type(system, event_id)]
        answers.append(system.http(f"PUT {address}/staff", {"user_ids": []}, by=ORGANISER))

        assert [one.status for one in answers] == [404] * 4


# -- publishing ------------------------------------------------------------------------------------


def test_publishing_tells_the_whole_terms(system: System) -> None:
    event = drafted(system, hold_minutes=5, types=[a_type(), a_type(name="Free", prices=0)])

    answer = publish(system, event["id"])

    [message] = told(system, event["id"])
    assert (answer.status, answer.json["status"], answer.json["terms_version"]) == (200, "PUBLISHED", 1)
    assert isinstance(message, EventPublished)
    assert (message.event_id, message.organiser_id, message.terms_version) == (event["id"], ORGANISER.user_id, 1)
    assert (message.status, message.hold_seconds, message.max_per_user) == ("PUBLISHED", 300, 6)
    assert [(one.name, one.prices, one.capacity, one.status) for one in message.types] == [
        ("Floor", 4500, 100, "ON_SALE"),
        ("Free", 0, 100, "ON_SALE"),
    ]


def test_publishing_twice_changes_nothing(system: System) -> None:
    event_id = drafted(system)["id"]

    first, second = publish(system, event_id), publish(system, event_id)

    assert (first.status, second.status) == (200, 200)
    assert first.json == second.json
    assert told(system, event_id)[0].terms_version == 1


def test_an_event_without_types_is_not_published(system: System) -> None:
    answer = publish(system, drafted(system, types=...)["id"])

    assert (answer.status, answer.problem) == (409, "no-types")


def test_an_event_that_has_started_is_not_published(system: System) -> None:
    event_id = drafted(system)["id"]
    clock.use(lambda: datetime(2026, 6, 1, 18, tzinfo=UTC))

    answer = publish(system, event_id)

    assert (answer.status, answer.problem) == (409, "already-started")


def test_a_cancelled_event_is_not_published(system: System) -> None:
    event_id = drafted(system)["id"]
    now_is(system, event_id, "CANCELLED")

    answer = publish(system, event_id)

    assert (answer.status, answer.problem, answer.json["status"]) == (409, "not-publishable", 409)
    assert answer.json["state"] == "CANCELLED"


def test_only_an_organiser_publishes(system: System) -> None:
    assert publish(system, "x", by=BUYER).problem == "role-missing"


# -- staff -----------------------------------------------------------------------------------------


def set_staff(system: System, event_id: str, *user_ids: str, seen: str | None = "*") -> Reply:
    headers = {"if-match": seen} if seen else {}
    return system.http(f"PUT /v1/events/{event_id}/staff", {"user_ids": list(user_ids)}, by=ORGANISER, headers=headers)


def test_staff_is_replaced_as_it_was_read_only(system: System) -> None:
    event_id = drafted(system)["id"]
    first = etag(system, event_id)
    answer = set_staff(system, event_id, "a", seen=first)

    stale, blind = set_staff(system, event_id, "b", seen=first), set_staff(system, event_id, "b", seen=None)

    assert (answer.status, stale.status, stale.problem) == (200, 412, "changed")
    assert (blind.status, blind.problem) == (428, "revision-missing")
    assert set_staff(system, event_id, "b", seen=answer.headers["etag"]).json["staff"] == ["b"]


def test_staff_of_a_draft_are_told_with_its_publication(system: System) -> None:
    event_id = drafted(system)["id"]

    answer = set_staff(system, event_id, "a", "b", "a")

    assert (answer.status, answer.json["staff"], answer.json["terms_version"]) == (200, ["a", "b"], 0)
    assert told(system, event_id) == []
    publish(system, event_id)
    assert told(system, event_id)[0].staff == ("a", "b")


def test_new_staff_of_a_published_event_are_told_and_it_is_sold_as_before(system: System) -> None:
    event_id = drafted(system)["id"]
    publish(system, event_id)
    [before] = told(system, event_id)

    answer = set_staff(system, event_id, "a")

    [message] = told(system, event_id)
    assert (answer.json["staff"], answer.json["terms_version"]) == (["a"], 1)
    assert isinstance(message, EventChanged)
    assert (message.terms_version, message.staff, message.status) == (1, ("a",), "PUBLISHED")
    assert message.event_version == before.event_version + 1


def test_every_message_has_the_version_of_its_own_change(system: System) -> None:
    event_id = drafted(system)["id"]
    set_staff(system, event_id, "a")
    publish(system, event_id)
    assert [one.event_version for one in told(system, event_id)] == [3]

    for staff in ("b", "c"):
        set_staff(system, event_id, staff)

    assert [one.event_version for one in told(system, event_id)] == [5]


def test_the_same_people_again_in_any_order_write_nothing(system: System) -> None:
    event_id = drafted(system)["id"]
    publish(system, event_id)
    set_staff(system, event_id, "a", "b")
    before = system.scan(topology.EVENTS)

    answers = [set_staff(system, event_id, *"ab"), set_staff(system, event_id, *"ba")]

    assert [one.json["staff"] for one in answers] == [["a", "b"]] * 2
    assert system.scan(topology.EVENTS) == before


def test_an_event_whose_staff_changes_every_day_does_not_grow(system: System) -> None:
    event_id = drafted(system)["id"]
    publish(system, event_id)

    for at in range(9):
        set_staff(system, event_id, f"person {at}")

    item = next(one for one in system.scan(topology.EVENTS) if one["pk"] == event_id)
    assert (item["version"], [line["did"] for line in item["logs"]]) == (11, ["create", "publish"])


@pytest.mark.parametrize("user_ids", [["x"] * 51, [""], [7], "x", None])
def test_wrong_staff_is_refused(system: System, user_ids: Any) -> None:
    answer = system.http("PUT /v1/events/x/staff", {"user_ids": user_ids}, by=ORGANISER)

    assert (answer.status, answer.problem) == (422, "invalid")


def test_only_an_organiser_names_staff(system: System) -> None:
    assert system.http("PUT /v1/events/x/staff", {"user_ids": []}, by=BUYER).problem == "role-missing"


# -- two at the same moment --------------------------------------------------------------------------


def test_an_edit_that_another_overtook_is_refused_and_loses_nothing(system: System) -> None:
    event_id = drafted(system, types=...)["id"]
    seen = next(one for one in system.scan(topology.EVENTS) if one["pk"] == event_id)
    add_type(system, event_id)

    with system.acting(row("events.set_staff")), pytest.raises(ChangedMeanwhile) as refused:
        repository.edit(seen, "set_staff", {"staff": ["a"]}, by="o")
    with system.acting(row("events.create_type")), pytest.raises(ChangedMeanwhile):
        repository.edit(seen, "add_type", {"types": []}, by="o", sold=True, log=True)
    with system.acting(row("events.publish_event")), pytest.raises(ChangedMeanwhile):
        repository.publish(seen, by="o")

    assert refused.value.retry_after == 1
    assert len(publish(system, event_id).json["types"]) == 1


def test_an_edit_whose_reply_was_lost_is_done(system: System) -> None:
    event_id = drafted(system)["id"]
    seen = next(one for one in system.scan(topology.EVENTS) if one["pk"] == event_id)

    with system.acting(row("events.set_staff")):
        first, again = (repository.edit(seen, "set_staff", {"staff": ["a"]}, by="o") for _ in "12")

    assert first == again
