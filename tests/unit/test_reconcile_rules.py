"""The list of checks is whole, and each can be red."""

import inspect
from collections.abc import Iterator
from typing import Any

from reconcile.core import histories, invariants, money, rest, stock, telling, tickets
from reconcile.core.invariants import RULES

_WITH_THE_TIME = {"overdue"}  # the only one that is asked with the moment: its callers name it


def checks() -> Iterator[str]:
    """The public functions that say what is wrong with tables."""
    for module in (histories, money, rest, stock, telling, tickets):
        for name, one in inspect.getmembers(module, inspect.isgeneratorfunction):
            if one.__module__ == module.__name__ and not name.startswith("_"):
                yield name


def test_every_check_is_in_the_list_once() -> None:
    listed = [rule.check.__name__ for rule in RULES]

    assert sorted(listed) == sorted(set(checks()) - _WITH_THE_TIME)


def test_what_holds_at_rest_only_is_not_asked_while_messages_are_under_way() -> None:
    tables: dict[str, list[dict[str, Any]]] = {"bookings": [_booking()]}

    moving, resting = invariants.violations(tables, resting=False), invariants.violations(tables)

    assert moving == []
    assert [one.split(" ")[0] for one in resting] == ["I14", "I12"]


def _booking() -> dict[str, Any]:
    item = {"event_type_id": "t", "qty": 1, "unit_price": 5}
    named = {"pk": "b", "sk": "booking", "id": "b", "event_id": "e", "user_id": "u", "currency": "EUR"}
    state = {"status": "PENDING", "version": 1, "pay_before": "2020-01-01T00:00:00.000Z"}
    logs = [{"did": "order", "by": "buyer", "at": "2020-01-01T00:00:00.000Z"}]
    return named | state | {"items": [item], "quantity": 1, "prices": 5, "refunded": 0, "logs": logs}
