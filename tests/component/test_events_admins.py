"""What an organiser may do with their event, an admin may with anybody's, and its log says so."""

from collections.abc import Iterator
from typing import Any

import pytest

from common import clock, outbox
from common.bus.events import EventCancelled
from tests.support.organising import ADMIN, NOW, ORGANISER, add_type, drafted, etag, item_of, own, publish
from tests.support.system import Person, System

LATER = {"starts_at": "2026-07-01T20:00:00+02:00", "ends_at": "2026-07-01T23:00:00+02:00"}


@pytest.fixture(autouse=True)
def at_noon() -> Iterator[None]:
    clock.use(lambda: NOW)
    yield
    clock.use()


def by_whom(system: System, event_id: str) -> list[tuple[str, str]]:
    return [(one["did"], one["by"]) for one in item_of(system, event_id)["logs"]]


def call_off(system: System, event_id: str, by: Person) -> Any:
    return system.http(f"POST /v1/events/{event_id}/cancel", {"message": "The house burnt down."}, by=by)


def test_an_admin_runs_an_event_in_its_organisers_place(system: System) -> None:
    event_id = drafted(system)["id"]

    answers = [add_type(system, event_id, by=ADMIN, name="Box"), publish(system, event_id, by=ADMIN)]
    answers += [
        system.http(f"PUT /v1/events/{event_id}/staff", {"user_ids": ["d"]}, by=ADMIN, headers={"If-Match": "*"})
    ]
    answers += [call_off(system, event_id, ADMIN)]

    assert [one.status for one in answers] == [201, 200, 200, 200]
    assert answers[-1].json["organiser_id"] == ORGANISER.user_id
    told = [("create", ORGANISER.user_id), ("add_type", "admin"), ("publish", "admin"), ("cancel", "admin")]
    assert by_whom(system, event_id) == told
    [message] = outbox.published(item_of(system, event_id))
    assert (type(message), message.model_dump()["by"]) == (EventCancelled, "admin")


def test_an_admin_reads_and_copies_an_event_for_its_organiser(system: System) -> None:
    event_id = drafted(system)["id"]
    theirs = f"GET /v1/users/{ORGANISER.user_id}/events"

    listed, shown = system.http(theirs, by=ADMIN), system.http(f"{theirs}/{event_id}", by=ADMIN)
    elsewhere = system.http(f"GET /v1/users/{ADMIN.user_id}/events/{event_id}", by=ADMIN)
    copy = system.http(f"POST /v1/events/{event_id}/clone", LATER, by=ADMIN)

    assert [one["id"] for one in listed.json["items"]] == [event_id]
    assert (shown.json, shown.headers["etag"]) == (own(system, event_id).json, etag(system, event_id))
    assert (elsewhere.status, elsewhere.problem) == (404, "event-unknown")
    assert (copy.status, copy.json["organiser_id"]) == (201, ORGANISER.user_id)
    assert copy.headers["location"] == f"/v1/users/{ORGANISER.user_id}/events/{copy.json['id']}"
    assert by_whom(system, copy.json["id"]) == [("create", "admin")]


def test_an_admins_own_event_says_who_it_was(system: System) -> None:
    admin = Person("admin", user_id=ORGANISER.user_id)
    event_id = drafted(system)["id"]

    publish(system, event_id, by=admin)

    assert by_whom(system, event_id)[-1] == ("publish", ORGANISER.user_id)


def test_a_role_less_than_admin_is_not_enough(system: System) -> None:
    event_id = drafted(system)["id"]

    assert call_off(system, event_id, Person("organiser")).problem == "event-unknown"
    assert call_off(system, event_id, Person()).status == 403
    assert system.http(f"GET /v1/users/{ORGANISER.user_id}/events", by=Person("organiser")).status == 404
