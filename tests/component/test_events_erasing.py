"""UserErased at events: what an organiser never published goes, and nothing else."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from common import clock
from common.bus.user import UserErased
from infra.topology import EVENTS
from tests.support.organising import ADMIN, NOW, ORGANISER, a_category, an_event, drafted, item_of, publish, published
from tests.support.refusals import meanwhile
from tests.support.system import Person, System


@pytest.fixture(autouse=True)
def at_noon() -> Iterator[None]:
    clock.use(lambda: NOW)
    yield
    clock.use()


def forget(system: System, by: Person = ORGANISER) -> None:
    fixed = {"bus_event_id": "1", "correlation_id": "c", "causation_id": "c", "user_id": by.user_id}
    erased = UserErased.model_validate(fixed | {"occurred_at": NOW - timedelta(minutes=2)})
    answer = system.deliver(erased, "events.on_user_erased")
    assert answer == {"events.on_user_erased": {"batchItemFailures": []}}


def kept(system: System) -> set[str]:
    return {one["pk"] for one in system.scan(EVENTS) if one["sk"] == "event"}


def test_drafts_go_and_those_that_were_called_off_too(system: System) -> None:
    drafted(system, name="Unseen")
    off: dict[str, Any] = drafted(system)
    system.http(f"POST /v1/events/{off['id']}/cancel", {"message": "Unheard"}, by=ORGANISER)

    forget(system)
    forget(system)

    assert kept(system) == set()
    assert "Unseen" not in str(system.scan(EVENTS))
    assert "Unheard" not in str(system.scan(EVENTS))


def test_what_was_published_stays_as_it_was_whatever_became_of_it(system: System) -> None:
    events = [published(system), published(system)]
    system.http(f"POST /v1/events/{events[1]['id']}/cancel", {"message": "Sorry"}, by=ORGANISER)
    before = [item_of(system, one["id"]) for one in events]

    forget(system)

    assert [item_of(system, one["id"]) for one in events] == before


def test_a_draft_that_is_published_at_that_moment_stays(system: System) -> None:
    draft = drafted(system)

    with meanwhile("DeleteItem", lambda: publish(system, draft["id"])) as acted:
        forget(system)

    assert acted
    assert item_of(system, draft["id"])["status"] == "PUBLISHED"


def test_another_s_drafts_stay(system: System) -> None:
    other = Person("organiser")
    category = a_category(system)
    theirs = system.http("POST /v1/events", an_event(category), by=other).json["id"]
    drafted(system, category_id=category)

    forget(system)

    assert kept(system) == {theirs}
    assert system.http("GET /v1/categories", by=ADMIN).json["items"]
