"""An event as a subject: its inventory, the totals of its bookings, and delivery of its terms."""

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from functools import cached_property
from typing import Any

from common import clock, store
from reconcile.core.snapshot import Item, Tables, select


class BookingTotals:
    """Totals over an event's bookings, added up batch by batch; the checks read them as synthetic bookings."""

    def __init__(self, stored: Mapping[str, Any]) -> None:
        self.last_updated_at = str(stored.get("newest", ""))
        self._quantities = Counter[str]({one: int(many) for one, many in stored.get("taken", {}).items()})
        self._refunded = Counter[str]({one: int(many) for one, many in stored.get("back", {}).items()})

    def to_dict(self) -> dict[str, Any]:
        return {"newest": self.last_updated_at, "taken": dict(self._quantities), "back": dict(self._refunded)}

    def add(self, subject: Tables) -> None:
        for one in select(subject, "bookings", "booking"):
            self.last_updated_at = max(self.last_updated_at, one["updated_at"])
            self._refunded[one["currency"]] += one.get("refunded", 0)
            if one["status"] in ("PENDING", "CONFIRMED"):
                for item in one["items"]:
                    self._quantities[f"{one['status']}#{item['event_type_id']}#{item['unit_price']}"] += item["qty"]

    def synthetic_bookings(self, event_id: str) -> list[Item]:
        """A minimal set of synthetic bookings with the same totals."""
        bookings: list[Item] = []
        for key, qty in self._quantities.items():
            status, type_id, price = key.split("#")
            items = [{"event_type_id": type_id, "unit_price": int(price), "qty": qty}]
            bookings.append(_booking(event_id, key, status=status, items=items))
        bookings += [
            _booking(event_id, one, currency=one, refunded=refunded) for one, refunded in self._refunded.items()
        ]
        return bookings


def _booking(event_id: str, key: str, **fields: Any) -> Item:
    defaults = {"status": "SUMMED", "items": [], "currency": "", "refunded": 0}
    return {"pk": key, "sk": "booking", "id": key, "event_id": event_id} | defaults | fields


class Event:
    """A listed event, with booking's items of it."""

    def __init__(self, item: Item) -> None:
        self.item = item
        self.id = str(item["id"])

    @classmethod
    def load(cls, event_id: str) -> "Event":
        item = store.get("events", {"pk": event_id, "sk": "event"})
        if item is None:
            raise LookupError(event_id)
        return cls(item)

    def fingerprint(self) -> str:
        """A hash of the event's current state; differs if its inventory changed between two calls."""
        self.__dict__.pop("booking_items", None)
        content = json.dumps([self.item["version"], *self.booking_items], sort_keys=True, default=str)
        return hashlib.sha256(content.encode()).hexdigest()

    def recently_changed(self, since: datetime) -> bool:
        return clock.parse(self.item["updated_at"]) > since

    @cached_property
    def booking_items(self) -> list[Item]:
        """Booking's terms, inventory, counters and totals of the event."""
        keys = [{"pk": self.id, "sk": one} for one in ("terms", "sales", "cancellation")]
        found: list[Item] = list(store.batch_get("bookings", keys))
        for type_id in sorted({one for terms in found if terms["sk"] == "terms" for one in terms["types"]}):
            found += store.query("bookings", "#pk = :pk", {"pk": type_id})[0]
        return found

    def tables(self, totals: BookingTotals) -> Tables:
        """Input of the event checks."""
        return {"bookings": [*self.booking_items, *totals.synthetic_bookings(self.id)]}

    def missing_deliveries(self) -> list[str]:
        """I17: booking and ticket have the terms that events published last."""
        published_version = next((one.get("event_version", 0) for one in self.item.get("outbox", ())), 0)
        sale_version = max([one["terms_version"] for one in self.booking_items if one["sk"] == "terms"], default=0)
        (ticket_copy,) = store.batch_get("tickets", [{"pk": self.id, "sk": "event"}]) or [{"event_version": 0}]
        is_delivered = sale_version >= self.item["terms_version"] and ticket_copy["event_version"] >= published_version
        return [] if is_delivered else [f"I17 event {self.id}: booking or ticket lacks its latest terms"]
