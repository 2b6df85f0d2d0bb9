"""Bus events: the examples are valid, and no event loses a field."""

import copy
import json
import re
from collections.abc import Callable
from typing import Any

import pytest

import common.bus
from common.bus import BusEvent, registry
from tools.docs import bus, introspection, schemas
from tools.docs.examples import example

EVENTS = list(registry().values())


@pytest.mark.parametrize("event", EVENTS, ids=lambda one: one.__name__)
def test_bus_event_example_round_trips(event: type[BusEvent]) -> None:
    payload = json.loads(bus.example_payload(event))

    received = event.model_validate(payload["detail"])

    assert received == example(event)
    assert json.loads(received.model_dump_json()) == payload["detail"]
    assert (payload["source"], payload["detail-type"]) == (event.source, event.wire_name())


@pytest.mark.parametrize("event", EVENTS, ids=lambda one: one.__name__)
def test_bus_event_has_a_one_sentence_docstring(event: type[BusEvent]) -> None:
    assert event.__doc__ not in (None, event.__base__.__doc__ if event.__base__ else None)
    assert (event.__doc__ or "").strip().endswith(".")


@pytest.mark.parametrize("event", EVENTS, ids=lambda one: one.__name__)
def test_bus_event_is_listed_in_package_docstring(event: type[BusEvent]) -> None:
    assert event.__name__ in re.findall(r"\w+", common.bus.__doc__ or "")


@pytest.mark.parametrize("event", EVENTS, ids=lambda one: one.__name__)
def test_bus_event_ignores_unknown_fields(event: type[BusEvent]) -> None:
    sent = json.loads(example(event).model_dump_json()) | {"added_later": 1}

    assert event.model_validate(sent) == example(event)


@pytest.mark.parametrize("event", EVENTS, ids=lambda one: one.__name__)
def test_message_of_the_snapshot_remains_readable(event: type[BusEvent]) -> None:
    known = schemas.snapshots(introspection.ROOT)[event.wire_name()]["properties"]
    sent = {name: value for name, value in json.loads(example(event).model_dump_json()).items() if name in known}

    assert event.model_validate(sent).bus_event_id == example(event).bus_event_id


def test_bus_event_fields_are_only_added() -> None:
    assert schemas.breaking_changes(schemas.snapshots(introspection.ROOT), schemas.schemas()) == []


def test_every_bus_event_has_its_snapshot() -> None:
    assert set(schemas.snapshots(introspection.ROOT)) == set(registry())


def remove_field(one: dict[str, Any]) -> None:
    del one["properties"]["prices"]


def change_type(one: dict[str, Any]) -> None:
    one["properties"]["prices"] = {"type": "string"}


def require_new_field(one: dict[str, Any]) -> None:
    one["properties"]["new"] = {"type": "string"}
    one["required"] = [*one["required"], "new"]


def remove_nested_field(one: dict[str, Any]) -> None:
    del one["$defs"]["BookedItem"]["properties"]["qty"]


def remove_nested_type(one: dict[str, Any]) -> None:
    del one["$defs"]["BookedItem"]


@pytest.mark.parametrize(
    "harm", [remove_field, change_type, require_new_field, remove_nested_field, remove_nested_type]
)
def test_breaking_schema_change_is_detected(harm: Callable[[dict[str, Any]], None]) -> None:
    name = "BookingConfirmed.v1"
    before, after = {name: schemas.schemas()[name]}, {name: copy.deepcopy(schemas.schemas()[name])}
    harm(after[name])

    assert len(schemas.breaking_changes(before, after)) == 1


def test_removed_event_or_enum_value_is_detected() -> None:
    before = schemas.schemas()
    after = copy.deepcopy(before)
    del after["BookingOrdered.v1"]
    after["BookingFailed.v1"]["properties"]["reason"]["enum"].pop()

    assert schemas.breaking_changes(before, after) == [
        "BookingOrdered.v1 is gone",
        "BookingFailed.v1.reason has another type",
    ]


def test_added_field_enum_value_or_event_is_compatible() -> None:
    before = schemas.schemas()
    after = copy.deepcopy(before) | {"New.v1": {"properties": {}}}
    after["BookingOrdered.v1"]["properties"]["note"] = {"type": "string", "default": ""}
    after["BookingFailed.v1"]["properties"]["reason"]["enum"].append("another")

    assert schemas.breaking_changes(before, after) == []
