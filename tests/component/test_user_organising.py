"""Whoever organises an event that people can still book or visit does not leave before it is over or cancelled."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from common import clock
from infra.topology import USERS
from tests.component.test_user_erasing import ADMIN, erase
from tests.component.test_user_export import Empty
from tests.component.test_user_profile import ANNA, REGISTERED
from tests.support.organising import NOW, a_category, an_event
from tests.support.system import Person, System

pytestmark = pytest.mark.moto

ORGANISER = Person("organiser", user_id=ANNA.user_id)
OVER = datetime(2026, 6, 2, tzinfo=UTC)


@pytest.fixture(autouse=True)
def at_noon() -> Iterator[None]:
    clock.use(lambda: NOW)
    yield
    clock.use()


@pytest.fixture
def users(system: System) -> System:
    system.deliver(REGISTERED, "user.on_user_registered")
    return system


def an_event_of(system: System, by: Person, *, published: bool = True) -> str:
    made = system.http("POST /v1/events", an_event(a_category(system, f"By {by.user_id[-4:]}")), by=by).json
    if published:
        assert system.http(f"POST /v1/events/{made['id']}/publish", by=by).status == 200
    return str(made["id"])


@pytest.mark.parametrize("by", [ANNA, ADMIN], ids=["oneself", "an admin"])
def test_with_an_open_event_nobody_leaves(users: System, by: Person) -> None:
    event_id = an_event_of(users, ORGANISER)
    before = users.scan(USERS)

    answer = erase(users, by)

    assert (answer.status, answer.problem, answer.json["event_ids"]) == (409, "still-organising", [event_id])
    assert users.scan(USERS) == before


def test_once_it_is_cancelled_they_may(users: System) -> None:
    event_id = an_event_of(users, ORGANISER)
    users.http(f"POST /v1/events/{event_id}/cancel", {"message": "Sorry"}, by=ORGANISER)

    assert erase(users).status == 204


def test_once_it_is_over_they_may_even_if_its_item_does_not_say_so_yet(users: System) -> None:
    an_event_of(users, ORGANISER)
    clock.use(lambda: OVER)

    assert erase(users).status == 204


def test_drafts_and_the_events_of_others_are_in_nobodys_way(users: System) -> None:
    an_event_of(users, ORGANISER, published=False)
    an_event_of(users, Person("organiser"))

    assert erase(users).status == 204


def test_who_has_left_already_is_not_asked_about(users: System, monkeypatch: pytest.MonkeyPatch) -> None:
    erase(users)
    monkeypatch.setattr(users, "_ask", lambda _: pytest.fail("asked"))

    assert erase(users).status == 204
    assert users.http("DELETE /v1/users/invented", by=ADMIN).status == 404


def test_where_nobody_knows_nobody_leaves(users: System, monkeypatch: pytest.MonkeyPatch) -> None:
    before = users.scan(USERS)
    monkeypatch.setattr(users, "_ask", lambda _: {"FunctionError": "Unhandled", "Payload": Empty()})

    answer = erase(users)

    assert (answer.status, answer.problem, users.scan(USERS) == before) == (503, "busy", True)
