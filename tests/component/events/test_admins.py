"""Admins may do with any event what its organiser may; the audit log names them."""

from collections.abc import Iterator
from typing import Any

import pytest

from common import clock, outbox
from common.bus.events import EventCancelled
from tests.support.drivers.event_driver import (
    ADMIN,
    NOW,
    ORGANISER,
    add_type,
    create_draft,
    get_own_event,
    own_etag,
    publish,
    stored_event,
)
from tests.support.system.system import Person, System

NEW_TIMES = {"starts_at": "2026-07-01T20:00:00+02:00", "ends_at": "2026-07-01T23:00:00+02:00"}


@pytest.fixture(autouse=True)
def fixed_clock() -> Iterator[None]:
    clock.use(lambda: NOW)
    yield
    clock.use()


def log_entries(system: System, event_id: str) -> list[tuple[str, str]]:
    return [(one["action"], one["actor"]) for one in stored_event(system, event_id)["logs"]]


def cancel(system: System, event_id: str, by: Person) -> Any:
    return system.http(f"POST /v1/events/{event_id}/cancel", {"message": "The house burnt down."}, by=by)


def test_admin_manages_event_for_its_organiser(system: System) -> None:
    event_id = create_draft(system)["id"]

    responses = [add_type(system, event_id, by=ADMIN, name="Box"), publish(system, event_id, by=ADMIN)]
    responses += [
        system.http(f"PUT /v1/events/{event_id}/staff", {"user_ids": ["d"]}, by=ADMIN, headers={"If-Match": "*"})
    ]
    responses += [cancel(system, event_id, ADMIN)]

    assert [one.status for one in responses] == [201, 200, 200, 200]
    assert responses[-1].json["organiser_id"] == ORGANISER.user_id
    expected_log = [("create", ORGANISER.user_id), ("add_type", "admin"), ("publish", "admin"), ("cancel", "admin")]
    assert log_entries(system, event_id) == expected_log
    [bus_event] = outbox.outbox_events(stored_event(system, event_id))
    assert (type(bus_event), bus_event.model_dump()["by"]) == (EventCancelled, "admin")


def test_admin_reads_and_clones_event_for_its_organiser(system: System) -> None:
    event_id = create_draft(system)["id"]
    path = f"GET /v1/users/{ORGANISER.user_id}/events"

    listed, read = system.http(path, by=ADMIN), system.http(f"{path}/{event_id}", by=ADMIN)
    under_admin = system.http(f"GET /v1/users/{ADMIN.user_id}/events/{event_id}", by=ADMIN)
    copy = system.http(f"POST /v1/events/{event_id}/clone", NEW_TIMES, by=ADMIN)

    assert [one["id"] for one in listed.json["items"]] == [event_id]
    assert (read.json, read.headers["etag"]) == (get_own_event(system, event_id).json, own_etag(system, event_id))
    assert (under_admin.status, under_admin.problem) == (404, "event-not-found")
    assert (copy.status, copy.json["organiser_id"]) == (201, ORGANISER.user_id)
    assert copy.headers["location"] == f"/v1/users/{ORGANISER.user_id}/events/{copy.json['id']}"
    assert log_entries(system, copy.json["id"]) == [("create", "admin")]


def test_admin_is_logged_by_id_on_own_event(system: System) -> None:
    admin = Person("admin", user_id=ORGANISER.user_id)
    event_id = create_draft(system)["id"]

    publish(system, event_id, by=admin)

    assert log_entries(system, event_id)[-1] == ("publish", ORGANISER.user_id)


def test_other_roles_cannot_manage_foreign_events(system: System) -> None:
    event_id = create_draft(system)["id"]

    assert cancel(system, event_id, Person("organiser")).problem == "event-not-found"
    assert cancel(system, event_id, Person()).status == 403
    assert system.http(f"GET /v1/users/{ORGANISER.user_id}/events", by=Person("organiser")).status == 404
