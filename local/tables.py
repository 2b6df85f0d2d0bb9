"""What lies in the deployed tables, for checks that look at all of it."""

from typing import Any

from common.store import unmarshal
from infra import topology
from local.stack import Stack


def items(stack: Stack, *tables: str) -> dict[str, list[dict[str, Any]]]:
    """All items of these tables (of every table, if none is named) as plain values."""
    dynamodb = stack.client("dynamodb")
    found: dict[str, list[dict[str, Any]]] = {}
    for name in tables or [table.name for table in topology.TABLES]:
        pages = dynamodb.get_paginator("scan").paginate(TableName=stack.table(name), ConsistentRead=True)
        images = [image for page in pages for image in page["Items"]]
        found[name] = [unmarshal(image) for image in images]
    return found
