"""A driver for booking alone: terms, orders and messages of other services, with a manual clock."""

import uuid
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
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
from tests.support.fixtures.event_fixture import EventFixture
from tests.support.system.system import HttpResponse, Person, System

START = datetime(2026, 5, 1, 12, 0, 0, tzinfo=UTC)
STARTS, ENDS = START + timedelta(days=30), START + timedelta(days=30, hours=3)
HOLD_SECONDS = 600  # seconds
BACKSTOP_SECONDS = 120  # seconds; the setting of the test system


class BookingDriver:
    """Drives bookings and reads the resulting items."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.now = START

    @contextmanager
    def running(self) -> Iterator["BookingDriver"]:
        """Within the block all functions use its clock; the table is empty at first."""
        self._clear()
        clock.use(lambda: self.now)
        try:
            yield self
        finally:
            clock.use()

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    # -- messages of other services ------------------------------------------------------------------

    def publish_event(self, *capacities: int, **terms: Any) -> EventFixture:
        """A published event with one type for each capacity."""
        event = EventFixture(str(uuid.uuid4()), tuple(str(uuid.uuid4()) for _ in capacities or (10,)))
        self.deliver_terms(event, capacities or (10,), **terms)
        return event

    def deliver_terms(
        self,
        event: EventFixture,
        capacities: Sequence[int],
        *,
        version: int = 1,
        event_class: type[EventTerms] = EventPublished,
        statuses: Mapping[int, str] | None = None,
        prices: int = 2500,
        windows: Mapping[str, datetime] | None = None,
        **terms: Any,
    ) -> bool:
        """Deliver EventPublished or EventChanged; whether it was acknowledged."""
        types = [
            {"id": one, "name": f"Type {at}", "prices": prices, "currency": "EUR", "capacity": capacity}
            | {"status": (statuses or {}).get(at, "ON_SALE")}
            | dict(windows or {})
            for at, (one, capacity) in enumerate(zip(event.types, capacities, strict=True))
        ]
        fields = {"event_id": event.id, "terms_version": version, "organiser_id": "o1", "name": "Gala", "venue": "Hall"}
        fields |= {"city": "Bremen", "zone": "Europe/Berlin", "starts_at": STARTS, "ends_at": ENDS}
        fields |= {"status": "PUBLISHED", "max_per_user": 4, "hold_seconds": HOLD_SECONDS, "types": types}
        return self._deliver_fields(event_class, fields | terms)

    def change_terms(
        self, event: EventFixture, capacities: Sequence[int] = (10,), *, version: int = 2, **terms: Any
    ) -> None:
        self.deliver_terms(event, capacities, version=version, event_class=EventChanged, **terms)

    def payment_succeeded(self, booking_id: str, payment_id: str = "p1", *, bus_event_id: str | None = None) -> bool:
        """PaymentSucceeded; whether it was acknowledged."""
        fields = {"payment_id": payment_id, "booking_id": booking_id, "user_id": "u1", "prices": 1, "currency": "EUR"}
        return self._deliver_fields(PaymentSucceeded, fields | {"method": "card"}, bus_event_id=bus_event_id)

    def payment_failed(self, booking_id: str, reason: str = "expired", *, bus_event_id: str | None = None) -> bool:
        """PaymentFailed; whether it was acknowledged."""
        fields = {"payment_id": "p1", "booking_id": booking_id, "user_id": "u1", "reason": reason}
        return self._deliver_fields(PaymentFailed, fields, bus_event_id=bus_event_id)

    def tickets_rejected(self, booking_id: str, *, bus_event_id: str | None = None) -> bool:
        """TicketRejected; whether it was acknowledged."""
        fields = {"booking_id": booking_id, "user_id": "u1", "event_id": "v1", "reason": "x"}
        return self._deliver_fields(TicketRejected, fields, bus_event_id=bus_event_id)

    def expire_hold(self, booking_id: str) -> bool:
        """Deliver the booking's back-stop timer; whether it was acknowledged."""
        fields = {"booking_id": booking_id, "user_id": "u1", "event_id": "v1", "quantity": 1, "prices": 1}
        return self._deliver_fields(
            BookingOrdered, fields | {"currency": "EUR", "pay_before": START}, function="booking.expire_hold_backstop"
        )

    def payment_refunded(
        self,
        booking_id: str,
        amount: int,
        refunded: int | None = None,
        *,
        version: int = 0,
        bus_event_id: str | None = None,
    ) -> bool:
        """PaymentRefunded; whether it was acknowledged."""
        paid = self.booking(booking_id)["prices"]
        fields = {"payment_id": "p1", "booking_id": booking_id, "user_id": "u1", "amount": amount, "currency": "EUR"}
        amounts = {"prices": paid, "refunded": amount if refunded is None else refunded}
        return self._deliver_fields(PaymentRefunded, fields | amounts | {"version": version}, bus_event_id=bus_event_id)

    def refund_failed(self, booking_id: str, amount: int, refunded: int, version: int) -> bool:
        """PaymentRefundFailed; whether it was acknowledged."""
        fields = {"payment_id": "p1", "booking_id": booking_id, "user_id": "u1", "amount": amount, "currency": "EUR"}
        return self._deliver_fields(PaymentRefundFailed, fields | {"refunded": refunded, "version": version})

    def ticket_checked_in(self, booking_id: str, ticket_id: str, version: int, *, checked_in: bool = True) -> bool:
        """TicketCheckedIn, or TicketCheckInUndone; whether it was acknowledged."""
        fields = {"booking_id": booking_id, "ticket_id": ticket_id, "event_id": "v1", "version": version}
        return self._deliver_fields(TicketCheckedIn if checked_in else TicketCheckInUndone, fields)

    def ticket_transferred(self, booking_id: str, old_ticket_id: str, new_ticket_id: str, new_owner_id: str) -> bool:
        """TicketTransferred; whether it was acknowledged."""
        fields = {
            "booking_id": booking_id,
            "ticket_id": new_ticket_id,
            "event_id": "v1",
            "user_id": new_owner_id,
            "from_user_id": "x",
        }
        return self._deliver_fields(TicketTransferred, fields | {"from_ticket_id": old_ticket_id})

    def count_bookings(self, *booking_ids: str) -> bool:
        """Deliver the bookings' latest bus events to booking's own counters; whether all were acknowledged."""
        events = [event for one in booking_ids for event in outbox.outbox_events(self.booking(one))]
        return all(self._deliver(event, "booking.on_booking_changed") for event in events)

    def _deliver(self, event: BusEvent, *functions: str) -> bool:
        responses = self.system.deliver(event, *functions)
        return all(not response["batchItemFailures"] for response in responses.values())

    def _deliver_fields(
        self, event_class: Any, fields: dict[str, Any], *, bus_event_id: str | None = None, function: str | None = None
    ) -> bool:
        envelope = {"bus_event_id": bus_event_id or str(uuid.uuid4()), "occurred_at": self.now}
        fields = envelope | {"correlation_id": "c1", "causation_id": "m1"} | fields
        consumers = [one.function for one in topology.ROWS if _consumes(one, event_class) and one.service == "booking"]
        return self._deliver(event_class.model_validate(fields), *([function] if function else consumers))

    # -- requests of buyers ----------------------------------------------------------------------------

    def order(
        self, by: Person, event: EventFixture, *quantities: int, key: str | None = None, **more: Any
    ) -> HttpResponse:
        """Order these quantities, one per type; 0 leaves the type out."""
        quantities_by_type = zip(event.types, quantities, strict=False)
        items = [{"event_type_id": one, "qty": qty} for one, qty in quantities_by_type if qty]
        return self.system.http("POST /v1/bookings", {"event_id": event.id, "items": items} | more, by=by, key=key)

    def hold(self, by: Person, event: EventFixture, *quantities: int, key: str | None = None) -> str:
        """Order places, expect 201 and return the booking id."""
        response = self.order(by, event, *quantities, key=key)
        assert response.status == 201, response.text
        return str(response.json["id"])

    def extend(self, by: Person, booking_id: str) -> HttpResponse:
        return self.system.http(f"POST /v1/bookings/{booking_id}/extend", by=by)

    def set_capacity(self, by: Person, event: EventFixture, capacity: int, type_index: int = 0) -> HttpResponse:
        call = f"PUT /v1/events/{event.id}/types/{event.types[type_index]}/capacity"
        return self.system.http(call, {"capacity": capacity}, by=by)

    def cancel(self, by: Person, booking_id: str) -> HttpResponse:
        return self.system.http(f"POST /v1/bookings/{booking_id}/cancel", by=by)

    # -- stored items ----------------------------------------------------------------------

    def set_shard_version(self, event_type_id: str, version: int) -> None:
        """Set the terms version of a shard, like an unfinished update of the event copy."""
        self.system.update_item(topology.BOOKINGS, event_type_id, "stock#0", terms_version=version)

    def items(self) -> list[Item]:
        return self.system.scan(topology.BOOKINGS)

    def booking(self, booking_id: str) -> Item:
        return next(item for item in self.items() if (item["pk"], item["sk"]) == (booking_id, "booking"))

    def published_events(self, booking_id: str) -> list[tuple[str, str | None]]:
        """The bus events in the booking's outbox, with their reasons."""
        return [
            (type(event).__name__, getattr(event, "reason", None))
            for event in outbox.outbox_events(self.booking(booking_id))
        ]

    def actions(self, booking_id: str) -> list[str]:
        return [line["action"] for line in self.booking(booking_id)["logs"]]

    def available(self, event: EventFixture) -> list[int]:
        by_type = {item["pk"]: item["available"] for item in self.items() if item["sk"].startswith("stock#")}
        return [by_type[one] for one in event.types]

    def held_places(self, event: EventFixture, by: Person) -> int:
        """The places that the user's purchase limit counts."""
        return next((int(i["held"]) for i in self.items() if i["pk"] == f"{event.id}#{by.user_id}"), 0)

    def violations(self) -> list[str]:
        """The types and users whose inventory or limit does not match the bookings."""
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

    def _clear(self) -> None:
        self.system.delayed_messages.clear()
        for item in self.items():
            self.system.delete_item(topology.BOOKINGS, item["pk"], item["sk"])


def _consumes(row: Any, event_class: type[Any]) -> bool:
    return event_class in getattr(row, "events", ())
