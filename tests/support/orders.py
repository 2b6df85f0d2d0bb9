"""A booking as payment hears of it, and a clock that the test moves."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from common import clock, ids
from common.bus.booking import BookingCancelled, BookingExtended, BookingFailed, BookingOrdered
from common.bus.events import EventPublished
from common.bus.payment import RefundRequested
from infra import topology
from tests.support.system import Person, System

START = datetime(2031, 5, 1, 9, tzinfo=UTC)
HOLD = timedelta(minutes=10)


@dataclass
class Clock:
    """What `clock.now` says."""

    now: datetime = START

    def pass_by(self, **time: float) -> None:
        self.now += timedelta(**time)


@contextmanager
def clock_of_the_test() -> Iterator[Clock]:
    """Within the block time stands still unless it is moved."""
    moment = Clock()
    clock.use(lambda: moment.now)
    try:
        yield moment
    finally:
        clock.use()


@dataclass(frozen=True)
class Order:
    """One booking, and every message that booking could send about it."""

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

    def ordered(self) -> BookingOrdered:
        due = {"prices": self.prices, "currency": self.currency, "quantity": 2, "pay_before": START + HOLD}
        due["items"] = [{"event_type_id": "seats", "qty": 2, "unit_price": self.prices // 2}]
        return BookingOrdered.model_validate(self._about("ordered") | due)

    def failed(self, reason: str) -> BookingFailed:
        return BookingFailed.model_validate(self._about(f"failed-{reason}") | {"reason": reason})

    def cancelled(self, reason: str = "buyer", refund: int | None = None) -> BookingCancelled:
        return BookingCancelled.model_validate(self._about("cancelled") | {"reason": reason, "refund": refund})

    def extended(self, **later: float) -> BookingExtended:
        until = START + HOLD + timedelta(**later)
        return BookingExtended.model_validate(self._about(f"extended-{until}") | {"pay_before": until})

    def refund_requested(self, refund: dict[str, Any]) -> RefundRequested:
        """What payment tells itself of a refund that is to be sent."""
        about = {"payment_id": self.payment_id, "refund_id": refund["id"], "amount": refund["amount"]}
        return RefundRequested.model_validate(self._about(refund["id"]) | about | {"currency": self.currency})

    def refunds(self, system: System) -> list[tuple[int, str]]:
        """Amount and status of each refund."""
        return [(one["amount"], one["status"]) for one in self.stored(system).get("refunds", [])]

    def send_back(self, system: System, *, tries: int = 1) -> bool:
        """Deliver the request of every refund that is to be sent; whether none has to come again."""
        waiting = [one for one in self.stored(system).get("refunds", []) if one["status"] == "PENDING"]
        told = [self.refund_requested(one) for one in waiting]
        answers = [system.deliver(one, "payment.on_refund_requested", tries=tries) for one in told]
        return all(map(taken, answers))

    def show(self, organiser: Person, *, version: int = 1, **terms: Any) -> EventPublished:
        """The event that it is for."""
        kind = {"id": "seats", "name": "Seat", "prices": self.prices // 2, "currency": self.currency}
        about: dict[str, Any] = {
            "event_id": self.event_id,
            "organiser_id": organiser.user_id,
            "name": "Gala",
            "venue": "Hall",
        }
        about |= {"city": "Bremen", "zone": "Europe/Berlin", "starts_at": START + HOLD, "ends_at": START + 2 * HOLD}
        about |= {"status": "PUBLISHED", "max_per_user": 4, "hold_seconds": 600, "terms_version": version}
        about |= {"types": [kind | {"capacity": 10, "status": "ON_SALE"}], "event_version": version}
        return EventPublished.model_validate(self._about(f"show-{version}") | about | terms)

    def stored(self, system: System) -> dict[str, Any]:
        """The payment's item."""
        return next(
            one for one in system.scan(topology.PAYMENTS) if (one["pk"], one["sk"]) == (self.payment_id, "payment")
        )

    def steps(self, system: System) -> list[str]:
        """What happened to the payment, by its log."""
        return [str(one["did"]) for one in self.stored(system)["logs"]]

    def _about(self, what: str) -> dict[str, Any]:
        envelope = {"bus_event_id": ids.derive("message", self.id, what), "occurred_at": START}
        journey = {"correlation_id": ids.derive("journey", self.id), "causation_id": "a-request"}
        return envelope | journey | {"booking_id": self.id, "user_id": self.buyer.user_id, "event_id": self.event_id}


def published(item: dict[str, Any]) -> list[dict[str, Any]]:
    """The bus events of the item's latest transition, without the ids of their journey."""
    return [{k: v for k, v in one.items() if k not in ("correlation", "cause")} for one in item.get("outbox", [])]


def taken(answer: dict[str, dict[str, Any]]) -> bool:
    """Whether every consumer was done with its message (else it comes again)."""
    return not any(one["batchItemFailures"] for one in answer.values())
