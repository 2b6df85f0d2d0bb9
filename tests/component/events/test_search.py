"""Public reads: one event, and the list with its filters and pages."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any

import pytest

from common import clock
from events.core import index_storage
from events.core.search_filters import fold
from infra import topology
from tests.support.system.system import Person, System

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ORGANISER = Person("organiser")


@pytest.fixture(autouse=True)
def fixed_clock() -> Iterator[None]:
    clock.use(lambda: NOW)
    yield
    clock.use()


def create_category(system: System, name: str) -> str:
    return str(system.http("POST /v1/categories", {"name": name, "type": "paid"}, by=Person("admin")).json["id"])


def create_published_event(
    system: System, name: str, *, day: int = 1, category: str = "", price: int = 4500, **changes: Any
) -> str:
    """Publish an event that starts `day` days from now; return its id."""
    starts_at = NOW + timedelta(days=day)
    body = {
        "category_id": category or create_category(system, f"Category of {name}"),
        "name": name,
        "venue": "Hall",
        "city": "Basel",
        "zone": "Europe/Zurich",
        "starts_at": starts_at.isoformat(),
        "ends_at": (starts_at + timedelta(hours=3)).isoformat(),
        "types": [{"name": "Floor", "prices": price, "currency": "CHF", "capacity": 10}],
    } | changes
    event_id = system.http("POST /v1/events", body, by=ORGANISER).json["id"]
    assert system.http(f"POST /v1/events/{event_id}/publish", by=ORGANISER).status == 200
    return str(event_id)


def rebuild_index(system: System) -> None:
    """Rebuild the index and drop the loaded one."""
    system.invoke("events.rebuild_index", {})
    index_storage.clear_cache()


def search(system: System, **query: str) -> list[str]:
    rebuild_index(system)
    response = system.http("GET /v1/events", query=query)
    assert response.status == 200, response.text
    return [one["name"] for one in response.json["items"]]


# -- one event ---------------------------------------------------------------------------------------


def test_published_event_hides_organiser_and_staff(system: System) -> None:
    event_id = create_published_event(system, "Jazz")

    response = system.http(f"GET /v1/events/{event_id}")

    assert response.status == 200
    assert {"id", "category_id", "name", "starts_at", "ends_at", "max_per_user", "status", "types"} <= set(
        response.json
    )
    assert not {"staff", "organiser_id", "logs", "request_hash"} & set(response.json)
    assert set(response.json["types"][0]) == {
        "id", "event_id", "name", "prices", "currency", "status", "capacity", "sale_from", "sale_until", "decimals",
    }  # fmt: skip


def test_cancelled_event_is_readable_but_not_listed(system: System) -> None:
    event_id = create_published_event(system, "Jazz")
    system.update_item(topology.EVENTS, event_id, "event", status="CANCELLED")

    assert system.http(f"GET /v1/events/{event_id}").json["status"] == "CANCELLED"
    assert search(system) == []


def test_unknown_event_is_not_found(system: System) -> None:
    response = system.http("GET /v1/events/nothing")

    assert (response.status, response.problem) == (404, "event-not-found")


# -- filters -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "q",
    ["elan", "ÉLAN", "vit el", "grosse", "Große", "zuri", "ｅｌａｎ", "violin", "élan; zürich", "soirees", "  ", "..."],
)
def test_search_matches_prefixes_ignoring_accents_and_case(system: System, q: str) -> None:
    soiree = create_category(system, "Soirées")
    create_published_event(
        system, "Élan Vital", venue="Große Halle", city="Zürich", description="For violins", category=soiree
    )

    assert search(system, q=q) == ["Élan Vital"]


@pytest.mark.parametrize("q", ["lan", "elan basel", "vitals", "' OR 1=1"])
def test_search_requires_every_word(system: System, q: str) -> None:
    create_published_event(system, "Élan Vital", city="Zürich")

    assert search(system, q=q) == []


def test_category_filter_accepts_id_or_name(system: System) -> None:
    category_id = create_category(system, "Théâtre")
    create_published_event(system, "Hamlet", category=category_id)
    create_published_event(system, "Jazz")

    assert search(system, category=category_id) == search(system, category="theatre") == ["Hamlet"]
    assert search(system, category="theat") == []


def test_city_filter_matches_the_whole_name(system: System) -> None:
    create_published_event(system, "Here", city="Zürich")
    create_published_event(system, "There", city="Zürich Nord")

    assert search(system, city="zurich") == ["Here"]


def test_price_max_filter_matches_cheapest_type(system: System) -> None:
    create_published_event(system, "Cheap", price=100)
    create_published_event(system, "Dear", price=101)

    assert search(system, price_max="100") == ["Cheap"]
    assert search(system, price_max="99") == []


def test_from_and_to_bound_the_start(system: System) -> None:
    for day in (1, 2, 3):
        create_published_event(system, f"Day {day}", day=day)

    second = (NOW + timedelta(days=2)).isoformat()
    assert search(system, **{"from": second}) == ["Day 2", "Day 3"]
    assert search(system, to=second) == ["Day 1", "Day 2"]
    assert search(system, **{"from": second}, to=second) == ["Day 2"]
    assert search(system, **{"from": second}, to=NOW.isoformat()) == []


def test_started_event_is_listed_only_with_from(system: System) -> None:
    create_published_event(system, "Past", day=1)
    clock.use(lambda: NOW + timedelta(days=2))

    assert search(system) == []
    assert search(system, to=NOW.isoformat()) == []
    assert search(system, **{"from": NOW.isoformat()}) == ["Past"]


def test_all_filters_hold_together(system: System) -> None:
    create_published_event(system, "Jazz", city="Bern", price=100)
    create_published_event(system, "Jazz again", city="Bern", price=200)
    create_published_event(system, "Rock", city="Bern", price=100)

    assert search(system, q="jazz", city="bern", price_max="150") == ["Jazz"]


@pytest.mark.parametrize(
    "query",
    [
        {"limit": "0"},
        {"limit": "101"},
        {"limit": "x"},
        {"price_max": "-1"},
        {"from": "yesterday"},
        {"from": "2026-01-01T00:00:00"},
        {"from": "0001-01-01T00:00:00+14:00"},
        {"to": "9999-12-31T23:59:59-14:00"},
        {"from_": "2026-01-01T00:00:00Z"},
        {"sort": "price"},
        {"q": "x" * 201},
        {"mine": "true"},
        {"next_token": ""},
    ],
    ids=repr,
)
def test_invalid_query_parameter_is_rejected(system: System, query: dict[str, str]) -> None:
    response = system.http("GET /v1/events", query=query)

    assert (response.status, response.problem) == (422, "unprocessable")
    assert response.json["errors"][0]["pointer"] == f"/{next(iter(query))}"


# -- pages -------------------------------------------------------------------------------------------


def all_pages(system: System, *, backward: bool = False, **query: str) -> list[list[str]]:
    """Return the names on all pages, read by next tokens, or by previous tokens from the last page."""
    rebuild_index(system)
    bodies = [system.http("GET /v1/events", query=query).json]
    while token := bodies[-1]["next_token"]:
        bodies.append(system.http("GET /v1/events", query=query | {"next_token": token}).json)
    if backward:
        bodies = bodies[-1:]
        while token := bodies[0]["previous_token"]:
            bodies.insert(0, system.http("GET /v1/events", query=query | {"previous_token": token}).json)
    return [[one["name"] for one in page["items"]] for page in bodies]


@pytest.mark.parametrize("sort", ["start", "-start"])
def test_pages_can_be_read_in_both_directions(system: System, sort: str) -> None:
    category = create_category(system, "Thing")
    for day in (5, 3, 1, 4, 2):
        create_published_event(system, str(day), day=day, category=category)
    order = sorted("12345", reverse=sort == "-start")

    forward = all_pages(system, limit="2", sort=sort)
    backward = all_pages(system, backward=True, limit="2", sort=sort)

    assert forward == [order[:2], order[2:4], order[4:]]
    assert backward == forward


def test_filtered_pages_are_complete_in_both_directions(system: System) -> None:
    category = create_category(system, "Thing")
    for day, kind in enumerate("abbabbba", start=1):
        create_published_event(system, f"{kind} {day}", day=day, category=category)

    forward = all_pages(system, limit="2", q="a")
    backward = all_pages(system, backward=True, limit="2", q="a")

    assert [*chain(*forward)] == [*chain(*backward)] == ["a 1", "a 4", "a 8"]


def test_last_full_page_has_no_next_token(system: System) -> None:
    create_published_event(system, "a")
    create_published_event(system, "b", day=2)

    rebuild_index(system)
    body = system.http("GET /v1/events", query={"limit": "1", "q": "a"}).json

    assert (len(body["items"]), body["next_token"], body["previous_token"]) == (1, None, None)


def test_page_token_survives_passing_time(system: System) -> None:
    for day in (1, 2, 3):
        create_published_event(system, str(day), day=day)
    rebuild_index(system)
    token = system.http("GET /v1/events", query={"limit": "1"}).json["next_token"]
    clock.use(lambda: NOW + timedelta(days=2, hours=1))

    assert search(system, limit="1", next_token=token) == ["2"]


def test_page_token_is_bound_to_its_query(system: System) -> None:
    create_published_event(system, "a 1")
    create_published_event(system, "a 2", day=2)
    rebuild_index(system)
    token = system.http("GET /v1/events", query={"limit": "1", "q": "a"}).json["next_token"]

    for query in ({"q": "b"}, {"q": "a", "sort": "-start"}, {"q": "a", "city": "x"}, {}):
        response = system.http("GET /v1/events", query=query | {"limit": "1", "next_token": token})
        assert (response.status, response.problem) == (400, "invalid-page-token")
    assert system.http("GET /v1/categories", query={"next_token": token}).problem == "invalid-page-token"
    assert search(system, q="a", limit="1", next_token=token) == ["a 2"]


def test_fold_removes_case_accents_and_extra_spaces() -> None:
    assert fold("  ŸES\tStraße  Ångström İstanbul ") == "yes strasse angstrom istanbul"
