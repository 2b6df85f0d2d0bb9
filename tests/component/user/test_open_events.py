"""Users cannot be erased while they organise an open event."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from common import clock
from infra.topology import USERS
from tests.support.drivers.event_driver import NOW, create_category, event_request
from tests.support.drivers.user_driver import ADMIN, ANNA, USER_REGISTERED, EmptyPayload, erase_user
from tests.support.system.system import Person, System

pytestmark = pytest.mark.moto

ORGANISER = Person("organiser", user_id=ANNA.user_id)
AFTER_EVENT = datetime(2026, 6, 2, tzinfo=UTC)


@pytest.fixture(autouse=True)
def fixed_clock() -> Iterator[None]:
    clock.use(lambda: NOW)
    yield
    clock.use()


@pytest.fixture
def users(system: System) -> System:
    system.deliver(USER_REGISTERED, "user.on_user_registered")
    return system


def create_event(system: System, by: Person, *, published: bool = True) -> str:
    event = system.http("POST /v1/events", event_request(create_category(system, f"By {by.user_id[-4:]}")), by=by).json
    if published:
        assert system.http(f"POST /v1/events/{event['id']}/publish", by=by).status == 200
    return str(event["id"])


@pytest.mark.parametrize("by", [ANNA, ADMIN], ids=["oneself", "an admin"])
def test_organiser_with_open_event_cannot_be_erased(users: System, by: Person) -> None:
    event_id = create_event(users, ORGANISER)
    before = users.scan(USERS)

    response = erase_user(users, by)

    assert (response.status, response.problem, response.json["event_ids"]) == (409, "has-open-events", [event_id])
    assert users.scan(USERS) == before


def test_organiser_can_be_erased_after_cancellation(users: System) -> None:
    event_id = create_event(users, ORGANISER)
    users.http(f"POST /v1/events/{event_id}/cancel", {"message": "Sorry"}, by=ORGANISER)

    assert erase_user(users).status == 204


def test_organiser_can_be_erased_after_event_end(users: System) -> None:
    create_event(users, ORGANISER)
    clock.use(lambda: AFTER_EVENT)

    assert erase_user(users).status == 204


def test_drafts_and_foreign_events_do_not_block_erasure(users: System) -> None:
    create_event(users, ORGANISER, published=False)
    create_event(users, Person("organiser"))

    assert erase_user(users).status == 204


def test_erased_user_needs_no_open_event_check(users: System, monkeypatch: pytest.MonkeyPatch) -> None:
    erase_user(users)
    monkeypatch.setattr(users, "_invoke", lambda _: pytest.fail("invoked"))

    assert erase_user(users).status == 204
    assert users.http("DELETE /v1/users/invented", by=ADMIN).status == 404


def test_erasure_fails_when_open_events_are_unknown(users: System, monkeypatch: pytest.MonkeyPatch) -> None:
    before = users.scan(USERS)
    monkeypatch.setattr(users, "_invoke", lambda _: {"FunctionError": "Unhandled", "Payload": EmptyPayload()})

    response = erase_user(users)

    assert (response.status, response.problem, users.scan(USERS) == before) == (503, "service-unavailable", True)
