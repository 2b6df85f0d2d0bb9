"""What lies in the deployed tables, for checks that look at all of it."""

from typing import Any

from boto3.dynamodb.types import TypeDeserializer

from infra import topology
from local.stack import Stack


class _Numbers(TypeDeserializer):
    def _deserialize_n(self, value: str) -> int:
        return int(value)


def items(stack: Stack, *tables: str) -> dict[str, list[dict[str, Any]]]:
    """All items of these tables (of every table, if none is named) as plain values."""
    read, dynamodb = _Numbers().deserialize, stack.client("dynamodb")
    found: dict[str, list[dict[str, Any]]] = {}
    for name in tables or [table.name for table in topology.TABLES]:
        pages = dynamodb.get_paginator("scan").paginate(TableName=stack.table(name), ConsistentRead=True)
        images = [image for page in pages for image in page["Items"]]
        found[name] = [{key: read(value) for key, value in image.items()} for image in images]
    return found
