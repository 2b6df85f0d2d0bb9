"""Capacity of a type that is not on sale yet: booking asks the events service whether it exists."""

from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pytest

from common import clock
from tests.support.drivers.event_driver import NOW, ORGANISER, create_draft, publish, type_request
from tests.support.system.system import HttpResponse, Person, System


@pytest.fixture
def two_services(system: System) -> Iterator[System]:
    """The events service beside booking, which has received no event yet."""
    clock.use(lambda: NOW)
    yield system
    clock.use()


def resize(system: System, event: dict[str, Any], event_type: dict[str, Any], by: Person = ORGANISER) -> HttpResponse:
    return system.http(f"PUT /v1/events/{event['id']}/types/{event_type['id']}/capacity", {"capacity": 20}, by=by)


def test_capacity_of_draft_is_not_published(two_services: System) -> None:
    event = create_draft(two_services, types=[type_request()])

    answer = resize(two_services, event, event["types"][0])

    assert (answer.status, answer.problem, answer.headers.get("retry-after")) == (409, "event-not-published", None)


def test_admin_sees_any_draft(two_services: System) -> None:
    event = create_draft(two_services, types=[type_request()])

    answer = resize(two_services, event, event["types"][0], by=Person("admin"))

    assert (answer.status, answer.problem) == (409, "event-not-published")


def test_recently_published_type_is_retryable(two_services: System) -> None:
    event = create_draft(two_services, types=[type_request()])
    publish(two_services, event["id"])

    answer = resize(two_services, event, event["types"][0])

    assert (answer.status, answer.problem, answer.headers["retry-after"]) == (409, "event-not-published", "1")


def test_drafts_of_others_are_not_disclosed(two_services: System) -> None:
    event = create_draft(two_services, types=[type_request()])

    theirs = resize(two_services, event, event["types"][0], by=Person("organiser"))
    no_type = resize(two_services, event, {"id": "none"})

    assert [(one.status, one.problem) for one in (theirs, no_type)] == [(404, "event-not-found")] * 2


@pytest.mark.moto
def test_unavailable_events_service_is_503(two_services: System, monkeypatch: pytest.MonkeyPatch) -> None:
    event = create_draft(two_services, types=[type_request()])
    monkeypatch.setattr(two_services, "_invoke", lambda _: {"FunctionError": "Unhandled", "Payload": BytesIO()})

    answer = resize(two_services, event, event["types"][0])

    assert (answer.status, answer.problem, answer.headers["retry-after"]) == (503, "service-unavailable", "1")
