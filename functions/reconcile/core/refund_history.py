"""Refund history: which refund a step of a payment's log requested, settled or failed."""

from collections.abc import Mapping
from typing import Any

from reconcile.core.snapshot import Item

_FAILED_REFUND_ACTIONS = ("fail_refund", "refund_failed_while_others_pending")


def for_step(item: Item, version: int, action: str) -> dict[str, Any] | None:
    """The refund fields of that step's bus event; None if they can no longer be determined."""
    if action in _FAILED_REFUND_ACTIONS:
        return _failed_refund(item, version)
    rows, is_request = item.get("refunds", ()), action == "refund"
    steps = [
        at
        for at, log in enumerate(item["logs"], start=1)
        if (log["action"] == "refund") == is_request and _is_refund_step(log)
    ]
    ordered_rows = rows if is_request else sorted(filter(_accepted_at, rows), key=_accepted_at)
    index = steps.index(version)
    if index >= len(ordered_rows):
        return None
    return {"amount": ordered_rows[index]["amount"]} | ({"refund_id": ordered_rows[index]["id"]} if is_request else {})


def _accepted_at(row: Mapping[str, Any]) -> str:
    """When the provider accepted the refund; empty if it never did."""
    return str(row.get("accepted_at") or (row["ended_at"] if row["status"] == "SUCCEEDED" else ""))


def _failed_refund(item: Item, version: int) -> dict[str, Any] | None:
    """The amount of the refund that failed at this step."""
    steps = [at for at, log in enumerate(item["logs"], start=1) if log["action"] in _FAILED_REFUND_ACTIONS]
    failed_rows = sorted((one for one in item["refunds"] if one["status"] == "FAILED"), key=lambda one: one["ended_at"])
    index = steps.index(version)
    return {"amount": failed_rows[index]["amount"]} if index < len(failed_rows) else None


def _is_refund_step(log: Mapping[str, Any]) -> bool:
    return log["action"] in ("refund", "part_refund", "finish_refund", "refund_settled")
