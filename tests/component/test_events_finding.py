"""What the public finds: one event, and the list with its filters and pages."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any

import pytest

from common import clock
from events.core import snapshot
from events.core.search import fold
from infra import topology
from tests.support.system import Person, System

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ORGANISER = Person("organiser")


@pytest.fixture(autouse=True)
def at_noon() -> Iterator[None]:
    clock.use(lambda: NOW)
    yield
    clock.use()


def a_category(system: System, name: str) -> str:
    return str(system.http("POST /v1/categories", {"name": name, "type": "paid"}, by=Person("admin")).json["id"])


def published(system: System, name: str, *, day: int = 1, category: str = "", price: int = 4500, **changes: Any) -> str:
    """A published event that starts so many days from now."""
    starts_at = NOW + timedelta(days=day)
    body = {
        "category_id": category or a_category(system, f"Category of {name}"),
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


def indexed(system: System) -> None:
    """The index as the bus events of this moment leave it, and no reader that knows an older one."""
    system.invoke("events.rebuild_index", {})
    snapshot.forget()


def found(system: System, **query: str) -> list[str]:
    indexed(system)
    answer = system.http("GET /v1/events", query=query)
    assert answer.status == 200, answer.text
    return [one["name"] for one in answer.json["items"]]


# -- one event ---------------------------------------------------------------------------------------


def test_a_published_event_is_public_but_not_its_people(system: System) -> None:
    event_id = published(system, "Jazz")

    answer = system.http(f"GET /v1/events/{event_id}")

    assert answer.status == 200
    assert {"id", "category_id", "name", "starts_at", "ends_at", "max_per_user", "status", "types"} <= set(answer.json)
    assert not {"staff", "organiser_id", "logs", "request_hash"} & set(answer.json)
    assert set(answer.json["types"][0]) == {
        "id", "event_id", "name", "prices", "currency", "status", "capacity", "sale_from", "sale_until", "decimals",
    }  # fmt: skip


def test_a_cancelled_event_can_still_be_read_but_is_not_listed(system: System) -> None:
    event_id = published(system, "Jazz")
    system.alter(topology.EVENTS, event_id, "event", status="CANCELLED")

    assert system.http(f"GET /v1/events/{event_id}").json["status"] == "CANCELLED"
    assert found(system) == []


def test_an_event_that_never_was_is_not_there(system: System) -> None:
    answer = system.http("GET /v1/events/nothing")

    assert (answer.status, answer.problem) == (404, "event-unknown")


# -- filters -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "q",
    ["elan", "ÉLAN", "vit el", "grosse", "Große", "zuri", "ｅｌａｎ", "violin", "élan; zürich", "soirees", "  ", "..."],
)
def test_words_are_found_by_their_beginning_whatever_accents_and_case(system: System, q: str) -> None:
    soiree = a_category(system, "Soirées")
    published(system, "Élan Vital", venue="Große Halle", city="Zürich", description="For violins", category=soiree)

    assert found(system, q=q) == ["Élan Vital"]


@pytest.mark.parametrize("q", ["lan", "elan basel", "vitals", "' OR 1=1"])
def test_every_word_must_be_found(system: System, q: str) -> None:
    published(system, "Élan Vital", city="Zürich")

    assert found(system, q=q) == []


def test_a_category_is_named_by_id_or_name(system: System) -> None:
    category_id = a_category(system, "Théâtre")
    published(system, "Hamlet", category=category_id)
    published(system, "Jazz")

    assert found(system, category=category_id) == found(system, category="theatre") == ["Hamlet"]
    assert found(system, category="theat") == []


def test_a_city_is_the_whole_city(system: System) -> None:
    published(system, "Here", city="Zürich")
    published(system, "There", city="Zürich Nord")

    assert found(system, city="zurich") == ["Here"]


def test_price_max_looks_for_a_type_at_most_that_dear(system: System) -> None:
    published(system, "Cheap", price=100)
    published(system, "Dear", price=101)

    assert found(system, price_max="100") == ["Cheap"]
    assert found(system, price_max="99") == []


def test_from_and_to_bound_the_start(system: System) -> None:
    for day in (1, 2, 3):
        published(system, f"Day {day}", day=day)

    second = (NOW + timedelta(days=2)).isoformat()
    assert found(system, **{"from": second}) == ["Day 2", "Day 3"]
    assert found(system, to=second) == ["Day 1", "Day 2"]
    assert found(system, **{"from": second}, to=second) == ["Day 2"]
    assert found(system, **{"from": second}, to=NOW.isoformat()) == []


def test_what_has_begun_is_listed_only_on_request(system: System) -> None:
    published(system, "Past", day=1)
    clock.use(lambda: NOW + timedelta(days=2))

    assert found(system) == []
    assert found(system, to=NOW.isoformat()) == []
    assert found(system, **{"from": NOW.isoformat()}) == ["Past"]


def test_all_filters_hold_together(system: System) -> None:
    published(system, "Jazz", city="Bern", price=100)
    published(system, "Jazz again", city="Bern", price=200)
    published(system, "Rock", city="Bern", price=100)

    assert found(system, q="jazz", city="bern", price_max="150") == ["Jazz"]


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
def test_a_wrong_parameter_is_refused(system: System, query: dict[str, str]) -> None:
    answer = system.http("GET /v1/events", query=query)

    assert (answer.status, answer.problem) == (422, "invalid")
    assert answer.json["errors"][0]["pointer"] == f"/{next(iter(query))}"


# -- pages -------------------------------------------------------------------------------------------


def pages(system: System, *, back_from_the_end: bool = False, **query: str) -> list[list[str]]:
    """All pages in their order, as the next tokens lead to them, or the previous ones from the last page."""
    indexed(system)
    read = [system.http("GET /v1/events", query=query).json]
    while token := read[-1]["next_token"]:
        read.append(system.http("GET /v1/events", query=query | {"next_token": token}).json)
    if back_from_the_end:
        read = read[-1:]
        while token := read[0]["previous_token"]:
            read.insert(0, system.http("GET /v1/events", query=query | {"previous_token": token}).json)
    return [[one["name"] for one in page["items"]] for page in read]


@pytest.mark.parametrize("sort", ["start", "-start"])
def test_pages_can_be_turned_both_ways(system: System, sort: str) -> None:
    category = a_category(system, "Thing")
    for day in (5, 3, 1, 4, 2):
        published(system, str(day), day=day, category=category)
    order = sorted("12345", reverse=sort == "-start")

    forth = pages(system, limit="2", sort=sort)
    back = pages(system, back_from_the_end=True, limit="2", sort=sort)

    assert forth == [order[:2], order[2:4], order[4:]]
    assert back == forth


def test_a_filtered_list_loses_and_repeats_nothing_in_either_direction(system: System) -> None:
    category = a_category(system, "Thing")
    for day, kind in enumerate("abbabbba", start=1):
        published(system, f"{kind} {day}", day=day, category=category)

    forth = pages(system, limit="2", q="a")
    back = pages(system, back_from_the_end=True, limit="2", q="a")

    assert [*chain(*forth)] == [*chain(*back)] == ["a 1", "a 4", "a 8"]


def test_the_last_full_page_leads_nowhere(system: System) -> None:
    published(system, "a")
    published(system, "b", day=2)

    indexed(system)
    answer = system.http("GET /v1/events", query={"limit": "1", "q": "a"}).json

    assert (len(answer["items"]), answer["next_token"], answer["previous_token"]) == (1, None, None)


def test_time_passing_does_not_break_a_token(system: System) -> None:
    for day in (1, 2, 3):
        published(system, str(day), day=day)
    indexed(system)
    token = system.http("GET /v1/events", query={"limit": "1"}).json["next_token"]
    clock.use(lambda: NOW + timedelta(days=2, hours=1))

    assert found(system, limit="1", next_token=token) == ["2"]


def test_a_token_belongs_to_its_query(system: System) -> None:
    published(system, "a 1")
    published(system, "a 2", day=2)
    indexed(system)
    token = system.http("GET /v1/events", query={"limit": "1", "q": "a"}).json["next_token"]

    for query in ({"q": "b"}, {"q": "a", "sort": "-start"}, {"q": "a", "city": "x"}, {}):
        answer = system.http("GET /v1/events", query=query | {"limit": "1", "next_token": token})
        assert (answer.status, answer.problem) == (400, "bad-token")
    assert system.http("GET /v1/categories", query={"next_token": token}).problem == "bad-token"
    assert found(system, q="a", limit="1", next_token=token) == ["a 2"]


def test_folding_leaves_words_as_people_type_them() -> None:
    assert fold("  ŸES\tStraße  Ångström İstanbul ") == "yes strasse angstrom istanbul"
