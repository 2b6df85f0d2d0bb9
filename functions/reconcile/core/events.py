"""An event with its places: what its bookings sum up to, and who has heard of it."""

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from functools import cached_property
from typing import Any

from common import clock, store
from reconcile.core.snapshot import Item, Tables, of


class Sums:
    """What is summed up of an event's bookings, slice by slice: the checks read it as if it were bookings."""

    def __init__(self, stored: Mapping[str, Any]) -> None:
        self.newest = str(stored.get("newest", ""))
        self._taken = Counter[str]({one: int(many) for one, many in stored.get("taken", {}).items()})
        self._back = Counter[str]({one: int(many) for one, many in stored.get("back", {}).items()})

    def stored(self) -> dict[str, Any]:
        return {"newest": self.newest, "taken": dict(self._taken), "back": dict(self._back)}

    def add(self, subject: Tables) -> None:
        for one in of(subject, "bookings", "booking"):
            self.newest = max(self.newest, one["updated_at"])
            self._back[one["currency"]] += one.get("refunded", 0)
            if one["status"] in ("PENDING", "CONFIRMED"):
                for item in one["items"]:
                    self._taken[f"{one['status']}#{item['event_type_id']}#{item['unit_price']}"] += item["qty"]

    def bookings(self, event_id: str) -> list[Item]:
        """As few bookings as say the same."""
        found: list[Item] = []
        for named, qty in self._taken.items():
            status, type_id, price = named.split("#")
            items = [{"event_type_id": type_id, "unit_price": int(price), "qty": qty}]
            found.append(_booking(event_id, named, status=status, items=items))
        found += [_booking(event_id, one, currency=one, refunded=back) for one, back in self._back.items()]
        return found


def _booking(event_id: str, named: str, **said: Any) -> Item:
    nothing = {"status": "SUMMED", "items": [], "currency": "", "refunded": 0}
    return {"pk": named, "sk": "booking", "id": named, "event_id": event_id} | nothing | said


class Event:
    """A listed event, in the catalogue and in booking's copy."""

    def __init__(self, item: Item) -> None:
        self.item = item
        self.id = str(item["id"])

    @classmethod
    def of(cls, event_id: str) -> "Event":
        found = store.get("events", {"pk": event_id, "sk": "event"})
        if found is None:
            raise LookupError(event_id)
        return cls(found)

    def moving(self) -> str:
        """What differs between two looks if places moved meanwhile."""
        self.__dict__.pop("places", None)
        told = json.dumps([self.item["version"], *self.places], sort_keys=True, default=str)
        return hashlib.sha256(told.encode()).hexdigest()

    def young(self, since: datetime) -> bool:
        return clock.parse(self.item["updated_at"]) > since

    @cached_property
    def places(self) -> list[Item]:
        """Booking's terms, stock, tallies and sums of the event."""
        keys = [{"pk": self.id, "sk": one} for one in ("terms", "sales", "cancellation")]
        found: list[Item] = list(store.batch_get("bookings", keys))
        for type_id in sorted({one for terms in found if terms["sk"] == "terms" for one in terms["types"]}):
            found += store.query("bookings", "#pk = :pk", {"pk": type_id})[0]
        return found

    def tables(self, sums: Sums) -> Tables:
        """What the checks of an event read."""
        return {"bookings": [*self.places, *sums.bookings(self.id)]}

    def unheard(self) -> list[str]:
        """I17: who sells and who admits knows the terms that the catalogue told last."""
        told = next((one.get("event_version", 0) for one in self.item.get("outbox", ())), 0)
        sold = max([one["terms_version"] for one in self.places if one["sk"] == "terms"], default=0)
        (admitted,) = store.batch_get("tickets", [{"pk": self.id, "sk": "event"}]) or [{"event_version": 0}]
        heard = sold >= self.item["terms_version"] and admitted["event_version"] >= told
        return [] if heard else [f"I17 event {self.id}: who sells or admits has not heard its last terms"]
