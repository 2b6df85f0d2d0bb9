"""The capacity of a type that is not sold yet: booking has not heard of it, and asks events whether it exists."""

from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pytest

from common import clock
from tests.support.organising import NOW, ORGANISER, a_type, drafted, publish
from tests.support.system import Person, Reply, System


@pytest.fixture
def catalogue(system: System) -> Iterator[System]:
    """Events beside booking, which has heard of nothing."""
    clock.use(lambda: NOW)
    yield system
    clock.use()


def resized(system: System, event: dict[str, Any], kind: dict[str, Any], by: Person = ORGANISER) -> Reply:
    return system.http(f"PUT /v1/events/{event['id']}/types/{kind['id']}/capacity", {"capacity": 20}, by=by)


def test_of_a_draft_the_type_itself_is_edited(catalogue: System) -> None:
    event = drafted(catalogue, types=[a_type()])

    answer = resized(catalogue, event, event["types"][0])

    assert (answer.status, answer.problem, answer.headers.get("retry-after")) == (409, "not-published-yet", None)


def test_an_admin_is_told_of_anybodys_draft(catalogue: System) -> None:
    event = drafted(catalogue, types=[a_type()])

    answer = resized(catalogue, event, event["types"][0], by=Person("admin"))

    assert (answer.status, answer.problem) == (409, "not-published-yet")


def test_what_has_just_been_put_on_sale_is_known_in_a_moment(catalogue: System) -> None:
    event = drafted(catalogue, types=[a_type()])
    publish(catalogue, event["id"])

    answer = resized(catalogue, event, event["types"][0])

    assert (answer.status, answer.problem, answer.headers["retry-after"]) == (409, "not-published-yet", "1")


def test_of_the_drafts_of_others_nobody_hears(catalogue: System) -> None:
    event = drafted(catalogue, types=[a_type()])

    theirs = resized(catalogue, event, event["types"][0], by=Person("organiser"))
    no_type = resized(catalogue, event, {"id": "none"})

    assert [(one.status, one.problem) for one in (theirs, no_type)] == [(404, "event-unknown")] * 2


@pytest.mark.moto
def test_while_nobody_knows_nothing_is_said(catalogue: System, monkeypatch: pytest.MonkeyPatch) -> None:
    event = drafted(catalogue, types=[a_type()])
    monkeypatch.setattr(catalogue, "_ask", lambda _: {"FunctionError": "Unhandled", "Payload": BytesIO()})

    answer = resized(catalogue, event, event["types"][0])

    assert (answer.status, answer.problem, answer.headers["retry-after"]) == (503, "busy", "1")
