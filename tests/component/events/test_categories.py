"""Renaming categories: names stay unique, and events are shown and found under the new name."""

from collections.abc import Iterator
from typing import Any

import pytest

from common import clock, outbox
from common.api import Caller, IfMatch
from common.bus.events import CategoryChanged
from common.problems import ConcurrentModification
from events.core import categories, index_storage
from events.core.requests import CategoryEdit
from infra import topology
from tests.support.drivers.event_driver import (
    ADMIN,
    BUYER,
    NOW,
    ORGANISER,
    create_category,
    create_published,
    get_own_event,
    published_events,
)
from tests.support.system.system import HttpResponse, Person, System, eventbridge_event, row, sqs_batch


@pytest.fixture(autouse=True)
def fixed_clock() -> Iterator[None]:
    clock.use(lambda: NOW)
    yield
    clock.use()


def rename(system: System, category_id: str, name: Any, if_match: str | None = "*", by: Person = ADMIN) -> HttpResponse:
    headers = {} if if_match is None else {"if-match": if_match}
    return system.http(f"PUT /v1/categories/{category_id}", {"name": name}, by=by, headers=headers)


def category_events(system: System, category_id: str) -> list[Any]:
    return outbox.outbox_events(next(one for one in system.scan(topology.EVENTS) if one["pk"] == category_id))


def status_and_problem(response: HttpResponse) -> tuple[int, str | None]:
    return response.status, response.problem


def test_created_category_can_be_read_at_its_location(system: System) -> None:
    created = system.http("POST /v1/categories", {"name": "Concert", "type": "paid"}, by=ADMIN)

    read = system.http(f"GET {created.headers['location']}")

    assert (read.status, read.json, read.headers["etag"]) == (200, created.json, '"1"')
    assert status_and_problem(system.http("GET /v1/categories/nothing")) == (404, "category-not-found")


def test_renamed_category_is_shown_on_its_events(system: System) -> None:
    category_id = create_category(system, "Concert")
    event = create_published(system, category_id=category_id)

    response = rename(system, category_id, "Music", if_match='"1"')

    [bus_event] = category_events(system, category_id)
    assert (response.status, response.json["name"], response.json["type"]) == (200, "Music", "paid")
    assert response.headers["etag"] == '"2"'
    assert isinstance(bus_event, CategoryChanged)
    assert (bus_event.category_id, bus_event.name) == (category_id, "Music")
    assert system.http(f"GET /v1/events/{event['id']}").json["category"] == "Music"
    assert get_own_event(system, event["id"]).json["category"] == "Music"
    [listed] = system.http(f"GET /v1/users/{ORGANISER.user_id}/events", by=ORGANISER).json["items"]
    assert listed["category"] == "Music"


def test_renamed_category_is_searchable_by_its_new_name(system: System) -> None:
    renamed, other = create_category(system, "Concert"), create_category(system, "Sport")
    event, _ = create_published(system, category_id=renamed), create_published(system, category_id=other)
    system.invoke("events.rebuild_index", {})
    assert search(system, category="concert") == [event["id"]]

    rename(system, renamed, "Musique")
    system.invoke("events.build_index", sqs_batch(eventbridge_event(category_events(system, renamed)[0])))
    index_storage.clear_cache()

    assert search(system, category="concert") == search(system, q="concert") == []
    assert search(system, category="musique") == search(system, q="musiq") == [event["id"]]


def search(system: System, **query: str) -> list[str]:
    return [one["id"] for one in system.http("GET /v1/events", query=query).json["items"]]


def test_category_name_is_unique_until_it_is_released(system: System) -> None:
    first, second = create_category(system, "Concert"), create_category(system, "Sport")

    conflict = rename(system, second, "CÓNCERT")
    rename(system, first, "Music")
    free = rename(system, second, "Concert")
    created = system.http("POST /v1/categories", {"name": "sport", "type": "free"}, by=ADMIN)

    assert status_and_problem(conflict) == (409, "category-exists")
    assert conflict.json["errors"][0]["pointer"] == "/name"
    assert (free.status, created.status) == (200, 201)
    assert status_and_problem(rename(system, first, "Sport")) == (409, "category-exists")


def test_category_name_may_change_case_and_accents(system: System) -> None:
    category_id = create_category(system, "theatre")

    assert rename(system, category_id, "Théâtre").json["name"] == "Théâtre"
    assert status_and_problem(system.http("POST /v1/categories", {"name": "theatre", "type": "free"}, by=ADMIN)) == (
        409,
        "category-exists",
    )


def test_rename_to_same_name_writes_nothing(system: System) -> None:
    category_id = create_category(system, "Concert")
    before = system.scan(topology.EVENTS)

    assert rename(system, category_id, "Concert").status == 200
    assert system.scan(topology.EVENTS) == before


def test_rename_requires_matching_etag(system: System) -> None:
    category_id = create_category(system, "Concert")

    assert status_and_problem(rename(system, category_id, "Music", if_match=None)) == (428, "if-match-required")
    assert status_and_problem(rename(system, category_id, "Music", if_match='"2"')) == (412, "stale-version")


def test_invalid_rename_is_rejected(system: System) -> None:
    category_id = create_category(system, "Concert")

    assert status_and_problem(rename(system, "nothing", "Music")) == (404, "category-not-found")
    assert status_and_problem(rename(system, category_id, "Music", by=BUYER)) == (403, "role-missing")
    assert status_and_problem(rename(system, category_id, "")) == (422, "unprocessable")


def test_concurrent_renames_do_not_overwrite_each_other(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    category_id = create_category(system, "Concert")
    with system.as_function(row("events.get_category")):
        stale = categories.get(category_id)
    rename(system, category_id, "Music")
    monkeypatch.setattr(categories, "get", lambda _: stale)

    with system.as_function(row("events.update_category")), pytest.raises(ConcurrentModification):
        categories.rename(Caller("a", "s"), category_id, CategoryEdit(name="Sport"), IfMatch("*"))

    created = system.http("POST /v1/categories", {"name": "Sport", "type": "free"}, by=ADMIN)
    assert created.status == 201


def test_rename_writes_no_event_items(system: System) -> None:
    category_id = create_category(system, "Concert")
    event = create_published(system, category_id=category_id)
    before = [one for one in system.scan(topology.EVENTS) if one["pk"] == event["id"]]

    rename(system, category_id, "Music")

    assert [one for one in system.scan(topology.EVENTS) if one["pk"] == event["id"]] == before
    assert published_events(system, event["id"])[0].event_version == 2
