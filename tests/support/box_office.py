"""Booking alone: events on sale, orders, and the messages that decide about them, at a clock that is turned by hand."""

import uuid
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from common import clock, outbox
from common.bus import BusEvent
from common.bus.booking import BookingOrdered
from common.bus.events import EventChanged, EventPublished, EventTerms
from common.bus.payment import PaymentFailed, PaymentRefunded, PaymentRefundFailed, PaymentSucceeded
from common.bus.ticket import TicketCheckedIn, TicketCheckInUndone, TicketRejected, TicketTransferred
from common.store import Item
from infra import topology
from tests.support.system import Person, Reply, System

START = datetime(2026, 5, 1, 12, 0, 0, tzinfo=UTC)
STARTS, ENDS = START + timedelta(days=30), START + timedelta(days=30, hours=3)
HOLD = 600  # seconds
BACKSTOP = 120  # seconds, as the test system sets it


@dataclass(frozen=True)
class Show:
    """An event as booking knows it, and its types."""

    id: str
    types: tuple[str, ...]


class BoxOffice:
    """What happens to bookings, and what their table then holds."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.now = START

    @contextmanager
    def open(self) -> Iterator["BoxOffice"]:
        """Within the block its clock is everybody's; the table is empty when it begins."""
        self._empty()
        clock.use(lambda: self.now)
        try:
            yield self
        finally:
            clock.use()

    def wait(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    # -- what others tell booking ------------------------------------------------------------------

    def show(self, *capacities: int, **terms: Any) -> Show:
        """A published event with one type for each capacity."""
        made = Show(str(uuid.uuid4()), tuple(str(uuid.uuid4()) for _ in capacities or (10,)))
        self.tell_terms(made, capacities or (10,), **terms)
        return made

    def tell_terms(
        self,
        show: Show,
        capacities: Sequence[int],
        *,
        version: int = 1,
        kind: type[EventTerms] = EventPublished,
        statuses: Mapping[int, str] | None = None,
        prices: int = 2500,
        windows: Mapping[str, datetime] | None = None,
        **terms: Any,
    ) -> bool:
        """EventPublished or EventChanged, as the catalogue would have it; whether it was acknowledged."""
        types = [
            {"id": one, "name": f"Type {at}", "prices": prices, "currency": "EUR", "capacity": capacity}
            | {"status": (statuses or {}).get(at, "ON_SALE")}
            | dict(windows or {})
            for at, (one, capacity) in enumerate(zip(show.types, capacities, strict=True))
        ]
        told = {"event_id": show.id, "terms_version": version, "organiser_id": "o1", "name": "Gala", "venue": "Hall"}
        told |= {"city": "Bremen", "zone": "Europe/Berlin", "starts_at": STARTS, "ends_at": ENDS}
        told |= {"status": "PUBLISHED", "max_per_user": 4, "hold_seconds": HOLD, "types": types}
        return self._tell(kind, told | terms)

    def change_terms(self, show: Show, capacities: Sequence[int] = (10,), *, version: int = 2, **terms: Any) -> None:
        self.tell_terms(show, capacities, version=version, kind=EventChanged, **terms)

    def pay(self, booking_id: str, payment_id: str = "p1", *, message: str | None = None) -> bool:
        """PaymentSucceeded; whether it was acknowledged."""
        told = {"payment_id": payment_id, "booking_id": booking_id, "user_id": "u1", "prices": 1, "currency": "EUR"}
        return self._tell(PaymentSucceeded, told | {"method": "card"}, message=message)

    def fail(self, booking_id: str, reason: str = "expired", *, message: str | None = None) -> bool:
        """PaymentFailed; whether it was acknowledged."""
        told = {"payment_id": "p1", "booking_id": booking_id, "user_id": "u1", "reason": reason}
        return self._tell(PaymentFailed, told, message=message)

    def reject(self, booking_id: str, *, message: str | None = None) -> bool:
        """TicketRejected; whether it was acknowledged."""
        told = {"booking_id": booking_id, "user_id": "u1", "event_id": "v1", "reason": "x"}
        return self._tell(TicketRejected, told, message=message)

    def wake(self, booking_id: str) -> bool:
        """The back-stop timer of the booking; whether it was acknowledged."""
        told = {"booking_id": booking_id, "user_id": "u1", "event_id": "v1", "quantity": 1, "prices": 1}
        return self._tell(BookingOrdered, told | {"currency": "EUR", "pay_before": START}, only="booking.expire_hold")

    def refund(
        self,
        booking_id: str,
        amount: int,
        refunded: int | None = None,
        *,
        version: int = 0,
        message: str | None = None,
    ) -> bool:
        """PaymentRefunded; whether it was acknowledged."""
        paid = self.booking(booking_id)["prices"]
        told = {"payment_id": "p1", "booking_id": booking_id, "user_id": "u1", "amount": amount, "currency": "EUR"}
        sums = {"prices": paid, "refunded": amount if refunded is None else refunded}
        return self._tell(PaymentRefunded, told | sums | {"version": version}, message=message)

    def bounce(self, booking_id: str, amount: int, refunded: int, version: int) -> bool:
        """PaymentRefundFailed; whether it was acknowledged."""
        told = {"payment_id": "p1", "booking_id": booking_id, "user_id": "u1", "amount": amount, "currency": "EUR"}
        return self._tell(PaymentRefundFailed, told | {"refunded": refunded, "version": version})

    def door(self, booking_id: str, ticket_id: str, version: int, *, inside: bool = True) -> bool:
        """TicketCheckedIn, or TicketCheckInUndone; whether it was acknowledged."""
        told = {"booking_id": booking_id, "ticket_id": ticket_id, "event_id": "v1", "version": version}
        return self._tell(TicketCheckedIn if inside else TicketCheckInUndone, told)

    def hand_on(self, booking_id: str, before: str, now: str, to: str) -> bool:
        """TicketTransferred; whether it was acknowledged."""
        told = {"booking_id": booking_id, "ticket_id": now, "event_id": "v1", "user_id": to, "from_user_id": "x"}
        return self._tell(TicketTransferred, told | {"from_ticket_id": before})

    def counted(self, *booking_ids: str) -> bool:
        """The bookings' latest bus events, as booking itself hears them; whether all were acknowledged."""
        told = [event for one in booking_ids for event in outbox.published(self.booking(one))]
        return all(self._heard(event, "booking.count_places") for event in told)

    def _heard(self, event: BusEvent, *functions: str) -> bool:
        answers = self.system.deliver(event, *functions)
        return all(not answer["batchItemFailures"] for answer in answers.values())

    def _tell(self, kind: Any, told: dict[str, Any], *, message: str | None = None, only: str | None = None) -> bool:
        envelope = {"bus_event_id": message or str(uuid.uuid4()), "occurred_at": self.now}
        told = envelope | {"correlation_id": "c1", "causation_id": "m1"} | told
        hearing = [one.function for one in topology.ROWS if _hears(one, kind) and one.service == "booking"]
        return self._heard(kind.model_validate(told), *([only] if only else hearing))

    # -- what buyers do ----------------------------------------------------------------------------

    def order(self, by: Person, show: Show, *quantities: int, key: str | None = None, **more: Any) -> Reply:
        """So many places of each type; none of a type where it says 0."""
        wanted = zip(show.types, quantities, strict=False)
        items = [{"event_type_id": one, "qty": qty} for one, qty in wanted if qty]
        return self.system.http("POST /v1/bookings", {"event_id": show.id, "items": items} | more, by=by, key=key)

    def held(self, by: Person, show: Show, *quantities: int, key: str | None = None) -> str:
        """The id of a booking that was taken."""
        answer = self.order(by, show, *quantities, key=key)
        assert answer.status == 201, answer.text
        return str(answer.json["id"])

    def extend(self, by: Person, booking_id: str) -> Reply:
        return self.system.http(f"POST /v1/bookings/{booking_id}/extend", by=by)

    def resize(self, by: Person, show: Show, capacity: int, of: int = 0) -> Reply:
        call = f"PUT /v1/events/{show.id}/types/{show.types[of]}/capacity"
        return self.system.http(call, {"capacity": capacity}, by=by)

    def cancel(self, by: Person, booking_id: str) -> Reply:
        return self.system.http(f"POST /v1/bookings/{booking_id}/cancel", by=by)

    # -- what the table holds ----------------------------------------------------------------------

    def stands_at(self, event_type_id: str, version: int) -> None:
        """A shard as a copy that was not finished would have left it."""
        self.system.alter(topology.BOOKINGS, event_type_id, "stock#0", terms_version=version)

    def items(self) -> list[Item]:
        return self.system.scan(topology.BOOKINGS)

    def booking(self, booking_id: str) -> Item:
        return next(item for item in self.items() if (item["pk"], item["sk"]) == (booking_id, "booking"))

    def told(self, booking_id: str) -> list[tuple[str, str | None]]:
        """The bus events of its latest transition, with their reasons."""
        return [
            (type(event).__name__, getattr(event, "reason", None))
            for event in outbox.published(self.booking(booking_id))
        ]

    def did(self, booking_id: str) -> list[str]:
        return [line["did"] for line in self.booking(booking_id)["logs"]]

    def free(self, show: Show) -> list[int]:
        found = {item["pk"]: item["available"] for item in self.items() if item["sk"].startswith("stock#")}
        return [found[one] for one in show.types]

    def limit(self, show: Show, by: Person) -> int:
        """How many places the person's limit counts."""
        return next((int(i["held"]) for i in self.items() if i["pk"] == f"{show.id}#{by.user_id}"), 0)

    def violations(self) -> list[str]:
        """Where places were lost or made up, by type and by person."""
        items = self.items()
        places, limits = Counter[str](), Counter[str]()
        for item in items:
            if item["sk"].startswith("stock#"):
                places[item["pk"]] += item["available"] - item["capacity"]
            if item["sk"] == "limit":
                limits[item["pk"]] += item["held"]
            if item["sk"] == "booking" and item["status"] in ("PENDING", "CONFIRMED"):
                limits[f"{item['event_id']}#{item['user_id']}"] -= item["quantity"]
                places.update({one["event_type_id"]: one["qty"] for one in item["items"]})
        found = [f"{one}: {off:+} places" for one, off in places.items() if off]
        found += [f"{one}: limit {off:+}" for one, off in limits.items() if off]
        return found + [f"{item['pk']} below zero" for item in items if item.get("available", 0) < 0]

    def _empty(self) -> None:
        self.system.sent.clear()
        for item in self.items():
            self.system.remove(topology.BOOKINGS, item["pk"], item["sk"])


def _hears(row: Any, kind: type[Any]) -> bool:
    return kind in getattr(row, "events", ())
