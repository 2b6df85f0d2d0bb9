"""A payment's refunds: which of its rows was asked for, sent or refused at which step of its history."""

from collections.abc import Mapping
from typing import Any

from reconcile.core.snapshot import Item

_BOUNCES = ("fail_refund", "fail_one")


def of_step(item: Item, version: int, did: str) -> dict[str, Any] | None:
    """What the bus event of that step says of its refund; None where nobody knows it any more."""
    if did in _BOUNCES:
        return _bounced(item, version)
    rows, asked = item.get("refunds", ()), did == "refund"
    steps = [at for at, log in enumerate(item["logs"], start=1) if (log["did"] == "refund") == asked and _sends(log)]
    known = rows if asked else sorted(filter(_accepted, rows), key=_accepted)
    place = steps.index(version)
    if place >= len(known):
        return None
    return {"amount": known[place]["amount"]} | ({"refund_id": known[place]["id"]} if asked else {})


def _accepted(row: Mapping[str, Any]) -> str:
    """When the provider said that it would send the money; nothing where it never did."""
    return str(row.get("accepted_at") or (row["ended_at"] if row["status"] == "SUCCEEDED" else ""))


def _bounced(item: Item, version: int) -> dict[str, Any] | None:
    """Of the payment's rows the one that failed at this step."""
    steps = [at for at, log in enumerate(item["logs"], start=1) if log["did"] in _BOUNCES]
    known = sorted((one for one in item["refunds"] if one["status"] == "FAILED"), key=lambda one: one["ended_at"])
    place = steps.index(version)
    return {"amount": known[place]["amount"]} if place < len(known) else None


def _sends(log: Mapping[str, Any]) -> bool:
    return log["did"] in ("refund", "part_refund", "finish_refund", "finish_one")
