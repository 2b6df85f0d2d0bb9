"""docs/schemas/: the JSON schemas of all bus events. Changes must be backward compatible: fields are only added."""

import json
from pathlib import Path
from typing import Any

from common.bus import registry

HOME = Path("docs/schemas")


def schemas() -> dict[str, dict[str, Any]]:
    """The JSON schemas of all bus events by wire name."""
    return {name: event.model_json_schema() for name, event in registry().items()}


def texts() -> dict[str, str]:
    """The content of the schema files by file name."""
    return {f"{name}.json": json.dumps(one, indent=2, sort_keys=True) + "\n" for name, one in schemas().items()}


def reject_breaking_changes(root: Path) -> None:
    """Raises ValueError if a bus event lost or changed a field since the committed schema."""
    changes = breaking_changes(snapshots(root), schemas())
    if changes:
        raise ValueError("fields of bus events are only ever added; give it a new revision: " + "; ".join(changes))


def snapshots(root: Path) -> dict[str, dict[str, Any]]:
    """The committed schemas by wire name."""
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted((root / HOME).glob("*.json"))}


def breaking_changes(before: dict[str, dict[str, Any]], after: dict[str, dict[str, Any]]) -> list[str]:
    """The incompatibilities for consumers of either version; empty if none."""
    removed = [f"{name} is gone" for name in before if name not in after]
    return removed + [
        f"{name}{lost}" for name in before if name in after for lost in _object(before[name], after[name])
    ]


def _object(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    lost = _fields(before, after)
    for name, part in before.get("$defs", {}).items():
        new_definition = after.get("$defs", {}).get(name)
        lost += [f" {name}{one}" for one in _fields(part, new_definition)] if new_definition else [f" {name} is gone"]
    return lost


def _fields(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    old, new = before.get("properties", {}), after.get("properties", {})
    lost = [f".{name} is gone" for name in old if name not in new]
    lost += [f".{name} has another type" for name in old if name in new and not _is_compatible(new[name], old[name])]
    required_before, required_now = set(before.get("required", ())), set(after.get("required", ()))
    return lost + [f".{name} must have a default" for name in sorted(required_now - required_before)]


def _is_compatible(new: Any, old: Any) -> bool:
    # Enumerations may gain values; any other part of a schema must stay the same.
    if isinstance(old, dict) and isinstance(new, dict) and ("enum" in old or "const" in old):
        return _enum_values(old) <= _enum_values(new)
    return bool(_without_documentation(new) == _without_documentation(old))


def _enum_values(schema: dict[str, Any]) -> set[str]:
    return set(schema.get("enum", [schema["const"]] if "const" in schema else []))


def _without_documentation(schema: Any) -> Any:
    if isinstance(schema, dict):
        documentation_keys = ("description", "title", "default")
        return {name: _without_documentation(value) for name, value in schema.items() if name not in documentation_keys}
    return [_without_documentation(one) for one in schema] if isinstance(schema, list) else schema
