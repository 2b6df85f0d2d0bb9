"""From a seed to a verdict: draw the plan, run its schedule, check the invariants."""

import hashlib
import json
import random
from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

from infra import topology
from payment.core.providers import registry
from payment.core.providers.stripe import StripeProvider
from reconcile.core.invariants import violations
from sandbox.core import webhook
from tests.simulation.actors import (
    BEHAVIOURS,
    ORGANISER_ACTIONS,
    Buyer,
    OrganiserAction,
    SimulationContext,
)
from tests.simulation.emergent_faults import count_emergent_faults
from tests.simulation.fake_cloud import POISON_MESSAGE
from tests.simulation.faults import RATES, FaultInjector
from tests.simulation.provider_network import PROVIDER_RATES, SimulatedProviderNetwork, SimulatedTransport
from tests.simulation.world import World
from tests.support.faults.fault_points import Livelock
from tests.support.fixtures.event_fixture import EventFixture
from tests.support.system.lambda_events import Person, row

_HOLD_SECONDS = 60
_TWO_WEEKS_SECONDS = 14 * 86_400.0
_GRACE_SECONDS = 3600.0  # the reconciler checks items that are older
_MAX_SWEEPS = 8
_RECONCILER = row("reconcile.run_reconciliation")
NEEDS_RECONCILER = {"F3", "F14", "gets a bounced refund"}  # only the reconciler can repair these
ALL_RATES = {**RATES, **PROVIDER_RATES}


@dataclass(frozen=True)
class Plan:
    """The actors and the faults of a schedule."""

    seed: int
    buyers: tuple[Buyer, ...]
    organiser_actions: tuple[OrganiserAction, ...]
    faults: tuple[str, ...]
    max_faults: int | None = None  # only the first `max_faults` faults happen; None: all
    skipped: tuple[int, ...] = ()  # numbers of faults that do not happen
    order: int = 0  # seeds another interleaving of the same plan

    @classmethod
    def from_seed(cls, seed: int) -> "Plan":
        draw = random.Random(f"plan {seed}")
        buyers = tuple(_buyer(draw, at) for at in range(draw.randint(3, 6)))
        organiser_actions = tuple(_organiser_action(draw) for _ in range(draw.choice((0, 1, 1, 2))))
        return cls(seed, buyers, organiser_actions, tuple(sorted(draw.sample(sorted(ALL_RATES), draw.randint(2, 6)))))

    def __str__(self) -> str:
        return f"seed {self.seed}; {', '.join(self.faults)}; " + "; ".join(
            map(str, (*self.buyers, *self.organiser_actions))
        )


@dataclass(frozen=True)
class Verdict:
    """The result of a plan."""

    plan: Plan
    violations: tuple[str, ...]
    trace: tuple[str, ...]
    runs: int  # of handlers
    fired: Mapping[str, int]  # faults that happened, by name
    fault_count: int = 0  # faults that happened or were skipped

    @property
    def broken_invariants(self) -> frozenset[str]:
        """The violated invariants, such as I5; or `response`, `actor` or `idle` for other violations."""
        return frozenset(one.split(" ", maxsplit=1)[0].rstrip(":") for one in self.violations)

    @property
    def digest(self) -> str:
        return hashlib.sha256("\n".join(self.trace).encode()).hexdigest()


def run_plan(
    plan: Plan, *, rates: Mapping[str, float] = ALL_RATES, reconciles: bool = True, call_seconds: float | None = None
) -> Verdict:
    """Run the plan, redrive dead letters, reconcile, and check the invariants.

    `reconciles`: whether the reconciler runs. `call_seconds`: longest duration of a call.
    """
    snapshot, fixtures = _initial_state()
    chaos = FaultInjector({name: rates[name] for name in plan.faults}, max_faults=plan.max_faults, skipped=plan.skipped)
    world = World(plan.seed, chaos, order=plan.order)
    world.schedule.max_call_seconds = call_seconds or world.schedule.max_call_seconds
    found: list[str] = []
    with world.running(), connect_provider(world, chaos) as provider_network:
        world.cloud.tables.restore(snapshot)
        context = SimulationContext(world, provider_network, **fixtures)
        actors: tuple[Buyer | OrganiserAction, ...] = (*plan.buyers, *plan.organiser_actions)
        tasks = [world.schedule.start(one.name, partial(one.run, context)) for one in actors]
        try:
            world.schedule.run()
            failed = dict.fromkeys((*world.schedule.failed, *(one for one in tasks if one.error)))
            found += [f"actor {one.name}: {one.error!r}" for one in failed]
            replayed = [one for one in world.cloud.sent_messages if chaos.should_inject(world.cloud, "F27")]
            _heal_and_redrive(world, chaos)
            found += (
                _reconcile(
                    world, needs_repair=bool(NEEDS_RECONCILER & {*plan.faults, *(one.behaviour for one in plan.buyers)})
                )
                if reconciles
                else _let_time_pass(world)
            )
            for queue, body, label in (*replayed, *replayed):
                world.cloud.enqueue(queue, body, label, _TWO_WEEKS_SECONDS)
            found += _heal_and_redrive(world, chaos) + world.violations
            tables = {table.name: world.cloud.tables.items(table.name) for table in topology.TABLES}
            found += [*violations(tables, now=world.schedule.now), *_open_sessions(tables)]
        except Livelock as stuck:
            found.append(f"idle: {stuck}")
        trace, fired = tuple(world.schedule.trace), chaos.fired + count_emergent_faults(world)
    return Verdict(plan, tuple(found), trace, world.cloud.runs, fired, chaos.fault_count)


def _heal_and_redrive(world: World, chaos: FaultInjector) -> list[str]:
    """End the faults, and redrive every dead letter twice, as an operator would."""
    cloud = world.cloud
    chaos.healed = True
    for _ in range(3):
        for queue in cloud.queues.values():
            dead = [one for one in queue.dead_letters if one.label != POISON_MESSAGE]
            queue.dead_letters = [one for one in queue.dead_letters if one.label == POISON_MESSAGE]
            for one in (*dead, *dead):
                cloud.enqueue(queue, one.body, one.label)
        world.schedule.run()
    stuck_messages = [
        (name, one) for name, queue in cloud.queues.items() for one in queue.dead_letters if one.label != POISON_MESSAGE
    ]
    violations_found = [f"I15 {name}: {one.label} stays a dead letter" for name, one in stuck_messages]
    poison_ids = {
        one.id for queue in cloud.queues.values() for one in queue.dead_letters if one.label == POISON_MESSAGE
    }
    return violations_found + (
        []
        if len(poison_ids) == cloud.poison_count
        else [f"I15 {cloud.poison_count - len(poison_ids)} unreadable messages are lost"]
    )


def _reconcile(world: World, *, needs_repair: bool) -> list[str]:
    """Run the reconciler until a sweep finds nothing to repair; that sweep must change nothing.

    Unless `needs_repair`, the first sweep must find nothing: all other faults are handled without the reconciler.
    """
    for sweep in range(_MAX_SWEEPS):
        world.schedule.run(until=world.schedule.seconds + _GRACE_SECONDS)
        before, repaired, finished = _checked_tables(world), 0, False
        while not finished:
            run = world.schedule.start("the scheduler", lambda: world.cloud.invoke(_RECONCILER, {}))
            world.schedule.run()
            if run.error:
                return [f"idle: the reconciler fails with {run.error!r}"]
            repaired, finished = repaired + run.result["violated"] + run.result["synced"], run.result["finished"]
        if not repaired:
            if sweep and not needs_repair:
                return ["idle: the reconciler repaired something although nothing was lost"]
            return (
                [] if before == _checked_tables(world) else ["idle: the reconciler found nothing but changed something"]
            )
    return ["idle: the reconciler does not become idle"]


def _let_time_pass(world: World) -> list[str]:
    """Run for the grace period, so that nothing is in flight."""
    world.schedule.run(until=world.schedule.seconds + _GRACE_SECONDS)
    return []


def _open_sessions(tables: Mapping[str, list[Any]]) -> list[str]:
    """I12: no checkout is open at the provider for a payment that has ended."""
    statuses = {one["id"]: one["status"] for one in tables["payments"] if one["sk"] == "payment"}
    open_sessions = [one for one in tables["sandbox"] if one["sk"] == "session" and one["status"] == "open"]
    found = [(one["id"], statuses[one["metadata"]["payment_id"]]) for one in open_sessions]
    return [
        f"I12 session {name}: open although its payment is {status}" for name, status in found if status != "PENDING"
    ]


def _checked_tables(world: World) -> dict[str, list[Any]]:
    """All items except the reconciler's own."""
    return {one.name: world.cloud.tables.items(one.name) for one in topology.TABLES if one.name != "reconciliation"}


@contextmanager
def connect_provider(world: World, chaos: FaultInjector) -> Any:
    """Connect payment to the sandbox of this world within the block."""
    network = SimulatedProviderNetwork(world, chaos)
    registry.set_provider_factory(lambda: StripeProvider(SimulatedTransport(network)))
    webhook.set_sender(network.post)
    try:
        yield network
    finally:
        registry.set_provider_factory()
        webhook.set_sender()


@cache
def _initial_state() -> tuple[Any, dict[str, Any]]:
    """Two events on sale and the users, created once per process."""
    organiser, door_staff, admin = (
        Person("organiser", user_id="olga"),
        Person(user_id="doris"),
        Person("admin", user_id="anna"),
    )
    chaos = FaultInjector({})
    world = World(0, chaos)
    fixtures: dict[str, Any] = {"organiser": organiser, "staff": door_staff}

    def prepare() -> None:
        for name in (*BUYER_NAMES, "olga", "doris"):
            _register_user(world, name)
        category = world.http("POST /v1/categories", {"name": "Concert", "type": "paid"}, by=admin).json["id"]
        fixtures["gala"] = _publish_event(world, organiser, category, "Gala", (10, 2500), (2, 0))
        fixtures["solo"] = _publish_event(world, organiser, category, "Solo", (2, 2500))
        staff = {"user_ids": [door_staff.user_id]}
        for event in (fixtures["gala"], fixtures["solo"]):
            call = f"PUT /v1/events/{event.id}/staff"
            assert world.http(call, staff, by=organiser, headers={"if-match": "*"}).status == 200

    with world.running(), connect_provider(world, chaos):
        task = world.schedule.start("setup", prepare)
        world.schedule.run(until=30)
        if task.error:
            raise task.error
        return world.cloud.tables.snapshot(), fixtures


BUYER_NAMES = ("ada", "ben", "cem", "dora", "emil", "fay")


def _buyer(draw: random.Random, at: int) -> Buyer:
    event, type_index = draw.choice((("gala", 0), ("gala", 0), ("gala", 1), ("solo", 0)))
    return Buyer(
        name=f"{draw.choice(BUYER_NAMES)}/{at}",
        behaviour=draw.choice(sorted(BEHAVIOURS)),
        event=event,
        type_index=type_index,
        places=draw.choice((1, 1, 2, 3)) if event == "gala" and type_index == 0 else 1,
        start_seconds=draw.random() * 30,
        max_pause_seconds=draw.choice((0.0, 2.0, 70.0)),
    )


def _organiser_action(draw: random.Random) -> OrganiserAction:
    return OrganiserAction(
        draw.choice(sorted(ORGANISER_ACTIONS)), draw.choice(("gala", "solo")), draw.random() * draw.choice((50, 200))
    )


def _register_user(world: World, name: str) -> None:
    detail = {
        "bus_event_id": f"registered-{name}", "occurred_at": "2031-05-01T09:00:00.000Z", "user_id": name,
        "correlation_id": "setup", "causation_id": "setup", "email": f"{name}@example.org", "user_name": name,
        "first_name": name.title(), "last_name": "Example", "mobile_phone": "+4915112345678",
    }  # fmt: skip
    world.cloud.publish("UserRegistered.v1", "ticketing.auth", to_json(detail))


def _publish_event(world: World, organiser: Person, category: str, name: str, *types: tuple[int, int]) -> EventFixture:
    event_types = [
        {"name": f"Kind {prices}", "prices": prices, "currency": "EUR", "capacity": n} for n, prices in types
    ]
    event_request: dict[str, Any] = {
        "category_id": category, "name": name, "venue": "Hall", "city": "Bremen", "zone": "Europe/Berlin",
        "starts_at": "2031-05-01T13:00:00Z", "ends_at": "2031-05-01T15:00:00Z", "max_per_user": 4,
        "hold_seconds": _HOLD_SECONDS, "refund_percent": 50, "refund_hours": 1, "types": event_types,
    }  # fmt: skip
    response = world.http("POST /v1/events", event_request, by=organiser)
    assert response.status == 201, response.text
    event = response.json
    assert world.http(f"POST /v1/events/{event['id']}/publish", by=organiser).status == 200
    return EventFixture(event["id"], tuple(one["id"] for one in event["types"]))


def to_json(detail: Mapping[str, Any]) -> str:
    return json.dumps(detail)
