"""The bus's messages: every example is one, and none ever loses a field."""

import copy
import json
import re
from collections.abc import Callable
from typing import Any

import pytest

import common.bus
from common.bus import BusEvent, registry
from tools.docs import bus, read, schemas
from tools.docs.examples import example

EVENTS = list(registry().values())


@pytest.mark.parametrize("event", EVENTS, ids=lambda one: one.__name__)
def test_the_example_of_a_bus_event_survives_the_journey(event: type[BusEvent]) -> None:
    shown = json.loads(bus.payload(event))

    received = event.model_validate(shown["detail"])

    assert received == example(event)
    assert json.loads(received.model_dump_json()) == shown["detail"]
    assert (shown["source"], shown["detail-type"]) == (event.source, event.wire_name())


@pytest.mark.parametrize("event", EVENTS, ids=lambda one: one.__name__)
def test_a_bus_event_says_in_a_sentence_what_happened(event: type[BusEvent]) -> None:
    assert event.__doc__ not in (None, event.__base__.__doc__ if event.__base__ else None)
    assert (event.__doc__ or "").strip().endswith(".")


@pytest.mark.parametrize("event", EVENTS, ids=lambda one: one.__name__)
def test_a_bus_event_stands_in_the_tree_of_the_bus(event: type[BusEvent]) -> None:
    assert event.__name__ in re.findall(r"\w+", common.bus.__doc__ or "")


@pytest.mark.parametrize("event", EVENTS, ids=lambda one: one.__name__)
def test_a_reader_ignores_fields_that_it_does_not_know(event: type[BusEvent]) -> None:
    sent = json.loads(example(event).model_dump_json()) | {"added_later": 1}

    assert event.model_validate(sent) == example(event)


@pytest.mark.parametrize("event", EVENTS, ids=lambda one: one.__name__)
def test_a_message_of_the_snapshot_can_still_be_read(event: type[BusEvent]) -> None:
    known = schemas.snapshots(read.ROOT)[event.wire_name()]["properties"]
    sent = {name: value for name, value in json.loads(example(event).model_dump_json()).items() if name in known}

    assert event.model_validate(sent).bus_event_id == example(event).bus_event_id


def test_fields_of_bus_events_are_only_ever_added() -> None:
    assert schemas.losses(schemas.snapshots(read.ROOT), schemas.schemas()) == []


def test_every_bus_event_has_its_snapshot() -> None:
    assert set(schemas.snapshots(read.ROOT)) == set(registry())


def removed(one: dict[str, Any]) -> None:
    del one["properties"]["prices"]


def retyped(one: dict[str, Any]) -> None:
    one["properties"]["prices"] = {"type": "string"}


def demanded(one: dict[str, Any]) -> None:
    one["properties"]["new"] = {"type": "string"}
    one["required"] = [*one["required"], "new"]


def part_lost_a_field(one: dict[str, Any]) -> None:
    del one["$defs"]["BookedItem"]["properties"]["qty"]


def part_gone(one: dict[str, Any]) -> None:
    del one["$defs"]["BookedItem"]


@pytest.mark.parametrize("harm", [removed, retyped, demanded, part_lost_a_field, part_gone])
def test_a_change_that_breaks_a_reader_is_found(harm: Callable[[dict[str, Any]], None]) -> None:
    name = "BookingConfirmed.v1"
    before, after = {name: schemas.schemas()[name]}, {name: copy.deepcopy(schemas.schemas()[name])}
    harm(after[name])

    assert len(schemas.losses(before, after)) == 1


def test_a_bus_event_that_is_gone_or_lost_a_word_is_found() -> None:
    before = schemas.schemas()
    after = copy.deepcopy(before)
    del after["BookingOrdered.v1"]
    after["BookingFailed.v1"]["properties"]["reason"]["enum"].pop()

    assert schemas.losses(before, after) == ["BookingOrdered.v1 is gone", "BookingFailed.v1.reason has another type"]


def test_an_added_field_word_or_bus_event_breaks_nobody() -> None:
    before = schemas.schemas()
    after = copy.deepcopy(before) | {"New.v1": {"properties": {}}}
    after["BookingOrdered.v1"]["properties"]["note"] = {"type": "string", "default": ""}
    after["BookingFailed.v1"]["properties"]["reason"]["enum"].append("another")

    assert schemas.losses(before, after) == []
