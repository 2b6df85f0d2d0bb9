"""From a seed to a verdict: the plan that it draws, the schedule that the plan makes, what must be true after it."""

import hashlib
import json
import random
from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

from infra import topology
from payment.core import provider
from payment.core.stripe_provider import StripeProvider
from reconcile.core.invariants import violations
from sandbox.core import webhook
from tests.simulation.befallen import befallen
from tests.simulation.cloud import POISON
from tests.simulation.faults import RATES, Chaos
from tests.simulation.people import ACTS, WAYS, Act, Buyer, Scene, Show
from tests.simulation.schedule import Stuck
from tests.simulation.wire import WIRE_RATES, InProcess, Wire
from tests.simulation.world import World
from tests.support.gateway import Person, row

_HOLD = 60  # seconds
_WEEKS = 14 * 86_400.0
_OLD = 3600.0  # seconds after which the reconciler judges everything
_ROUNDS = 8
_RECONCILER = row("reconcile.make_round")
LOSSES = {"F3", "F14", "gets nothing back at first"}  # what only the reconciler can answer
ALL_RATES = {**RATES, **WIRE_RATES}


@dataclass(frozen=True)
class Plan:
    """Who comes and what goes wrong."""

    seed: int
    buyers: tuple[Buyer, ...]
    acts: tuple[Act, ...]
    faults: tuple[str, ...]
    most: int | None = None  # times that something goes wrong, if not as often as the seed has it
    spared: tuple[int, ...] = ()  # of these times, by their places, some that do not come
    order: int = 0  # another draw of who goes on and what fails

    @classmethod
    def of(cls, seed: int) -> "Plan":
        draw = random.Random(f"plan {seed}")
        buyers = tuple(_buyer(draw, at) for at in range(draw.randint(3, 6)))
        acts = tuple(_act(draw) for _ in range(draw.choice((0, 1, 1, 2))))
        return cls(seed, buyers, acts, tuple(sorted(draw.sample(sorted(ALL_RATES), draw.randint(2, 6)))))

    def __str__(self) -> str:
        return f"seed {self.seed}; {', '.join(self.faults)}; " + "; ".join(map(str, (*self.buyers, *self.acts)))


@dataclass(frozen=True)
class Verdict:
    """What came of a plan."""

    plan: Plan
    violations: tuple[str, ...]
    story: tuple[str, ...]
    runs: int
    fired: Mapping[str, int]
    strokes: int = 0  # times that something went wrong, or would have

    @property
    def broken(self) -> frozenset[str]:
        """The invariants that are violated; or `answer`, `person` or `rest`: who found that something cannot be."""
        return frozenset(one.split(" ", maxsplit=1)[0].rstrip(":") for one in self.violations)

    @property
    def digest(self) -> str:
        return hashlib.sha256("\n".join(self.story).encode()).hexdigest()


def play(
    plan: Plan, *, rates: Mapping[str, float] = ALL_RATES, mended: bool = True, tick: float | None = None
) -> Verdict:
    """Play the plan to its end, mend what is broken, redrive what was set aside, and judge.

    Unless `mended` the reconciler makes no rounds: whatever went wrong is answered without it. With a `tick` every
    call takes up to so many seconds.
    """
    kept, fixed = _house()
    chaos = Chaos({name: rates[name] for name in plan.faults}, most=plan.most, spared=plan.spared)
    world = World(plan.seed, chaos, order=plan.order)
    world.schedule.tick = tick or world.schedule.tick
    said: list[str] = []
    with world.running(), connected(world, chaos) as wire:
        world.cloud.tables.put_back(kept)
        scene = Scene(world, wire, **fixed)
        people: tuple[Buyer | Act, ...] = (*plan.buyers, *plan.acts)
        visits = [world.schedule.start(one.name, partial(one.act, scene)) for one in people]
        try:
            world.schedule.run()
            wrong = dict.fromkeys((*world.schedule.failed, *(one for one in visits if one.error)))
            said += [f"person {one.name}: {one.error!r}" for one in wrong]
            handled = [one for one in world.cloud.sent if chaos.strikes(world.cloud, "F27")]
            _mended(world, chaos)
            said += (
                _reconciled(world, lost=bool(LOSSES & {*plan.faults, *(one.way for one in plan.buyers)}))
                if mended
                else _rested(world)
            )
            for queue, body, what in (*handled, *handled):
                world.cloud.enqueue(queue, body, what, _WEEKS)
            said += _mended(world, chaos) + world.wrong
            tables = {table.name: world.cloud.tables.items(table.name) for table in topology.TABLES}
            said += [*violations(tables, now=world.schedule.now), *_open_pages(tables)]
        except Stuck as stuck:
            said.append(f"rest: {stuck}")
        story, fired = tuple(world.schedule.story), chaos.fired + befallen(world)
    return Verdict(plan, tuple(said), story, world.cloud.runs, fired, chaos.strokes)


def _mended(world: World, chaos: Chaos) -> list[str]:
    """The faults are over, and an operator redrives, twice, what was set aside."""
    cloud = world.cloud
    chaos.healed = True
    for _ in range(3):
        for queue in cloud.queues.values():
            dead = [one for one in queue.dead if one.what != POISON]
            queue.dead = [one for one in queue.dead if one.what == POISON]
            for one in (*dead, *dead):
                cloud.enqueue(queue, one.body, one.what)
        world.schedule.run()
    left = [(name, one) for name, queue in cloud.queues.items() for one in queue.dead if one.what != POISON]
    said = [f"I15 {name}: {one.what} is set aside for ever" for name, one in left]
    kept = {one.id for queue in cloud.queues.values() for one in queue.dead if one.what == POISON}
    return said + (
        [] if len(kept) == cloud.poison else [f"I15 {cloud.poison - len(kept)} unreadable messages are lost"]
    )


def _reconciled(world: World, *, lost: bool) -> list[str]:
    """The reconciler makes its rounds, until it finds nothing to mend; then it has changed nothing.

    Where nothing was `lost` there is nothing for it to mend: every other fault is answered without it.
    """
    for made in range(_ROUNDS):
        world.schedule.run(until=world.schedule.seconds + _OLD)
        before, wrong, finished = _judged(world), 0, False
        while not finished:
            run = world.schedule.start("the clock", lambda: world.cloud.invoke(_RECONCILER, {}))
            world.schedule.run()
            if run.error:
                return [f"rest: the reconciler dies of {run.error!r}"]
            wrong, finished = wrong + run.result["wrong"] + run.result["learnt"], run.result["finished"]
        if not wrong:
            if made and not lost:
                return ["rest: the reconciler had to mend something, though nothing was lost"]
            return [] if before == _judged(world) else ["rest: the reconciler found nothing, and has changed something"]
    return ["rest: the reconciler does not come to it"]


def _rested(world: World) -> list[str]:
    """Time passes, so that nothing can be on its way."""
    world.schedule.run(until=world.schedule.seconds + _OLD)
    return []


def _open_pages(tables: Mapping[str, list[Any]]) -> list[str]:
    """I12: nothing can be paid for any more at the provider where nothing is due."""
    ended = {one["id"]: one["status"] for one in tables["payments"] if one["sk"] == "payment"}
    pages = [one for one in tables["sandbox"] if one["sk"] == "session" and one["status"] == "open"]
    found = [(one["id"], ended[one["metadata"]["payment_id"]]) for one in pages]
    return [f"I12 session {name}: open, and its payment is {status}" for name, status in found if status != "PENDING"]


def _judged(world: World) -> dict[str, list[Any]]:
    """All items but the reconciler's own."""
    return {one.name: world.cloud.tables.items(one.name) for one in topology.TABLES if one.name != "rounds"}


@contextmanager
def connected(world: World, chaos: Chaos) -> Any:
    """Within the block payment's provider is the sandbox of this world."""
    wire = Wire(world, chaos)
    provider.use(lambda: StripeProvider(InProcess(wire)))
    webhook.use(wire.post)
    try:
        yield wire
    finally:
        provider.use()
        webhook.use()


@cache
def _house() -> tuple[Any, dict[str, Any]]:
    """Two events on sale and the people who may buy, made once."""
    organiser, door, admin = (
        Person("organiser", user_id="olga"),
        Person(user_id="doris"),
        Person("admin", user_id="anna"),
    )
    chaos = Chaos({})
    world = World(0, chaos)
    made: dict[str, Any] = {"organiser": organiser, "door": door}

    def prepare() -> None:
        for name in (*NAMES, "olga", "doris"):
            _known(world, name)
        category = world.http("POST /v1/categories", {"name": "Concert", "type": "paid"}, by=admin).json["id"]
        made["gala"] = _show(world, organiser, category, "Gala", (10, 2500), (2, 0))
        made["solo"] = _show(world, organiser, category, "Solo", (2, 2500))
        staff = {"user_ids": [door.user_id]}
        for show in (made["gala"], made["solo"]):
            call = f"PUT /v1/events/{show.id}/staff"
            assert world.http(call, staff, by=organiser, headers={"if-match": "*"}).status == 200

    with world.running(), connected(world, chaos):
        task = world.schedule.start("the house", prepare)
        world.schedule.run(until=30)
        if task.error:
            raise task.error
        return world.cloud.tables.kept(), made


NAMES = ("ada", "ben", "cem", "dora", "emil", "fay")


def _buyer(draw: random.Random, at: int) -> Buyer:
    show, of = draw.choice((("gala", 0), ("gala", 0), ("gala", 1), ("solo", 0)))
    return Buyer(
        name=f"{draw.choice(NAMES)}/{at}",
        way=draw.choice(sorted(WAYS)),
        show=show,
        of=of,
        places=draw.choice((1, 1, 2, 3)) if show == "gala" and of == 0 else 1,
        at=draw.random() * 30,
        slow=draw.choice((0.0, 2.0, 70.0)),
    )


def _act(draw: random.Random) -> Act:
    return Act(draw.choice(sorted(ACTS)), draw.choice(("gala", "solo")), draw.random() * draw.choice((50, 200)))


def _known(world: World, name: str) -> None:
    detail = {
        "bus_event_id": f"registered-{name}", "occurred_at": "2031-05-01T09:00:00.000Z", "user_id": name,
        "correlation_id": "house", "causation_id": "house", "email": f"{name}@example.org", "user_name": name,
        "first_name": name.title(), "last_name": "Example", "mobile_phone": "+4915112345678",
    }  # fmt: skip
    world.cloud.publish("UserRegistered.v1", "ticketing.auth", json_of(detail))


def _show(world: World, organiser: Person, category: str, name: str, *types: tuple[int, int]) -> Show:
    kinds = [{"name": f"Kind {prices}", "prices": prices, "currency": "EUR", "capacity": n} for n, prices in types]
    about: dict[str, Any] = {
        "category_id": category, "name": name, "venue": "Hall", "city": "Bremen", "zone": "Europe/Berlin",
        "starts_at": "2031-05-01T13:00:00Z", "ends_at": "2031-05-01T15:00:00Z", "max_per_user": 4,
        "hold_seconds": _HOLD, "refund_percent": 50, "refund_hours": 1, "types": kinds,
    }  # fmt: skip
    reply = world.http("POST /v1/events", about, by=organiser)
    assert reply.status == 201, reply.text
    event = reply.json
    assert world.http(f"POST /v1/events/{event['id']}/publish", by=organiser).status == 200
    return Show(event["id"], tuple(one["id"] for one in event["types"]), tuple(prices for _, prices in types))


def json_of(detail: Mapping[str, Any]) -> str:
    return json.dumps(detail)
