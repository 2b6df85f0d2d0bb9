"""The actors of a schedule: buyers with different behaviours, door staff, an organiser.

Each retries a request after a 5xx or a Retry-After, with the same Idempotency-Key.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from common import clock, ids
from tests.simulation.provider_network import SimulatedProviderNetwork
from tests.simulation.world import World
from tests.support.fixtures.event_fixture import EventFixture
from tests.support.system.lambda_events import HttpResponse, Person

_MAX_TRIES = 12
_TWO_DAYS_SECONDS = 2 * 86_400.0


@dataclass
class SimulationContext:
    """The world and the fixtures that the actors use."""

    world: World
    provider_network: SimulatedProviderNetwork
    gala: EventFixture  # ten places at 2500 cents and two free ones; at most four per buyer
    solo: EventFixture  # two places at 2500 cents
    organiser: Person
    staff: Person

    def request(self, call: str, body: Any = None, *, by: Person, key: str | None = None) -> HttpResponse:
        """Call a route, and retry while the response is a 5xx or has Retry-After, at most 12 times."""
        schedule = self.world.schedule
        response = self.world.http(call, body, by=by, key=key)
        for attempt in range(_MAX_TRIES):
            if response.status < 500 and "retry-after" not in response.headers:
                break
            schedule.sleep(min(60.0, 0.5 * 2**attempt) * (0.5 + schedule.draw.random()))
            response = self.world.http(call, body, by=by, key=key)
        schedule.record(f"{call} -> {response.status}")
        if self.provider_network.chaos.should_inject(self.world.cloud, "F33"):
            first, response = response, self.request(call, body, by=by, key=key)
            assert not (key and _created_id(first) and _created_id(response)) or _created_id(first) == _created_id(
                response
            ), f"{call} created two items"
        return response


def _created_id(response: HttpResponse) -> str | None:
    """The id of the created item, if there is one."""
    return str(response.json["id"]) if response.status in (200, 201) else None


@dataclass(frozen=True)
class Buyer:
    """A buyer: the order, its time, and the behaviour that follows."""

    name: str
    behaviour: str
    event: str
    type_index: int
    places: int
    start_seconds: float
    max_pause_seconds: float  # between two steps

    @property
    def person(self) -> Person:
        return Person(user_id=self.name.split("/")[0])

    def __str__(self) -> str:
        return (
            f"{self.name} {self.behaviour} {self.places} of {self.event}[{self.type_index}] at {self.start_seconds:.1f}"
        )

    def run(self, context: SimulationContext) -> None:
        context.world.schedule.sleep(self.start_seconds)
        BEHAVIOURS[self.behaviour](self, context)

    # -- steps ----------------------------------------------------------------------------------

    def pause(self, context: SimulationContext) -> None:
        context.world.schedule.sleep(self.max_pause_seconds * context.world.schedule.draw.random())

    def order(self, context: SimulationContext, key: str = "order") -> dict[str, Any] | None:
        event: EventFixture = getattr(context, self.event)
        body = {"event_id": event.id, "items": [{"event_type_id": event.types[self.type_index], "qty": self.places}]}
        place_order = partial(context.request, "POST /v1/bookings", body, by=self.person, key=f"{self.name}-{key}")
        response = place_order()
        if response.status == 201 and context.provider_network.chaos.should_inject(context.world.cloud, "F31"):
            context.world.schedule.start(
                f"{self.name}, days later", partial(_repeat_order_later, context, place_order, response.json["id"])
            )
        return response.json if response.status == 201 else None

    def open_checkout(self, context: SimulationContext, booking: dict[str, Any], key: str = "pay") -> str | None:
        payment_request = {"order_id": booking["id"], "price": booking["prices"]}
        response = context.request("POST /v1/payments", payment_request, by=self.person, key=f"{self.name}-{key}")
        return response.json["checkout_url"] if response.status == 201 else None

    def choose_outcome(self, context: SimulationContext, checkout_url: str, outcome: str = "paid") -> None:
        context.world.schedule.record(f"chooses {outcome}")
        context.provider_network.choose_outcome(checkout_url, outcome)

    def cancel(self, context: SimulationContext, booking: dict[str, Any]) -> None:
        context.request(f"POST /v1/bookings/{booking['id']}/cancel", by=self.person)


def _repeat_order_later(context: SimulationContext, place_order: Callable[[], HttpResponse], booking_id: str) -> None:
    context.world.schedule.sleep(_TWO_DAYS_SECONDS)
    response = place_order()
    assert response.status >= 500 or response.json.get("id") == booking_id, (
        f"the order created another booking: {response.text}"
    )


def _pay(buyer: Buyer, context: SimulationContext, outcome: str = "paid") -> dict[str, Any] | None:
    booking = buyer.order(context)
    if booking and booking["prices"]:
        buyer.pause(context)
        page = buyer.open_checkout(context, booking)
        if page:
            buyer.pause(context)
            buyer.choose_outcome(context, page, outcome)
    return booking


def _get_declined(buyer: Buyer, context: SimulationContext) -> None:
    _pay(buyer, context, "declined")


def _get_declined_then_pay(buyer: Buyer, context: SimulationContext) -> None:
    booking = _pay(buyer, context, "declined")
    if booking and booking["prices"]:
        buyer.pause(context)
        page = buyer.open_checkout(context, booking, key="again")
        if page:
            buyer.choose_outcome(context, page)


def _abandon_checkout(buyer: Buyer, context: SimulationContext) -> None:
    booking = buyer.order(context)
    if booking and booking["prices"]:
        buyer.open_checkout(context, booking)


def _cancel(buyer: Buyer, context: SimulationContext) -> None:
    booking = buyer.order(context)
    if booking:
        buyer.pause(context)
        buyer.cancel(context, booking)


def _cancel_at_checkout(buyer: Buyer, context: SimulationContext) -> None:
    booking = _pay(buyer, context, "abandoned")
    if booking:
        buyer.cancel(context, booking)


def _cancel_while_paying(buyer: Buyer, context: SimulationContext) -> None:
    """One tab pays while the other cancels."""
    booking = buyer.order(context)
    if not booking:
        return
    page = buyer.open_checkout(context, booking) if booking["prices"] else None
    other = context.world.schedule.start(f"{buyer.name}'s other tab", lambda: buyer.cancel(context, booking))
    if page:
        buyer.choose_outcome(context, page)
    context.world.schedule.wait(other)


def _pay_just_before_deadline(buyer: Buyer, context: SimulationContext) -> None:
    _pay_around_deadline(buyer, context, -0.5, "paid")


def _pay_late(buyer: Buyer, context: SimulationContext) -> None:
    """The payment was in transit when the checkout expired."""
    _pay_around_deadline(buyer, context, 5.0 + 300 * context.world.schedule.draw.random(), "late")


def _pay_around_deadline(buyer: Buyer, context: SimulationContext, offset_seconds: float, outcome: str) -> None:
    schedule = context.world.schedule
    booking = buyer.order(context)
    page = buyer.open_checkout(context, booking) if booking and booking["prices"] else None
    if booking and page:
        seconds = (clock.parse(booking["pay_before"]) - schedule.now).total_seconds() + offset_seconds
        schedule.sleep(max(0.0, seconds + schedule.draw.random()))
        buyer.choose_outcome(context, page, outcome)


def _order_twice(buyer: Buyer, context: SimulationContext) -> None:
    """A client times out and repeats its order while the first request is still running."""
    first = context.world.schedule.start(f"{buyer.name}'s first try", lambda: buyer.order(context))
    second = buyer.order(context)
    context.world.schedule.wait(first)
    if first.error:
        raise first.error
    booking_ids = [one["id"] for one in (first.result, second) if one]
    assert len(set(booking_ids)) <= 1, f"{buyer.name}: one order became two bookings: {booking_ids}"
    if second and second["prices"]:
        page = buyer.open_checkout(context, second)
        if page:
            buyer.choose_outcome(context, page)


def _pay_in_two_tabs(buyer: Buyer, context: SimulationContext) -> None:
    booking = buyer.order(context)
    if not booking or not booking["prices"]:
        return
    other = context.world.schedule.start(
        f"{buyer.name}'s other tab", lambda: buyer.open_checkout(context, booking, key="other")
    )
    page = buyer.open_checkout(context, booking)
    context.world.schedule.wait(other)
    for url in dict.fromkeys((page, other.result)):
        if url:
            buyer.choose_outcome(context, url)


def _extend_hold(buyer: Buyer, context: SimulationContext) -> None:
    """The hold is extended from two tabs at once, and paid in its second half."""
    booking = buyer.order(context)
    if not booking or not booking["prices"]:
        return
    call = f"POST /v1/bookings/{booking['id']}/extend"
    other = context.world.schedule.start(f"{buyer.name}'s other tab", lambda: context.request(call, by=buyer.person))
    context.request(call, by=buyer.person)
    context.world.schedule.wait(other)
    page = buyer.open_checkout(context, booking)
    context.world.schedule.sleep(70 * context.world.schedule.draw.random())
    if page:
        buyer.choose_outcome(context, page)


def _cancel_confirmed_booking(buyer: Buyer, context: SimulationContext) -> None:
    """A confirmed booking is cancelled by the event's refund policy."""
    booking = _pay(buyer, context)
    if booking:
        context.world.schedule.sleep(5 + 20 * context.world.schedule.draw.random())
        buyer.cancel(context, booking)


def _cancel_with_failing_refund(buyer: Buyer, context: SimulationContext) -> None:
    """The provider accepts a refund that bounces days later."""
    booking = buyer.order(context)
    page = buyer.open_checkout(context, booking) if booking and booking["prices"] else None
    if booking and page:
        buyer.choose_outcome(context, page)
        context.world.schedule.sleep(20)
        buyer.cancel(context, booking)
        context.world.schedule.sleep(60 + _TWO_DAYS_SECONDS * context.world.schedule.draw.random())
        buyer.choose_outcome(context, page, "bounced")


def _check_in_at_two_doors(buyer: Buyer, context: SimulationContext) -> None:
    """Each ticket is scanned at two doors at once."""
    booking = _pay(buyer, context)
    schedule = context.world.schedule
    schedule.sleep(20)
    tickets = context.request("GET /v1/tickets", by=buyer.person).json["items"]
    for at, ticket in enumerate(one for one in tickets if booking and one["booking_id"] == booking["id"]):
        code = {"event_id": ticket["event_id"], "code": ticket["code"]}
        scans = [code | {"nonce": f"{buyer.name}-{at}-{door}".replace("/", ".")} for door in (1, 2)]
        scanners = [schedule.start(f"door {scan['nonce']}", partial(_scan, context, scan)) for scan in scans]
        for scanner in scanners:
            schedule.wait(scanner)
        check_ins = [scanner.result for scanner in scanners]
        assert check_ins.count(True) <= 1, f"{buyer.name}: one ticket checked in twice"


def _scan(context: SimulationContext, scan: dict[str, Any]) -> bool:
    """Whether the check-in is accepted."""
    return context.request("POST /v1/check-ins", scan, by=context.staff).status == 201


BEHAVIOURS: dict[str, Callable[[Buyer, SimulationContext], object]] = {
    "pays": _pay,
    "is declined": _get_declined,
    "is declined, then pays": _get_declined_then_pay,
    "abandons": _abandon_checkout,
    "cancels": _cancel,
    "cancels at checkout": _cancel_at_checkout,
    "cancels while paying": _cancel_while_paying,
    "pays at the last moment": _pay_just_before_deadline,
    "pays late": _pay_late,
    "orders twice": _order_twice,
    "pays in two tabs": _pay_in_two_tabs,
    "extends": _extend_hold,
    "gets a refund": _cancel_confirmed_booking,
    "gets a bounced refund": _cancel_with_failing_refund,
    "checks in": _check_in_at_two_doors,
}


@dataclass(frozen=True)
class OrganiserAction:
    """One action of the organiser."""

    kind: str
    event: str
    start_seconds: float

    @property
    def name(self) -> str:
        return f"the organiser {self.kind}"

    def __str__(self) -> str:
        return f"the organiser {self.kind} {self.event} at {self.start_seconds:.1f}"

    def run(self, context: SimulationContext) -> None:
        context.world.schedule.sleep(self.start_seconds)
        ORGANISER_ACTIONS[self.kind](context, getattr(context, self.event))


def _cancel_event(context: SimulationContext, event: EventFixture) -> None:
    context.request(f"POST /v1/events/{event.id}/cancel", {"message": "The singer is ill."}, by=context.organiser)


def _set_capacity(context: SimulationContext, event: EventFixture, *, change: int) -> None:
    places = context.request(f"GET /v1/events/{event.id}/availability", by=context.organiser).json["types"][0]
    body = {"capacity": max(0, places["capacity"] + change)}
    context.request(f"PUT /v1/events/{event.id}/types/{event.types[0]}/capacity", body, by=context.organiser)


def _refund_bookings(context: SimulationContext, event: EventFixture, *, amount: int | None) -> None:
    """Refund every paid booking of the event, in full or in part, twice at once."""
    bookings = context.request(f"GET /v1/events/{event.id}/bookings", by=context.organiser).json["items"]
    for booking in [one for one in bookings if one["status"] == "CONFIRMED" and one["prices"]]:
        call = f"POST /v1/payments/{ids.derive('payment', booking['id'])}/refund"
        body = {"reason": "The bar was shut."} | ({"amount": amount} if amount else {})
        for at in (1, 2):
            context.world.schedule.start(
                f"refund {at}", partial(context.request, call, body, by=context.organiser, key=f"{booking['id']}-{at}")
            )


ORGANISER_ACTIONS: dict[str, Callable[[SimulationContext, EventFixture], object]] = {
    "cancels": _cancel_event,
    "adds places to": partial(_set_capacity, change=2),
    "takes places from": partial(_set_capacity, change=-3),
    "refunds all of": partial(_refund_bookings, amount=None),
    "refunds parts of": partial(_refund_bookings, amount=900),
}
