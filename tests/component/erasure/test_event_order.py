"""UserRegistered, UserUpdated and UserErased in any order, each twice, always end with a tombstone."""

from datetime import UTC, datetime
from itertools import permutations
from typing import Any

import pytest

from common import ids
from common.bus import BusEvent
from common.bus.auth import UserRegistered
from common.bus.booking import BookingExpired
from common.bus.user import UserErased, UserUpdated
from common.outbox import outbox_events
from infra.topology import NOTIFICATIONS, USERS
from tests.support.system.system import Person, System

ANNA = Person(user_id=ids.derive("test", "anna"))
NAMES = {"user_name": "anna", "first_name": "Marker", "last_name": "Marker", "mobile_phone": "+491701234567"}


def bus_event(event_type: type[BusEvent], **fields: Any) -> BusEvent:
    envelope = {"occurred_at": datetime(2026, 5, 1, 12, tzinfo=UTC), "correlation_id": "c", "causation_id": "c"}
    identifiers = {"bus_event_id": ids.derive(event_type.__name__, str(fields)), "user_id": ANNA.user_id}
    return event_type.model_validate(envelope | identifiers | fields)


USER_EVENTS = (
    bus_event(UserRegistered, email="marker@example.org", **NAMES),
    bus_event(UserUpdated, version=2, **NAMES),
    bus_event(UserErased),
)
ORDERS = [pytest.param(order, id="-".join(type(one).__name__ for one in order)) for order in permutations(USER_EVENTS)]


def personal_items(system: System) -> str:
    return str(
        [item for item in system.scan(NOTIFICATIONS) + system.scan(USERS) if item["sk"] in ("contact", "profile")]
    )


@pytest.mark.parametrize("order", ORDERS)
def test_contact_becomes_a_tombstone_in_any_order(system: System, order: tuple[BusEvent, ...]) -> None:
    for message in (*order, *order):
        consumers = [f"notify.on_{type(message).snake_name()}"]
        responses = system.deliver(message, *consumers)
        assert list(responses.values()) == [{"batchItemFailures": []}]

    (item,) = system.scan(NOTIFICATIONS)
    assert item.keys() == {"pk", "sk", "erased_at"}
    assert "arker" not in personal_items(system)


def test_erased_user_gets_no_notification(system: System) -> None:
    system.deliver(USER_EVENTS[2], "notify.on_user_erased")
    expired = bus_event(BookingExpired, booking_id="b", event_id="e")

    assert system.deliver(expired, "notify.on_booking_expired") == {
        "notify.on_booking_expired": {"batchItemFailures": []}
    }

    (created,) = _notifications(system)
    (pending,) = outbox_events(created)
    assert system.deliver(pending, "notify.send_notification") == {
        "notify.send_notification": {"batchItemFailures": []}
    }

    (notification,) = _notifications(system)
    assert notification["status"] == "DISCARDED"


def _notifications(system: System) -> list[dict[str, Any]]:
    return [one for one in system.scan(NOTIFICATIONS) if one["sk"] == "notification"]
