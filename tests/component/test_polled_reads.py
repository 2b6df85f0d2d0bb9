"""Conditional reads: what is shown has a tag that changes with all that is shown, and is good for an edit."""

from collections.abc import Iterator

import pytest

from common import clock
from common.bus.booking import CapacityChanged
from tests.support.organising import NOW, ORGANISER, drafted, publish
from tests.support.system import Reply, System


@pytest.fixture(autouse=True)
def at_noon() -> Iterator[None]:
    clock.use(lambda: NOW)
    yield
    clock.use()


def again(system: System, call: str, first: Reply) -> Reply:
    return system.http(f"GET {call}", headers={"if-none-match": first.headers["etag"]})


def test_an_event_is_sent_again_when_only_its_places_are_others(system: System) -> None:
    event = drafted(system)
    publish(system, event["id"])
    first = system.http(f"GET /v1/events/{event['id']}")
    same = again(system, f"/v1/events/{event['id']}", first)
    kind = event["types"][0]["id"]
    told = {"bus_event_id": "b1", "occurred_at": NOW, "correlation_id": "c1", "causation_id": "m1", "user_id": "o1"}
    told |= {"event_id": event["id"], "event_type_id": kind, "capacity": 7, "version": 2}
    system.deliver(CapacityChanged.model_validate(told), "events.on_capacity_changed")

    moved = again(system, f"/v1/events/{event['id']}", first)

    assert (same.status, moved.status, moved.json["types"][0]["capacity"]) == (304, 200, 7)


def test_the_tag_that_an_event_was_shown_with_is_good_for_an_edit(system: System) -> None:
    event = drafted(system)
    publish(system, event["id"])
    call, staff = f"PUT /v1/events/{event['id']}/staff", [{"user_ids": [name]} for name in "ab"]
    seen = {"if-match": system.http(f"GET /v1/events/{event['id']}").headers["etag"]}

    first, second = (system.http(call, named, by=ORGANISER, headers=seen) for named in staff)

    assert (first.status, second.status, second.problem) == (200, 412, "changed")
