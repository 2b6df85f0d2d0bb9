"""docs/schemas/: what travels on the bus, field by field. Fields are only ever added."""

import json
from pathlib import Path
from typing import Any

from common.bus import registry

HOME = Path("docs/schemas")


def schemas() -> dict[str, dict[str, Any]]:
    """The JSON schema of every bus event by its wire name."""
    return {name: event.model_json_schema() for name, event in registry().items()}


def texts() -> dict[str, str]:
    """The files by name."""
    return {f"{name}.json": json.dumps(one, indent=2, sort_keys=True) + "\n" for name, one in schemas().items()}


def refuse_losses(root: Path) -> None:
    """Raises ValueError if a bus event lost or changed a field since its snapshot was taken."""
    lost = losses(snapshots(root), schemas())
    if lost:
        raise ValueError("fields of bus events are only ever added; give it a new revision: " + "; ".join(lost))


def snapshots(root: Path) -> dict[str, dict[str, Any]]:
    """The committed schemas by wire name."""
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted((root / HOME).glob("*.json"))}


def losses(before: dict[str, dict[str, Any]], after: dict[str, dict[str, Any]]) -> list[str]:
    """What a reader of the old messages, or an old reader, would miss; empty if nothing."""
    gone = [f"{name} is gone" for name in before if name not in after]
    return gone + [f"{name}{lost}" for name in before if name in after for lost in _object(before[name], after[name])]


def _object(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    lost = _fields(before, after)
    for name, part in before.get("$defs", {}).items():
        known = after.get("$defs", {}).get(name)
        lost += [f" {name}{one}" for one in _fields(part, known)] if known else [f" {name} is gone"]
    return lost


def _fields(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    old, new = before.get("properties", {}), after.get("properties", {})
    lost = [f".{name} is gone" for name in old if name not in new]
    lost += [f".{name} has another type" for name in old if name in new and not _admits(new[name], old[name])]
    was, now = set(before.get("required", ())), set(after.get("required", ()))
    return lost + [f".{name} must have a default" for name in sorted(now - was)]


def _admits(new: Any, old: Any) -> bool:
    # Words may be added to an enumeration; otherwise what was said must be said alike.
    if isinstance(old, dict) and isinstance(new, dict) and ("enum" in old or "const" in old):
        return _words(old) <= _words(new)
    return bool(_bare(new) == _bare(old))


def _words(schema: dict[str, Any]) -> set[str]:
    return set(schema.get("enum", [schema["const"]] if "const" in schema else []))


def _bare(schema: Any) -> Any:
    if isinstance(schema, dict):
        said = ("description", "title", "default")
        return {name: _bare(value) for name, value in schema.items() if name not in said}
    return [_bare(one) for one in schema] if isinstance(schema, list) else schema
