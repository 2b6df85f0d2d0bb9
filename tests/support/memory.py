"""The emulated tables from within: their items and their streams, read and set without a call."""

import copy
from collections.abc import Mapping
from typing import Any

from moto.dynamodb.models import dynamodb_backends
from moto.s3.models import s3_backends

from common.store import Item, unmarshal
from infra import topology
from tests.support.cloud import REGION, physical

_ACCOUNT = "123456789012"  # moto's


def tables() -> dict[str, list[Item]]:
    """All items of all tables by the topology's names, as plain values, ordered by key."""
    found = {}
    for table in topology.TABLES:
        items = [item for group in _backend()[physical(table)].items.values() for item in group.values()]
        plain = [unmarshal(item.to_json()["Attributes"]) for item in items]
        found[table.name] = sorted(plain, key=lambda one: (one["pk"], one["sk"]))
    return found


def kept() -> dict[str, Any]:
    """All items, for `put_back`."""
    return {name: copy.deepcopy(table.items) for name, table in _backend().items()}


def put_back(items: Mapping[str, Any]) -> None:
    """The tables hold these items and nothing else; their streams and the buckets are empty."""
    for name, table in _backend().items():
        table.items.clear()
        table.items.update(copy.deepcopy(items.get(name, {})))
        if table.stream_shard:
            table.stream_shard.items = []
    for bucket in topology.BUCKETS:
        s3_backends[_ACCOUNT]["aws"].buckets[physical(bucket)].keys.clear()


def changes(table: str) -> list[dict[str, Any]]:
    """The table's stream records since the last call that the mapping's filter lets pass."""
    shard = _backend()[table].stream_shard
    fresh, shard.items = [one.record for one in shard.items], []
    return [one for one in fresh if "outbox_version" in one["dynamodb"].get("NewImage", {})]


def _backend() -> Any:
    return dynamodb_backends[_ACCOUNT][REGION].tables
