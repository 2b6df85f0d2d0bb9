"""Conditional requests: the ETag of an event changes with its live data and is valid for edits."""

from collections.abc import Iterator

import pytest

from common import clock
from common.bus.booking import CapacityChanged
from tests.support.drivers.event_driver import NOW, ORGANISER, create_draft, publish
from tests.support.system.system import HttpResponse, System


@pytest.fixture(autouse=True)
def fixed_clock() -> Iterator[None]:
    clock.use(lambda: NOW)
    yield
    clock.use()


def conditional_get(system: System, path: str, first: HttpResponse) -> HttpResponse:
    return system.http(f"GET {path}", headers={"if-none-match": first.headers["etag"]})


def test_capacity_change_changes_the_event_etag(system: System) -> None:
    event = create_draft(system)
    publish(system, event["id"])
    first = system.http(f"GET /v1/events/{event['id']}")
    same = conditional_get(system, f"/v1/events/{event['id']}", first)
    type_id = event["types"][0]["id"]
    envelope = {"bus_event_id": "b1", "occurred_at": NOW, "correlation_id": "c1", "causation_id": "m1", "user_id": "o1"}
    envelope |= {"event_id": event["id"], "event_type_id": type_id, "capacity": 7, "version": 2}
    system.deliver(CapacityChanged.model_validate(envelope), "events.on_capacity_changed")

    changed = conditional_get(system, f"/v1/events/{event['id']}", first)

    assert (same.status, changed.status, changed.json["types"][0]["capacity"]) == (304, 200, 7)


def test_etag_of_public_read_is_valid_for_edits(system: System) -> None:
    event = create_draft(system)
    publish(system, event["id"])
    path, staff = f"PUT /v1/events/{event['id']}/staff", [{"user_ids": [name]} for name in "ab"]
    if_match = {"if-match": system.http(f"GET /v1/events/{event['id']}").headers["etag"]}

    first, second = (system.http(path, named, by=ORGANISER, headers=if_match) for named in staff)

    assert (first.status, second.status, second.problem) == (200, 412, "stale-version")
