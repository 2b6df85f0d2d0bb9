"""UserRegistered, UserUpdated and UserErased in any order, each twice: whoever copies them ends with a tombstone."""

from datetime import UTC, datetime
from itertools import permutations
from typing import Any

import pytest

from common import ids
from common.bus import BusEvent
from common.bus.auth import UserRegistered
from common.bus.booking import BookingExpired
from common.bus.user import UserErased, UserUpdated
from common.outbox import published
from infra.topology import NOTICES, USERS
from tests.support.system import Person, System

ANNA = Person(user_id=ids.derive("test", "anna"))
NAMES = {"user_name": "anna", "first_name": "Marker", "last_name": "Marker", "mobile_phone": "+491701234567"}


def heard(kind: type[BusEvent], **fields: Any) -> BusEvent:
    envelope = {"occurred_at": datetime(2026, 5, 1, 12, tzinfo=UTC), "correlation_id": "c", "causation_id": "c"}
    named = {"bus_event_id": ids.derive(kind.__name__, str(fields)), "user_id": ANNA.user_id}
    return kind.model_validate(envelope | named | fields)


MESSAGES = (
    heard(UserRegistered, email="marker@example.org", **NAMES),
    heard(UserUpdated, version=2, **NAMES),
    heard(UserErased),
)
ORDERS = [pytest.param(order, id="-".join(type(one).__name__ for one in order)) for order in permutations(MESSAGES)]


def personal(system: System) -> str:
    return str([one for one in system.scan(NOTICES) + system.scan(USERS) if one["sk"] in ("contact", "profile")])


@pytest.mark.parametrize("order", ORDERS)
def test_in_any_order_the_contact_ends_as_a_tombstone(system: System, order: tuple[BusEvent, ...]) -> None:
    for message in (*order, *order):
        consumers = [f"notify.on_{type(message).snake_name()}"]
        answers = system.deliver(message, *consumers)
        assert list(answers.values()) == [{"batchItemFailures": []}]

    (item,) = system.scan(NOTICES)
    assert item.keys() == {"pk", "sk", "erased_at"}
    assert "arker" not in personal(system)


def test_somebody_who_is_gone_is_told_nothing_and_nothing_waits_for_them(system: System) -> None:
    system.deliver(MESSAGES[2], "notify.on_user_erased")
    expired = heard(BookingExpired, booking_id="b", event_id="e")

    assert system.deliver(expired, "notify.on_booking_expired") == {
        "notify.on_booking_expired": {"batchItemFailures": []}
    }

    (waiting,) = _notifications(system)
    (pending,) = published(waiting)
    assert system.deliver(pending, "notify.on_noti_pending") == {"notify.on_noti_pending": {"batchItemFailures": []}}

    (notification,) = _notifications(system)
    assert notification["status"] == "DROPPED"


def _notifications(system: System) -> list[dict[str, Any]]:
    return [one for one in system.scan(NOTICES) if one["sk"] == "notification"]
