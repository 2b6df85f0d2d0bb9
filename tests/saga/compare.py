"""When two runs ended alike: their tables, without times and what is random by nature."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

Tables = Mapping[str, Sequence[Mapping[str, Any]]]

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|\+00:00)")
# How often something was looked at is a path's own: what is counted and said in the end is compared.
_PATHS = {
    "tally": {"version", "outbox", "outbox_version", "operation", "updated_at", "changed_at"},
    "counted": {"seen"},
}
# What the practice provider counts of its own faults. Where the reconciler is in its round is its own matter, too.
_OWN = ("control", "faults")
_EPOCHS = {"expires_at", "created", "completed_at"}  # seconds
_RANDOM = {
    "message_id": "the mail service's",
    "password": "salted",
    "digest": "of a text that holds the time",
    "family": "drawn",
    "token_hash": "of what was drawn",
    "previous_hash": "of what was drawn",
}


def plain(tables: Tables) -> dict[str, list[Any]]:
    """The tables without times; ids need no care, for the driver's are the same in every run."""
    return {
        name: [_plain(_ended(one)) for one in items if one["sk"].split("#")[0] not in _OWN]
        for name, items in tables.items()
        if name != "rounds"
    }


def without(tables: dict[str, list[Any]], *names: str) -> dict[str, list[Any]]:
    """The same without these attributes, wherever they stand."""
    return {table: [_without(one, names) for one in items] for table, items in tables.items()}


def _ended(item: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in item.items() if name not in _PATHS.get(item["sk"], ())}


def _plain(value: Any, name: str = "") -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(inner, key) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, str):
        return f"({_RANDOM[name]})" if name in _RANDOM else _TIME.sub("(time)", value)
    return "(time)" if name in _EPOCHS else value


def _without(value: Any, names: tuple[str, ...]) -> Any:
    if isinstance(value, Mapping):
        return {key: _without(inner, names) for key, inner in value.items() if key not in names}
    return [_without(inner, names) for inner in value] if isinstance(value, list) else value
