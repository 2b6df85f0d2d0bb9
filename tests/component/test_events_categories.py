"""Renaming categories: the name moves whole, and events are shown and found under it."""

from collections.abc import Iterator
from typing import Any

import pytest

from common import clock, outbox
from common.api import Caller, IfMatch
from common.bus.events import CategoryChanged
from events.core import categories, snapshot
from events.core.errors import ChangedMeanwhile
from events.core.requests import CategoryEdit
from infra import topology
from tests.support.organising import ADMIN, BUYER, NOW, ORGANISER, a_category, own, published, told
from tests.support.system import Person, Reply, System, batch, eventbridge, row


@pytest.fixture(autouse=True)
def at_noon() -> Iterator[None]:
    clock.use(lambda: NOW)
    yield
    clock.use()


def rename(system: System, category_id: str, name: Any, seen: str | None = "*", by: Person = ADMIN) -> Reply:
    headers = {} if seen is None else {"if-match": seen}
    return system.http(f"PUT /v1/categories/{category_id}", {"name": name}, by=by, headers=headers)


def news(system: System, category_id: str) -> list[Any]:
    return outbox.published(next(one for one in system.scan(topology.EVENTS) if one["pk"] == category_id))


def refused(answer: Reply) -> tuple[int, str | None]:
    return answer.status, answer.problem


def test_a_category_has_an_address(system: System) -> None:
    made = system.http("POST /v1/categories", {"name": "Concert", "type": "paid"}, by=ADMIN)

    read = system.http(f"GET {made.headers['location']}")

    assert (read.status, read.json, read.headers["etag"]) == (200, made.json, '"1"')
    assert refused(system.http("GET /v1/categories/nothing")) == (404, "no-such-category")


def test_an_admin_renames_a_category_and_its_events_are_shown_under_the_new_name(system: System) -> None:
    category_id = a_category(system, "Concert")
    event = published(system, category_id=category_id)

    answer = rename(system, category_id, "Music", seen='"1"')

    [message] = news(system, category_id)
    assert (answer.status, answer.json["name"], answer.json["type"]) == (200, "Music", "paid")
    assert answer.headers["etag"] == '"2"'
    assert isinstance(message, CategoryChanged)
    assert (message.category_id, message.name) == (category_id, "Music")
    assert system.http(f"GET /v1/events/{event['id']}").json["category"] == "Music"
    assert own(system, event["id"]).json["category"] == "Music"
    [listed] = system.http(f"GET /v1/users/{ORGANISER.user_id}/events", by=ORGANISER).json["items"]
    assert listed["category"] == "Music"


def test_a_renamed_category_is_searched_by_its_new_name(system: System) -> None:
    renamed, other = a_category(system, "Concert"), a_category(system, "Sport")
    event, _ = published(system, category_id=renamed), published(system, category_id=other)
    system.invoke("events.rebuild_index", {})
    assert found(system, category="concert") == [event["id"]]

    rename(system, renamed, "Musique")
    system.invoke("events.build_index", batch(eventbridge(news(system, renamed)[0])))
    snapshot.forget()

    assert found(system, category="concert") == found(system, q="concert") == []
    assert found(system, category="musique") == found(system, q="musiq") == [event["id"]]


def found(system: System, **query: str) -> list[str]:
    return [one["id"] for one in system.http("GET /v1/events", query=query).json["items"]]


def test_a_name_that_is_taken_is_refused_and_one_that_was_left_is_free(system: System) -> None:
    first, second = a_category(system, "Concert"), a_category(system, "Sport")

    taken = rename(system, second, "CÓNCERT")
    rename(system, first, "Music")
    free = rename(system, second, "Concert")
    made = system.http("POST /v1/categories", {"name": "sport", "type": "free"}, by=ADMIN)

    assert refused(taken) == (409, "category-exists")
    assert taken.json["errors"][0]["pointer"] == "/name"
    assert (free.status, made.status) == (200, 201)
    assert refused(rename(system, first, "Sport")) == (409, "category-exists")


def test_a_name_may_change_its_case_and_accents(system: System) -> None:
    category_id = a_category(system, "theatre")

    assert rename(system, category_id, "Théâtre").json["name"] == "Théâtre"
    assert refused(system.http("POST /v1/categories", {"name": "theatre", "type": "free"}, by=ADMIN)) == (
        409,
        "category-exists",
    )


def test_the_same_name_writes_nothing(system: System) -> None:
    category_id = a_category(system, "Concert")
    before = system.scan(topology.EVENTS)

    assert rename(system, category_id, "Concert").status == 200
    assert system.scan(topology.EVENTS) == before


def test_renaming_needs_the_revision_that_was_read(system: System) -> None:
    category_id = a_category(system, "Concert")

    assert refused(rename(system, category_id, "Music", seen=None)) == (428, "revision-missing")
    assert refused(rename(system, category_id, "Music", seen='"2"')) == (412, "changed")


def test_what_cannot_be_renamed_is_refused(system: System) -> None:
    category_id = a_category(system, "Concert")

    assert refused(rename(system, "nothing", "Music")) == (404, "no-such-category")
    assert refused(rename(system, category_id, "Music", by=BUYER)) == (403, "role-missing")
    assert refused(rename(system, category_id, "")) == (422, "invalid")


def test_two_who_rename_at_once_do_not_overwrite_each_other(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    category_id = a_category(system, "Concert")
    with system.acting(row("events.get_category")):
        seen = categories.read(category_id)
    rename(system, category_id, "Music")
    monkeypatch.setattr(categories, "read", lambda _: seen)

    with system.acting(row("events.update_category")), pytest.raises(ChangedMeanwhile):
        categories.rename(Caller("a", "s"), category_id, CategoryEdit(name="Sport"), IfMatch("*"))

    made = system.http("POST /v1/categories", {"name": "Sport", "type": "free"}, by=ADMIN)
    assert made.status == 201


def test_an_event_says_the_name_of_its_category_only_to_those_who_read_it(system: System) -> None:
    """A rename is one write: no event is written for it."""
    category_id = a_category(system, "Concert")
    event = published(system, category_id=category_id)
    before = [one for one in system.scan(topology.EVENTS) if one["pk"] == event["id"]]

    rename(system, category_id, "Music")

    assert [one for one in system.scan(topology.EVENTS) if one["pk"] == event["id"]] == before
    assert told(system, event["id"])[0].event_version == 2
