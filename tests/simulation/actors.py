"""The actors of a schedule: buyers with their behaviours, door staff, an organiser.

Each retries a call that fails or returns Retry-After, with the same Idempotency-Key.
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
    """What the actors act on."""

    world: World
    provider_network: SimulatedProviderNetwork
    gala: EventFixture  # ten places at 2500 and two free ones; at most four per buyer
    solo: EventFixture  # two places
    organiser: Person
    staff: Person

    def request(self, call: str, body: Any = None, *, by: Person, key: str | None = None) -> HttpResponse:
        """Call a route, and retry while the response is a 5xx or asks for a retry."""
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
    """One buyer: what is ordered, when, and what happens next."""

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


def _pay(me: Buyer, scene: SimulationContext, outcome: str = "paid") -> dict[str, Any] | None:
    booking = me.order(scene)
    if booking and booking["prices"]:
        me.pause(scene)
        page = me.open_checkout(scene, booking)
        if page:
            me.pause(scene)
            me.choose_outcome(scene, page, outcome)
    return booking


def _get_declined(me: Buyer, scene: SimulationContext) -> None:
    _pay(me, scene, "declined")


def _get_declined_then_pay(me: Buyer, scene: SimulationContext) -> None:
    booking = _pay(me, scene, "declined")
    if booking and booking["prices"]:
        me.pause(scene)
        page = me.open_checkout(scene, booking, key="again")
        if page:
            me.choose_outcome(scene, page)


def _abandon_checkout(me: Buyer, scene: SimulationContext) -> None:
    booking = me.order(scene)
    if booking and booking["prices"]:
        me.open_checkout(scene, booking)


def _cancel(me: Buyer, scene: SimulationContext) -> None:
    booking = me.order(scene)
    if booking:
        me.pause(scene)
        me.cancel(scene, booking)


def _cancel_at_checkout(me: Buyer, scene: SimulationContext) -> None:
    booking = _pay(me, scene, "abandoned")
    if booking:
        me.cancel(scene, booking)


def _cancel_while_paying(me: Buyer, scene: SimulationContext) -> None:
    """One tab pays while the other cancels."""
    booking = me.order(scene)
    if not booking:
        return
    page = me.open_checkout(scene, booking) if booking["prices"] else None
    other = scene.world.schedule.start(f"{me.name}'s other tab", lambda: me.cancel(scene, booking))
    if page:
        me.choose_outcome(scene, page)
    scene.world.schedule.wait(other)


def _pay_just_before_deadline(me: Buyer, scene: SimulationContext) -> None:
    _pay_around_deadline(me, scene, -0.5, "paid")


def _pay_late(me: Buyer, scene: SimulationContext) -> None:
    """The money was in transit when the checkout expired."""
    _pay_around_deadline(me, scene, 5.0 + 300 * scene.world.schedule.draw.random(), "late")


def _pay_around_deadline(me: Buyer, scene: SimulationContext, offset_seconds: float, outcome: str) -> None:
    schedule = scene.world.schedule
    booking = me.order(scene)
    page = me.open_checkout(scene, booking) if booking and booking["prices"] else None
    if booking and page:
        seconds = (clock.parse(booking["pay_before"]) - schedule.now).total_seconds() + offset_seconds
        schedule.sleep(max(0.0, seconds + schedule.draw.random()))
        me.choose_outcome(scene, page, outcome)


def _order_twice(me: Buyer, scene: SimulationContext) -> None:
    """A client times out and repeats its order while the first request is still running."""
    first = scene.world.schedule.start(f"{me.name}'s first try", lambda: me.order(scene))
    second = me.order(scene)
    scene.world.schedule.wait(first)
    if first.error:
        raise first.error
    booking_ids = [one["id"] for one in (first.result, second) if one]
    assert len(set(booking_ids)) <= 1, f"{me.name}: one order became two bookings: {booking_ids}"
    if second and second["prices"]:
        page = me.open_checkout(scene, second)
        if page:
            me.choose_outcome(scene, page)


def _pay_in_two_tabs(me: Buyer, scene: SimulationContext) -> None:
    booking = me.order(scene)
    if not booking or not booking["prices"]:
        return
    other = scene.world.schedule.start(f"{me.name}'s other tab", lambda: me.open_checkout(scene, booking, key="other"))
    page = me.open_checkout(scene, booking)
    scene.world.schedule.wait(other)
    for one in dict.fromkeys((page, other.result)):
        if one:
            me.choose_outcome(scene, one)


def _extend_hold(me: Buyer, scene: SimulationContext) -> None:
    """The hold is extended from two tabs at once, and paid in its second half."""
    booking = me.order(scene)
    if not booking or not booking["prices"]:
        return
    call = f"POST /v1/bookings/{booking['id']}/extend"
    other = scene.world.schedule.start(f"{me.name}'s other tab", lambda: scene.request(call, by=me.person))
    scene.request(call, by=me.person)
    scene.world.schedule.wait(other)
    page = me.open_checkout(scene, booking)
    scene.world.schedule.sleep(70 * scene.world.schedule.draw.random())
    if page:
        me.choose_outcome(scene, page)


def _cancel_confirmed_booking(me: Buyer, scene: SimulationContext) -> None:
    """A confirmed booking is cancelled by the event's refund policy."""
    booking = _pay(me, scene)
    if booking:
        scene.world.schedule.sleep(5 + 20 * scene.world.schedule.draw.random())
        me.cancel(scene, booking)


def _cancel_with_failing_refund(me: Buyer, scene: SimulationContext) -> None:
    """The provider accepts a refund that bounces days later."""
    booking = me.order(scene)
    page = me.open_checkout(scene, booking) if booking and booking["prices"] else None
    if booking and page:
        me.choose_outcome(scene, page)
        scene.world.schedule.sleep(20)
        me.cancel(scene, booking)
        scene.world.schedule.sleep(60 + _TWO_DAYS_SECONDS * scene.world.schedule.draw.random())
        me.choose_outcome(scene, page, "bounced")


def _check_in_at_two_doors(me: Buyer, scene: SimulationContext) -> None:
    """Each ticket is scanned at two doors at once."""
    booking = _pay(me, scene)
    schedule = scene.world.schedule
    schedule.sleep(20)
    found = scene.request("GET /v1/tickets", by=me.person).json["items"]
    for at, ticket in enumerate(one for one in found if booking and one["booking_id"] == booking["id"]):
        code = {"event_id": ticket["event_id"], "code": ticket["code"]}
        scans = [code | {"nonce": f"{me.name}-{at}-{door}".replace("/", ".")} for door in (1, 2)]
        scanners = [schedule.start(f"door {scan['nonce']}", partial(_scan, scene, scan)) for scan in scans]
        for door in scanners:
            schedule.wait(door)
        admitted = [door.result for door in scanners]
        assert admitted.count(True) <= 1, f"{me.name}: one ticket admitted twice"


def _scan(context: SimulationContext, scan: dict[str, Any]) -> bool:
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
    "gives back": _cancel_confirmed_booking,
    "gets nothing back at first": _cancel_with_failing_refund,
    "comes": _check_in_at_two_doors,
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
    for one in [each for each in bookings if each["status"] == "CONFIRMED" and each["prices"]]:
        call = f"POST /v1/payments/{ids.derive('payment', one['id'])}/refund"
        body = {"reason": "The bar was shut."} | ({"amount": amount} if amount else {})
        for at in (1, 2):
            context.world.schedule.start(
                f"desk {at}", partial(context.request, call, body, by=context.organiser, key=f"{one['id']}-{at}")
            )


ORGANISER_ACTIONS: dict[str, Callable[[SimulationContext, EventFixture], object]] = {
    "cancels": _cancel_event,
    "adds places to": partial(_set_capacity, change=2),
    "takes places from": partial(_set_capacity, change=-3),
    "refunds all of": partial(_refund_bookings, amount=None),
    "refunds parts of": partial(_refund_bookings, amount=900),
}
