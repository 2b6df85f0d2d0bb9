"""Events as their items are, for tests of what is found."""

from datetime import UTC, datetime, timedelta
from typing import Any

from common import clock, ids

EPOCH = datetime(2026, 3, 1, 12, tzinfo=UTC)


def an_event(number: int, **changes: Any) -> dict[str, Any]:
    """The item of a published event that starts `hours` (its number, unless given) after `EPOCH`."""
    starts_at = EPOCH + timedelta(hours=changes.pop("hours", number))
    price, status = changes.pop("price", 4500), changes.pop("on_sale", "ON_SALE")
    id = changes.get("id", ids.derive("found", number))
    one = {"id": ids.derive("type", id), "event_id": id, "name": "Floor", "currency": "CHF", "capacity": 10}
    return {
        "pk": id,
        "sk": "event",
        "id": id,
        "listed": "event",
        "listed_as": f"{clock.iso(starts_at)}#{id}",
        "version": 2,
        "category_id": ids.derive("category", changes.get("category", "Concert")),
        "category": "Concert",
        "name": f"Event {number}",
        "description": "",
        "venue": "Hall",
        "city": "Basel",
        "zone": "Europe/Zurich",
        "starts_at": clock.iso(starts_at),
        "ends_at": clock.iso(starts_at + timedelta(hours=3)),
        "max_per_user": 6,
        "hold_seconds": 600,
        "status": "PUBLISHED",
        "types": [one | {"prices": price, "status": status}],
        "created_at": clock.iso(EPOCH),
        "updated_at": clock.iso(EPOCH),
    } | changes
