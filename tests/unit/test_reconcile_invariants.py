"""The list of invariants contains every check once."""

import inspect
from collections.abc import Iterator
from typing import Any

from reconcile.core import (
    completion_checks,
    history_checks,
    invariants,
    inventory_checks,
    notification_checks,
    payment_checks,
    ticket_checks,
)
from reconcile.core.invariants import INVARIANTS

_TIME_DEPENDENT = {"overdue"}  # takes `now`, so its callers name it


def checks() -> Iterator[str]:
    """Names of all public check functions."""
    for module in (
        history_checks,
        payment_checks,
        completion_checks,
        inventory_checks,
        notification_checks,
        ticket_checks,
    ):
        for name, one in inspect.getmembers(module, inspect.isgeneratorfunction):
            if one.__module__ == module.__name__ and not name.startswith("_"):
                yield name


def test_every_check_is_listed_once() -> None:
    listed = [one.check.__name__ for one in INVARIANTS]

    assert sorted(listed) == sorted(set(checks()) - _TIME_DEPENDENT)


def test_idle_invariants_are_skipped_while_busy() -> None:
    tables: dict[str, list[dict[str, Any]]] = {"bookings": [_booking()]}

    busy, idle = invariants.violations(tables, idle=False), invariants.violations(tables)

    assert busy == []
    assert [one.split(" ")[0] for one in idle] == ["I14", "I12"]


def _booking() -> dict[str, Any]:
    item = {"event_type_id": "t", "qty": 1, "unit_price": 5}
    named = {"pk": "b", "sk": "booking", "id": "b", "event_id": "e", "user_id": "u", "currency": "EUR"}
    state = {"status": "PENDING", "version": 1, "pay_before": "2020-01-01T00:00:00.000Z"}
    logs = [{"action": "order", "actor": "buyer", "at": "2020-01-01T00:00:00.000Z"}]
    return named | state | {"items": [item], "quantity": 1, "prices": 5, "refunded": 0, "logs": logs}
