"""The items of the deployed tables, for checks of the whole system."""

from typing import Any

from common.store import unmarshal
from infra import topology
from local.stack import Stack


def scan_tables(stack: Stack, *tables: str) -> dict[str, list[dict[str, Any]]]:
    """All items of these tables (default: every table) as plain values."""
    dynamodb = stack.client("dynamodb")
    items: dict[str, list[dict[str, Any]]] = {}
    for name in tables or [table.name for table in topology.TABLES]:
        pages = dynamodb.get_paginator("scan").paginate(TableName=stack.table(name), ConsistentRead=True)
        images = [image for page in pages for image in page["Items"]]
        items[name] = [unmarshal(image) for image in images]
    return items
