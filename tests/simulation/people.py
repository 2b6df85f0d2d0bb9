"""Who takes part in a schedule: buyers with their ways, door staff, an organiser. All of them are patient clients.

A client repeats a call that was not answered, or whose answer says "not now", with the same Idempotency-Key.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from common import clock, ids
from tests.simulation.wire import Wire
from tests.simulation.world import World
from tests.support.gateway import Person, Reply

_TRIES = 12
_DAYS = 2 * 86_400.0


@dataclass(frozen=True)
class Show:
    """An event on sale."""

    id: str
    types: tuple[str, ...]
    prices: tuple[int, ...]


@dataclass
class Scene:
    """What the people act in."""

    world: World
    wire: Wire
    gala: Show  # ten places at 2500, and two that are free; four a person
    solo: Show  # two places
    organiser: Person
    door: Person

    def ask(self, call: str, body: Any = None, *, by: Person, key: str | None = None) -> Reply:
        """Call until there is an answer that is one."""
        schedule = self.world.schedule
        reply = self.world.http(call, body, by=by, key=key)
        for tried in range(_TRIES):
            if reply.status < 500 and "retry-after" not in reply.headers:
                break
            schedule.sleep(min(60.0, 0.5 * 2**tried) * (0.5 + schedule.draw.random()))
            reply = self.world.http(call, body, by=by, key=key)
        schedule.tell(f"{call} -> {reply.status}")
        if self.wire.chaos.strikes(self.world.cloud, "F33"):
            first, reply = reply, self.ask(call, body, by=by, key=key)
            assert not (key and _made(first) and _made(reply)) or _made(first) == _made(reply), f"{call} made two"
        return reply


def _made(reply: Reply) -> str | None:
    """The id of what a call made."""
    return str(reply.json["id"]) if reply.status in (200, 201) else None


@dataclass(frozen=True)
class Buyer:
    """One person's visit: when, what for, and what they do about it."""

    name: str
    way: str
    show: str
    of: int
    places: int
    at: float
    slow: float  # seconds between one step and the next, at the most

    @property
    def person(self) -> Person:
        return Person(user_id=self.name.split("/")[0])

    def __str__(self) -> str:
        return f"{self.name} {self.way} {self.places} of {self.show}[{self.of}] at {self.at:.1f}"

    def act(self, scene: Scene) -> None:
        scene.world.schedule.sleep(self.at)
        WAYS[self.way](self, scene)

    # -- steps ----------------------------------------------------------------------------------

    def pause(self, scene: Scene) -> None:
        scene.world.schedule.sleep(self.slow * scene.world.schedule.draw.random())

    def order(self, scene: Scene, key: str = "order") -> dict[str, Any] | None:
        show: Show = getattr(scene, self.show)
        body = {"event_id": show.id, "items": [{"event_type_id": show.types[self.of], "qty": self.places}]}
        asked = partial(scene.ask, "POST /v1/bookings", body, by=self.person, key=f"{self.name}-{key}")
        reply = asked()
        if reply.status == 201 and scene.wire.chaos.strikes(scene.world.cloud, "F31"):
            scene.world.schedule.start(f"{self.name}, days later", partial(_again, scene, asked, reply.json["id"]))
        return reply.json if reply.status == 201 else None

    def page(self, scene: Scene, booking: dict[str, Any], key: str = "pay") -> str | None:
        asked = {"order_id": booking["id"], "price": booking["prices"]}
        reply = scene.ask("POST /v1/payments", asked, by=self.person, key=f"{self.name}-{key}")
        return reply.json["checkout_url"] if reply.status == 201 else None

    def press(self, scene: Scene, page: str, outcome: str = "paid") -> None:
        scene.world.schedule.tell(f"presses {outcome}")
        scene.wire.choose(page, outcome)

    def cancel(self, scene: Scene, booking: dict[str, Any]) -> None:
        scene.ask(f"POST /v1/bookings/{booking['id']}/cancel", by=self.person)


def _again(scene: Scene, asked: Callable[[], Reply], booking_id: str) -> None:
    scene.world.schedule.sleep(_DAYS)
    reply = asked()
    assert reply.status >= 500 or reply.json.get("id") == booking_id, f"the order became another: {reply.text}"


def _pays(me: Buyer, scene: Scene, outcome: str = "paid") -> dict[str, Any] | None:
    booking = me.order(scene)
    if booking and booking["prices"]:
        me.pause(scene)
        page = me.page(scene, booking)
        if page:
            me.pause(scene)
            me.press(scene, page, outcome)
    return booking


def _declined(me: Buyer, scene: Scene) -> None:
    _pays(me, scene, "declined")


def _declined_then_pays(me: Buyer, scene: Scene) -> None:
    booking = _pays(me, scene, "declined")
    if booking and booking["prices"]:
        me.pause(scene)
        page = me.page(scene, booking, key="again")
        if page:
            me.press(scene, page)


def _abandons(me: Buyer, scene: Scene) -> None:
    booking = me.order(scene)
    if booking and booking["prices"]:
        me.page(scene, booking)


def _cancels(me: Buyer, scene: Scene) -> None:
    booking = me.order(scene)
    if booking:
        me.pause(scene)
        me.cancel(scene, booking)


def _cancels_at_checkout(me: Buyer, scene: Scene) -> None:
    booking = _pays(me, scene, "abandoned")
    if booking:
        me.cancel(scene, booking)


def _cancels_while_paying(me: Buyer, scene: Scene) -> None:
    """One tab pays while the other cancels."""
    booking = me.order(scene)
    if not booking:
        return
    page = me.page(scene, booking) if booking["prices"] else None
    other = scene.world.schedule.start(f"{me.name}'s other tab", lambda: me.cancel(scene, booking))
    if page:
        me.press(scene, page)
    scene.world.schedule.wait(other)


def _pays_at_the_last_moment(me: Buyer, scene: Scene) -> None:
    _at_deadline(me, scene, -0.5, "paid")


def _pays_late(me: Buyer, scene: Scene) -> None:
    """The money was under way when the page expired."""
    _at_deadline(me, scene, 5.0 + 300 * scene.world.schedule.draw.random(), "late")


def _at_deadline(me: Buyer, scene: Scene, after: float, outcome: str) -> None:
    schedule = scene.world.schedule
    booking = me.order(scene)
    page = me.page(scene, booking) if booking and booking["prices"] else None
    if booking and page:
        left = (clock.parse(booking["pay_before"]) - schedule.now).total_seconds() + after
        schedule.sleep(max(0.0, left + schedule.draw.random()))
        me.press(scene, page, outcome)


def _orders_twice(me: Buyer, scene: Scene) -> None:
    """A client that gave up waiting sends the same order again, while the first is still being worked on."""
    first = scene.world.schedule.start(f"{me.name}'s first try", lambda: me.order(scene))
    second = me.order(scene)
    scene.world.schedule.wait(first)
    if first.error:
        raise first.error
    both = [one["id"] for one in (first.result, second) if one]
    assert len(set(both)) <= 1, f"{me.name}: one order became two bookings: {both}"
    if second and second["prices"]:
        page = me.page(scene, second)
        if page:
            me.press(scene, page)


def _pays_in_two_tabs(me: Buyer, scene: Scene) -> None:
    booking = me.order(scene)
    if not booking or not booking["prices"]:
        return
    other = scene.world.schedule.start(f"{me.name}'s other tab", lambda: me.page(scene, booking, key="other"))
    page = me.page(scene, booking)
    scene.world.schedule.wait(other)
    for one in dict.fromkeys((page, other.result)):
        if one:
            me.press(scene, one)


def _extends(me: Buyer, scene: Scene) -> None:
    """More time is asked for, from two tabs at once, and the money comes in the second half of it."""
    booking = me.order(scene)
    if not booking or not booking["prices"]:
        return
    ask = f"POST /v1/bookings/{booking['id']}/extend"
    other = scene.world.schedule.start(f"{me.name}'s other tab", lambda: scene.ask(ask, by=me.person))
    scene.ask(ask, by=me.person)
    scene.world.schedule.wait(other)
    page = me.page(scene, booking)
    scene.world.schedule.sleep(70 * scene.world.schedule.draw.random())
    if page:
        me.press(scene, page)


def _gives_back(me: Buyer, scene: Scene) -> None:
    """A confirmed booking is cancelled by the event's refund policy."""
    booking = _pays(me, scene)
    if booking:
        scene.world.schedule.sleep(5 + 20 * scene.world.schedule.draw.random())
        me.cancel(scene, booking)


def _gets_nothing_back_at_first(me: Buyer, scene: Scene) -> None:
    """The provider accepts to send the money back, and days later it has not arrived."""
    booking = me.order(scene)
    page = me.page(scene, booking) if booking and booking["prices"] else None
    if booking and page:
        me.press(scene, page)
        scene.world.schedule.sleep(20)
        me.cancel(scene, booking)
        scene.world.schedule.sleep(60 + _DAYS * scene.world.schedule.draw.random())
        me.press(scene, page, "bounced")


def _comes(me: Buyer, scene: Scene) -> None:
    """The tickets are shown at two doors at once."""
    booking = _pays(me, scene)
    schedule = scene.world.schedule
    schedule.sleep(20)
    found = scene.ask("GET /v1/tickets", by=me.person).json["items"]
    for at, ticket in enumerate(one for one in found if booking and one["booking_id"] == booking["id"]):
        code = {"event_id": ticket["event_id"], "code": ticket["code"]}
        scans = [code | {"nonce": f"{me.name}-{at}-{door}".replace("/", ".")} for door in (1, 2)]
        doors = [schedule.start(f"door {scan['nonce']}", partial(_scan, scene, scan)) for scan in scans]
        for door in doors:
            schedule.wait(door)
        admitted = [door.result for door in doors]
        assert admitted.count(True) <= 1, f"{me.name}: one ticket admitted twice"


def _scan(scene: Scene, scan: dict[str, Any]) -> bool:
    return scene.ask("POST /v1/check-ins", scan, by=scene.door).status == 201


WAYS: dict[str, Callable[[Buyer, Scene], object]] = {
    "pays": _pays,
    "is declined": _declined,
    "is declined, then pays": _declined_then_pays,
    "abandons": _abandons,
    "cancels": _cancels,
    "cancels at checkout": _cancels_at_checkout,
    "cancels while paying": _cancels_while_paying,
    "pays at the last moment": _pays_at_the_last_moment,
    "pays late": _pays_late,
    "orders twice": _orders_twice,
    "pays in two tabs": _pays_in_two_tabs,
    "extends": _extends,
    "gives back": _gives_back,
    "gets nothing back at first": _gets_nothing_back_at_first,
    "comes": _comes,
}


@dataclass(frozen=True)
class Act:
    """What the organiser does meanwhile."""

    did: str
    show: str
    at: float

    @property
    def name(self) -> str:
        return f"the organiser {self.did}"

    def __str__(self) -> str:
        return f"the organiser {self.did} {self.show} at {self.at:.1f}"

    def act(self, scene: Scene) -> None:
        scene.world.schedule.sleep(self.at)
        ACTS[self.did](scene, getattr(scene, self.show))


def _cancels_event(scene: Scene, show: Show) -> None:
    scene.ask(f"POST /v1/events/{show.id}/cancel", {"message": "The singer is ill."}, by=scene.organiser)


def _sets_capacity(scene: Scene, show: Show, *, more: int) -> None:
    places = scene.ask(f"GET /v1/events/{show.id}/availability", by=scene.organiser).json["types"][0]
    asked = {"capacity": max(0, places["capacity"] + more)}
    scene.ask(f"PUT /v1/events/{show.id}/types/{show.types[0]}/capacity", asked, by=scene.organiser)


def _refunds(scene: Scene, show: Show, *, amount: int | None) -> None:
    """Everything that was paid for the show, or a part of each, twice over, asked for by two people at once."""
    paid = scene.ask(f"GET /v1/events/{show.id}/bookings", by=scene.organiser).json["items"]
    for one in [each for each in paid if each["status"] == "CONFIRMED" and each["prices"]]:
        call = f"POST /v1/payments/{ids.derive('payment', one['id'])}/refund"
        body = {"reason": "The bar was shut."} | ({"amount": amount} if amount else {})
        for at in (1, 2):
            scene.world.schedule.start(
                f"desk {at}", partial(scene.ask, call, body, by=scene.organiser, key=f"{one['id']}-{at}")
            )


ACTS: dict[str, Callable[[Scene, Show], object]] = {
    "cancels": _cancels_event,
    "adds places to": partial(_sets_capacity, more=2),
    "takes places from": partial(_sets_capacity, more=-3),
    "refunds all of": partial(_refunds, amount=None),
    "refunds parts of": partial(_refunds, amount=900),
}
