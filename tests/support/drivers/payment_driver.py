"""A driver for payment: the messages about a booking."""

import uuid
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from common import ids
from common.bus.booking import BookingCancelled, BookingExtended, BookingFailed, BookingOrdered
from common.bus.events import EventPublished
from common.bus.payment import RefundRequested
from infra import topology
from tests.support.fixtures.movable_clock import START
from tests.support.system.system import Person, System

HOLD_TIME = timedelta(minutes=10)


@dataclass(frozen=True)
class Order:
    """A booking, and the messages that booking may send about it."""

    prices: int = 5000
    currency: str = "EUR"
    buyer: Person = field(default_factory=Person)
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    event_id: str = field(default_factory=lambda: str(uuid.uuid4()))

    @property
    def payment_id(self) -> str:
        return ids.derive("payment", self.id)

    @property
    def request(self) -> dict[str, Any]:
        return {"order_id": self.id, "price": self.prices}

    def booking_ordered(self) -> BookingOrdered:
        due = {"prices": self.prices, "currency": self.currency, "quantity": 2, "pay_before": START + HOLD_TIME}
        due["items"] = [{"event_type_id": "seats", "qty": 2, "unit_price": self.prices // 2}]
        return BookingOrdered.model_validate(self._event_fields("ordered") | due)

    def booking_failed(self, reason: str) -> BookingFailed:
        return BookingFailed.model_validate(self._event_fields(f"failed-{reason}") | {"reason": reason})

    def booking_cancelled(self, reason: str = "buyer", refund: int | None = None) -> BookingCancelled:
        return BookingCancelled.model_validate(self._event_fields("cancelled") | {"reason": reason, "refund": refund})

    def booking_extended(self, **later: float) -> BookingExtended:
        until = START + HOLD_TIME + timedelta(**later)
        return BookingExtended.model_validate(self._event_fields(f"extended-{until}") | {"pay_before": until})

    def refund_requested(self, refund: dict[str, Any]) -> RefundRequested:
        """The RefundRequested event of a refund."""
        fields = {"payment_id": self.payment_id, "refund_id": refund["id"], "amount": refund["amount"]}
        return RefundRequested.model_validate(self._event_fields(refund["id"]) | fields | {"currency": self.currency})

    def refunds(self, system: System) -> list[tuple[int, str]]:
        """Amount and status of each refund."""
        return [(one["amount"], one["status"]) for one in self.stored_payment(system).get("refunds", [])]

    def deliver_refunds(self, system: System, *, tries: int = 1) -> bool:
        """Deliver RefundRequested for all pending refunds; whether all were acknowledged."""
        pending = [one for one in self.stored_payment(system).get("refunds", []) if one["status"] == "PENDING"]
        events = [self.refund_requested(one) for one in pending]
        responses = [system.deliver(one, "payment.on_refund_requested", tries=tries) for one in events]
        return all(map(all_acknowledged, responses))

    def event_published(self, organiser: Person, *, version: int = 1, **terms: Any) -> EventPublished:
        """EventPublished for the event of the booking."""
        event_type = {"id": "seats", "name": "Seat", "prices": self.prices // 2, "currency": self.currency}
        fields: dict[str, Any] = {
            "event_id": self.event_id,
            "organiser_id": organiser.user_id,
            "name": "Gala",
            "venue": "Hall",
        }
        fields |= {
            "city": "Bremen",
            "zone": "Europe/Berlin",
            "starts_at": START + HOLD_TIME,
            "ends_at": START + 2 * HOLD_TIME,
        }
        fields |= {"status": "PUBLISHED", "max_per_user": 4, "hold_seconds": 600, "terms_version": version}
        fields |= {"types": [event_type | {"capacity": 10, "status": "ON_SALE"}], "event_version": version}
        return EventPublished.model_validate(self._event_fields(f"show-{version}") | fields | terms)

    def stored_payment(self, system: System) -> dict[str, Any]:
        """The payment's item."""
        return next(
            one for one in system.scan(topology.PAYMENTS) if (one["pk"], one["sk"]) == (self.payment_id, "payment")
        )

    def actions(self, system: System) -> list[str]:
        """The actions in the log of the payment."""
        return [str(one["action"]) for one in self.stored_payment(system)["logs"]]

    def _event_fields(self, name: str) -> dict[str, Any]:
        envelope = {"bus_event_id": ids.derive("message", self.id, name), "occurred_at": START}
        journey = {"correlation_id": ids.derive("journey", self.id), "causation_id": "a-request"}
        return envelope | journey | {"booking_id": self.id, "user_id": self.buyer.user_id, "event_id": self.event_id}


def outbox_entries(item: dict[str, Any]) -> list[dict[str, Any]]:
    """The item's outbox entries, without correlation ids."""
    return [{k: v for k, v in one.items() if k not in ("correlation", "cause")} for one in item.get("outbox", [])]


def all_acknowledged(responses: dict[str, dict[str, Any]]) -> bool:
    """Whether every consumer acknowledged its message."""
    return not any(one["batchItemFailures"] for one in responses.values())
