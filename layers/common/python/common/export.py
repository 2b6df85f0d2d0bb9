"""Export of a user's data (GDPR): a service's records about the user, one page per call."""

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from common import store
from common.rpc.export import ExportedRecord, ExportUserRequest, ExportUserResponse
from common.store import Item, Key

_PAGE_SIZE = 25
_MAX_BYTES = 1_000_000  # of records per response, exceeded by at most one item (400 KB); Lambda's limit is 6 MB
_INTERNAL_ATTRIBUTES = {"pk", "sk", "operation", "correlation_id", "outbox", "outbox_version", "request_hash"}


@dataclass(frozen=True)
class RecordSource:
    """Where a user's items are stored.

    `owner` is the attribute with the user id: the partition key of `index`, or of the table without one. `kinds` are
    the exported item kinds (the sort key up to `#`); `hidden` attributes are left out.
    """

    table: str
    kinds: frozenset[str]
    index: str | None = None
    owner: str = "pk"
    hidden: Collection[str] = ()


def export_records(request: ExportUserRequest, *sources: RecordSource) -> ExportUserResponse:
    """Return the next page of records, from the position in `request.token`, source by source."""
    source_index, start = json.loads(request.token) if request.token else (0, None)
    records, size = [], 0
    keys, last_key = _keys(sources[source_index], request.user_id, start)
    for key, record in _records(sources[source_index], keys):
        records.append(record)
        size += len(record.model_dump_json())
        if size >= _MAX_BYTES and key != keys[-1]:
            last_key = key
            break
    next_position = (
        (source_index, last_key) if last_key else (source_index + 1, None) if source_index + 1 < len(sources) else None
    )
    return ExportUserResponse(records=tuple(records), next_token=json.dumps(next_position) if next_position else None)


def _keys(source: RecordSource, user_id: str, start: Key | None) -> tuple[list[Item], Item | None]:
    condition, values = f"#{source.owner} = :{source.owner}", {source.owner: user_id}
    return store.query(source.table, condition, values, index=source.index, limit=_PAGE_SIZE, start=start)


def _records(source: RecordSource, keys: list[Item]) -> Iterator[tuple[Item, ExportedRecord]]:
    names = [{"pk": key["pk"], "sk": key["sk"]} for key in keys]
    items = {(item["pk"], item["sk"]): item for item in store.batch_get(source.table, names)} if source.index else {}
    for key in keys:
        item = items.get((key["pk"], key["sk"])) if source.index else key
        position = key if source.index else {"pk": key["pk"], "sk": key["sk"]}
        kind = str(key["sk"]).split("#")[0]
        if item and kind in source.kinds:
            hidden = _INTERNAL_ATTRIBUTES | set(source.hidden)
            yield (
                position,
                ExportedRecord(
                    kind=kind, data={name: _to_json_value(item[name]) for name in item if name not in hidden}
                ),
            )


def _to_json_value(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _to_json_value(one) for name, one in value.items()}
    if isinstance(value, list | set | frozenset | tuple):
        return [_to_json_value(one) for one in (sorted(value) if isinstance(value, set | frozenset) else value)]
    return value
