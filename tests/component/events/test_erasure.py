"""UserErased at events: deletes the drafts of the organiser and nothing else."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from common import clock
from common.bus.user import UserErased
from infra.topology import EVENTS
from tests.support.drivers.event_driver import (
    ADMIN,
    NOW,
    ORGANISER,
    create_category,
    create_draft,
    create_published,
    event_request,
    publish,
    stored_event,
)
from tests.support.faults.aws_errors import interleaved
from tests.support.system.system import Person, System


@pytest.fixture(autouse=True)
def fixed_clock() -> Iterator[None]:
    clock.use(lambda: NOW)
    yield
    clock.use()


def erase(system: System, by: Person = ORGANISER) -> None:
    fixed = {"bus_event_id": "1", "correlation_id": "c", "causation_id": "c", "user_id": by.user_id}
    erased = UserErased.model_validate(fixed | {"occurred_at": NOW - timedelta(minutes=2)})
    response = system.deliver(erased, "events.on_user_erased")
    assert response == {"events.on_user_erased": {"batchItemFailures": []}}


def stored_event_ids(system: System) -> set[str]:
    return {one["pk"] for one in system.scan(EVENTS) if one["sk"] == "event"}


def test_erasure_deletes_drafts_and_cancelled_drafts(system: System) -> None:
    create_draft(system, name="Unseen")
    cancelled: dict[str, Any] = create_draft(system)
    system.http(f"POST /v1/events/{cancelled['id']}/cancel", {"message": "Unheard"}, by=ORGANISER)

    erase(system)
    erase(system)

    assert stored_event_ids(system) == set()
    assert "Unseen" not in str(system.scan(EVENTS))
    assert "Unheard" not in str(system.scan(EVENTS))


def test_erasure_keeps_published_and_cancelled_events(system: System) -> None:
    events = [create_published(system), create_published(system)]
    system.http(f"POST /v1/events/{events[1]['id']}/cancel", {"message": "Sorry"}, by=ORGANISER)
    before = [stored_event(system, one["id"]) for one in events]

    erase(system)

    assert [stored_event(system, one["id"]) for one in events] == before


def test_erasure_keeps_draft_published_concurrently(system: System) -> None:
    draft = create_draft(system)

    with interleaved("DeleteItem", lambda: publish(system, draft["id"])) as acted:
        erase(system)

    assert acted
    assert stored_event(system, draft["id"])["status"] == "PUBLISHED"


def test_erasure_keeps_drafts_of_other_organisers(system: System) -> None:
    other = Person("organiser")
    category = create_category(system)
    theirs = system.http("POST /v1/events", event_request(category), by=other).json["id"]
    create_draft(system, category_id=category)

    erase(system)

    assert stored_event_ids(system) == {theirs}
    assert system.http("GET /v1/categories", by=ADMIN).json["items"]
