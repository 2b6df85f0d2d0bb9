"""What a service holds about a person, read a page at a time as plain records, for the person's own copy."""

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from common import store
from common.calls.export import Exported, ExportUser, Record
from common.store import Item, Key

_ITEMS = 25
_BYTES = 1_000_000  # of records in one answer; the last may be as large as an item, 400 KB
_OURS = {"pk", "sk", "operation", "correlation_id", "outbox", "outbox_version", "request_hash"}


@dataclass(frozen=True)
class Source:
    """Where a person's items are: `owner` names the person in an index, or in the table itself.

    `kinds` are the sort keys, up to `#`, of what is told; of any kind, nothing that is `hidden`.
    """

    table: str
    kinds: frozenset[str]
    index: str | None = None
    owner: str = "pk"
    hidden: Collection[str] = ()


def exported(request: ExportUser, *sources: Source) -> Exported:
    """The next records of these sources, one source after the other."""
    place, start = json.loads(request.token) if request.token else (0, None)
    records, size = [], 0
    keys, after = _keys(sources[place], request.user_id, start)
    for key, record in _records(sources[place], keys):
        records.append(record)
        size += len(record.model_dump_json())
        if size >= _BYTES and key != keys[-1]:
            after = key
            break
    onward = (place, after) if after else (place + 1, None) if place + 1 < len(sources) else None
    return Exported(records=tuple(records), next=json.dumps(onward) if onward else None)


def _keys(source: Source, user_id: str, start: Key | None) -> tuple[list[Item], Item | None]:
    condition, values = f"#{source.owner} = :{source.owner}", {source.owner: user_id}
    return store.query(source.table, condition, values, index=source.index, limit=_ITEMS, start=start)


def _records(source: Source, keys: list[Item]) -> Iterator[tuple[Item, Record]]:
    names = [{"pk": key["pk"], "sk": key["sk"]} for key in keys]
    found = {(item["pk"], item["sk"]): item for item in store.batch_get(source.table, names)} if source.index else {}
    for key in keys:
        item = found.get((key["pk"], key["sk"])) if source.index else key
        place = key if source.index else {"pk": key["pk"], "sk": key["sk"]}
        kind = str(key["sk"]).split("#")[0]
        if item and kind in source.kinds:
            hidden = _OURS | set(source.hidden)
            yield place, Record(kind=kind, data={name: _plain(item[name]) for name in item if name not in hidden})


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, list | set | frozenset | tuple):
        return [_plain(one) for one in (sorted(value) if isinstance(value, set | frozenset) else value)]
    return value
