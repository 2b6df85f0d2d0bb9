"""Comparison of the final tables of two runs, without times and random values."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

Tables = Mapping[str, Sequence[Mapping[str, Any]]]

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|\+00:00)")
# The number of updates depends on the order of deliveries; final counts and published statuses are compared.
_PATH_DEPENDENT = {
    "tally": {"version", "outbox", "outbox_version", "operation", "updated_at", "changed_at"},
    "counted": {"seen"},
}
# Fault counters of the sandbox, and checkpoints of the reconciler's sweep.
_IGNORED_KINDS = ("control", "faults")
_EPOCH_ATTRIBUTES = {"expires_at", "created", "completed_at"}  # seconds
_RANDOM_ATTRIBUTES = {
    "message_id": "from SES",
    "password": "salted hash",
    "digest": "of a text with times",
    "family": "random",
    "token_hash": "of a random token",
    "previous_hash": "of a random token",
}


def normalise(tables: Tables) -> dict[str, list[Any]]:
    """The tables with placeholders for times and random values; ids are deterministic in the driver."""
    return {
        name: [
            _normalise_value(_without_path_dependent(one))
            for one in items
            if one["sk"].split("#")[0] not in _IGNORED_KINDS
        ]
        for name, items in tables.items()
        if name != "reconciliation"
    }


def without_attributes(tables: dict[str, list[Any]], *names: str) -> dict[str, list[Any]]:
    """The tables without these attributes, at any depth."""
    return {table: [_without_names(one, names) for one in items] for table, items in tables.items()}


def _without_path_dependent(item: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in item.items() if name not in _PATH_DEPENDENT.get(item["sk"], ())}


def _normalise_value(value: Any, name: str = "") -> Any:
    if isinstance(value, Mapping):
        return {key: _normalise_value(inner, key) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_normalise_value(inner) for inner in value]
    if isinstance(value, str):
        return f"({_RANDOM_ATTRIBUTES[name]})" if name in _RANDOM_ATTRIBUTES else _TIME.sub("(time)", value)
    return "(time)" if name in _EPOCH_ATTRIBUTES else value


def _without_names(value: Any, names: tuple[str, ...]) -> Any:
    if isinstance(value, Mapping):
        return {key: _without_names(inner, names) for key, inner in value.items() if key not in names}
    return [_without_names(inner, names) for inner in value] if isinstance(value, list) else value
