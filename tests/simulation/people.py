"""Who takes part in a schedule: buyers with their ways, door staff, an organiser. All of them are patient clients.

A client repeats a call that was not answered, or whose answer says "not now", with the same Idempotency-Key.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from common import clock
from tests.simulation.wire import Wire
from tests.simulation.world import World
from tests.support.gateway import Person, Reply

_TRIES = 12


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
        return reply


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
        reply = scene.ask("POST /v1/bookings", body, by=self.person, key=f"{self.name}-{key}")
        return reply.json if reply.status == 201 else None

    def page(self, scene: Scene, booking: dict[str, Any], key: str = "pay") -> str | None:
        asked = {"order_id": booking["id"], "price": booking["prices"]}
        reply = scene.ask("POST /v1/payments", asked, by=self.person, key=f"{self.name}-{key}")
        return reply.json["checkout_url"] if reply.status == 201 else None

    def press(self, scene: Scene, page: str, outcome: str = "paid") -> None:
        scene.world.schedule.tell(f"presses {outcome}")
        scene.wire.choose(page, outcome)

    def cancel(self, scene: Scene, booking: dict[str, Any]) -> None:
        scene.ask(f"DELETE /v1/bookings/{booking['id']}", by=self.person)


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
}
