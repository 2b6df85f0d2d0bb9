"""The whole system, driven message by message: real handlers, real outboxes, real cdc, and faults on demand.

After every call the changes of the tables go through `cdc.publish_outbox`; what it puts on the bus becomes
one message for each consumer whose row hears it. `settle` delivers what is due, `rest` moves the clock on as
well. A message that fails comes again when its time in flight is over, five times at most. Crashes, races,
duplicates and held-back messages are asked for by `Slot`, which names the same message in every run: ids and
clock are the driver's.
"""

import copy
import json
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from common import clock, env, ids
from common.bus import BusEvent, registry
from common.store import unmarshal
from moto.core import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import dynamodb_backends

from infra import topology
from infra.vocabulary import On, Stream
from tests.support.provider import Provider, connect
from tests.support.system import REGION, Person, Reply, System, batch, physical, row

START = datetime(2031, 5, 1, 9, tzinfo=UTC)
MAX_RECEIVES = 5
VISIBILITY_FACTOR = 6  # a message that was not acknowledged comes again after so many of its function's time-outs
_TICK = timedelta(milliseconds=5)
_TOGETHER = timedelta(seconds=5)  # timers that were set side by side wake within this time
_WRITES = {"PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems", "SendMessage", "SendEmail"}
_CDC = next(one for one in topology.ROWS if isinstance(one, Stream))
CONSUMERS = tuple(one for one in topology.ROWS if isinstance(one, On))


class Crash(BaseException):
    """The function's process ends here: no code of ours may catch it."""


class Stuck(AssertionError):
    """Messages go round without end."""


@dataclass(frozen=True, order=True)
class Slot:
    """One message of one consumer: the `nth` of this bus event about this subject (a timer's wakings count)."""

    consumer: str
    event: str
    subject: str
    nth: int = 1

    def __str__(self) -> str:
        return f"{self.consumer}({self.event}{'' if self.nth == 1 else f' #{self.nth}'})"


@dataclass
class Message:
    """What lies in a consumer's queue."""

    slot: Slot
    envelope: dict[str, Any]
    due: datetime
    place: int
    tries: int = 1


@dataclass(frozen=True)
class Effect:
    """One write that was committed: by which function, and what became of which items."""

    function: str
    operation: str
    wrote: tuple[str, ...]


@dataclass
class Handling:
    """One delivery: of what, how it ended, and what it had written by then."""

    slot: Slot
    tries: int
    outcome: str = "done"
    effects: list[Effect] = field(default_factory=list)

    @property
    def situation(self) -> tuple[str, ...]:
        """What a fault can meet here: equal for deliveries that do the same to the same kinds of items."""
        return (self.slot.consumer, self.slot.event, *(str(one) for effect in self.effects for one in effect.wrote))


@dataclass
class Faults:
    """What shall go wrong, and what did."""

    crash: tuple[Slot, int] | None = None  # die at this message, once so many of its writes are committed
    race: tuple[Slot, int] | None = None  # before that write of this message, a second instance has it and ends
    twice: Callable[[Slot], bool] = lambda _: False
    swap: tuple[Slot, Slot] | None = None  # the first is held back until the second was delivered
    crashed: int = 0
    raced: int = 0
    doubled: list[Slot] = field(default_factory=list)
    order: list[Slot] = field(default_factory=list)  # in which the two of `swap` were delivered first


class Saga:
    """A running system with its queues, its clock and its trace."""

    def __init__(self, system: System, provider: Provider) -> None:
        self.system = system
        self.provider = provider
        for service in ("dynamodb", "sqs", "sesv2", "secretsmanager"):
            self._watch(env.client(service), service)
        self.begin()

    def begin(self, faults: Faults | None = None, *, seed: int | None = None) -> "Saga":
        """Empty queues and tables, the clock at its start; with a seed, what is due comes in a drawn order."""
        self.faults = faults or Faults()
        self.draw = random.Random(seed) if seed is not None else None  # noqa: S311 - a schedule, not a secret
        self.now = START
        self.queue: list[Message] = []
        self.held: list[Message] = []
        self.dead: list[Message] = []
        self.trace: list[Handling] = []
        self.heard: list[Message] = []
        self.current: Handling | None = None
        self.working: Message | None = None
        self.outages: set[tuple[str, str]] = set()  # (function, SDK operation) that fail
        self._counts: dict[Any, int] = {}
        self._scope, self._sequence = "", 0
        self.system.bus.clear()
        self.system.sent.clear()
        self.provider.__init__(self.system)  # type: ignore[misc] # as it was made: nothing said, nothing wrong
        env.secret.cache_clear()
        self._tables({})
        return self

    @classmethod
    @contextmanager
    def running(cls) -> Iterator["Saga"]:
        """Within the block everything exists; time, ids and what the functions write are the driver's."""
        with System().running() as system, connect(system) as provider:
            saga = cls(system, provider)
            clock.use(lambda: saga.now)
            ids.use(saga._id)
            try:
                yield saga
            finally:
                clock.use()
                ids.use()

    # -- what a test does -----------------------------------------------------------------------

    def http(self, call: str, body: Any = None, *, by: Person | None = None, expect: int | None = None, **more: Any) -> Reply:
        """Call a route and carry what it published to the queues.

        With `expect`, as a patient client does: on any other answer what is due is delivered, then what is
        held back, and the call is made again.
        """
        who = by.user_id if by else ""
        request_id = ids.derive("request", self.count(("request", call, json.dumps(body), who)), call, json.dumps(body), who)
        while True:
            self._enter(request_id)
            reply = self.system.http(call, body, by=by, request_id=request_id, **more)
            self._carry()
            if expect is None or reply.status == expect:
                return reply
            if not self.progress():
                raise AssertionError(f"{call}: {reply.status} {reply.text}")

    def press(self, page: str, outcome: str) -> None:
        """Choose an outcome on the provider's hosted page; its webhook comes within the call, if at all."""
        self._enter(ids.derive("press", self.count(("press", page, outcome)), page, outcome))
        self.provider.choose(page, outcome)
        self._carry()

    def settle(self) -> None:
        """Deliver all that is due now; the clock does not move."""
        for _ in range(2000):
            due = [one for one in self.queue if one.due <= self.now]
            if not due:
                return
            self._deliver(self.draw.choice(due) if self.draw else min(due, key=lambda one: (one.due, one.place)))
        raise Stuck([str(one.slot) for one in self.queue])

    def rest(self) -> None:
        """Deliver everything, moving the clock to each timer's time.

        What is held back comes when there is no other way on to what it waits for.
        """
        self.settle()
        while self.queue or self.held:
            if self.held and not self._awaited():
                self.release()
            else:
                self._forward()
            self.settle()

    def wait(self, seconds: float) -> None:
        """Let so much time pass, timers of that time included."""
        until = self.now + timedelta(seconds=seconds)
        self.settle()
        while any(one.due <= until for one in self.queue):
            self._forward()
            self.settle()
        self.now = max(self.now, until)

    def release(self) -> bool:
        """Let what is held back come; False if there is nothing."""
        freed, self.held = self.held, []
        self.queue += freed
        return bool(freed)

    def redeliver(self, seed: int) -> int:
        """Deliver every message of the run once more, long after, in a drawn order. Returns how many."""
        late = [Message(one.slot, one.envelope, self.now, 0) for one in self.heard]
        random.Random(seed).shuffle(late)  # noqa: S311
        for one in late:
            self.queue.append(one)
            self.settle()
        self.rest()
        return len(late)

    def redrive(self) -> None:
        """Put what was set aside back into its queues, as an operator does, and let it come to rest."""
        for one in self.dead:
            self.queue.append(Message(one.slot, one.envelope, self.now, self.count("place")))
        self.dead = []
        self.rest()

    def tables(self) -> dict[str, list[dict[str, Any]]]:
        """All items of all tables, as plain values."""
        found = {}
        for table in topology.TABLES:
            items = [item for group in _backend().tables[physical(table)].items.values() for item in group.values()]
            plain = [unmarshal(item.to_json()["Attributes"]) for item in items]
            found[table.name] = sorted(plain, key=lambda one: (one["pk"], one["sk"]))
        return found

    def snapshot(self) -> Any:
        """All that a later run needs to go on from here; the queues are empty."""
        assert not self.queue, "a snapshot is taken at rest"
        assert not self.dead, "a snapshot is taken of a sound system"
        return copy.deepcopy(({name: table.items for name, table in _backend().tables.items()}, self.now, self._counts))

    def resume(self, snapshot: Any, faults: Faults | None = None, *, seed: int | None = None) -> "Saga":
        """As it was when the snapshot was taken, but for the faults."""
        self.begin(faults, seed=seed)
        items, self.now, self._counts = copy.deepcopy(snapshot)
        self._tables(items)
        return self

    def handled(self, consumer: str) -> list[Handling]:
        """The deliveries to one consumer, in their order."""
        return [one for one in self.trace if one.slot.consumer == consumer]

    # -- queues -----------------------------------------------------------------------------------

    def _deliver(self, message: Message) -> None:
        self.queue.remove(message)
        if message.tries == 1:
            self.heard.append(message)
        if self.faults.swap and message.slot in self.faults.swap and message.slot not in self.faults.order:
            self.faults.order.append(message.slot)
        self._enter(f"{message.slot} {message.tries}")
        self._handle(message)
        self._carry()
        if self.faults.swap and message.slot == self.faults.swap[1]:
            self.release()

    def _handle(self, message: Message) -> None:
        now, before = Handling(message.slot, message.tries), (self.current, self.working)
        self.trace.append(now)
        self.current, self.working = now, message
        try:
            answer = self.system.invoke(message.slot.consumer, batch(message.envelope, tries=message.tries))
            now.outcome = "failed" if answer["batchItemFailures"] else "done"
        except Crash:
            now.outcome = "crashed"
        finally:
            self.current, self.working = before
        if now.outcome != "done":
            self._again(message)

    def _again(self, message: Message) -> None:
        if message.tries == MAX_RECEIVES:
            self.dead.append(message)
        else:
            due = self.now + timedelta(seconds=VISIBILITY_FACTOR * row(message.slot.consumer).seconds)
            self.queue.append(Message(message.slot, message.envelope, due, self.count("place"), message.tries + 1))

    def _enqueue(self, consumer: str, envelope: dict[str, Any], delay: int = 0) -> None:
        event = registry()[envelope["detail-type"]]
        subject = str(envelope["detail"][f"{event.entity}_id"])
        nth = self.count((consumer, event.__name__, subject))
        message = Message(
            Slot(consumer, event.__name__, subject, nth), envelope, self.now + timedelta(seconds=delay), self.count("place")
        )
        held = self.faults.swap and message.slot == self.faults.swap[0] and self.faults.swap[1] not in self.faults.order
        (self.held if held else self.queue).append(message)
        if self.faults.twice(message.slot):
            self.faults.doubled.append(message.slot)
            self.queue.append(copy.copy(message))

    def _awaited(self) -> bool:
        """Whether what is held back waits for something in the queue, or for what comes at this very time."""
        soon = self.now + _TOGETHER
        return any(one.slot == (self.faults.swap or ())[1] or one.due <= soon for one in self.queue)

    def progress(self) -> bool:
        """What a client's waiting may bring: what is due, what is held back, what has to come again."""
        if not any(one.due <= self.now for one in self.queue) and not self.release():
            if not any(one.tries > 1 for one in self.queue):
                return False
            self._forward()
        self.settle()
        return True

    def _forward(self) -> None:
        self.now = max(self.now, min(one.due for one in self.queue))

    # -- from the tables to the queues --------------------------------------------------------------

    def _carry(self) -> None:
        """What the call has changed goes to the bus, what is on the bus into the queues."""
        for table in _CDC.tables:
            self._relay(self._changes(physical(table)))
        for published in self.system.bus:
            for one in CONSUMERS:
                if published["detail-type"] in {event.wire_name() for event in one.events}:
                    self._enqueue(one.function, published)
        self.system.bus.clear()
        for function, envelope, delay in self.system.sent:
            self._enqueue(function, envelope, delay)
        self.system.sent.clear()

    def _relay(self, records: list[dict[str, Any]]) -> None:
        for _ in range(MAX_RECEIVES):
            if not records:
                return
            failures = self.system.invoke(_CDC, {"Records": records})["batchItemFailures"]
            first = failures[0]["itemIdentifier"] if failures else None
            records = [one for one in records if first and int(one["dynamodb"]["SequenceNumber"]) >= int(first)]
        raise Stuck("cdc cannot publish")

    def _changes(self, table: str) -> list[dict[str, Any]]:
        """The table's new stream records that the mapping's filter lets pass."""
        shard = _backend().tables[table].stream_shard
        if shard is None:
            return []
        fresh, shard.items = [one.record for one in shard.items], []
        return [self._numbered(one) for one in fresh if "outbox_version" in one["dynamodb"].get("NewImage", {})]

    def _numbered(self, record: dict[str, Any]) -> dict[str, Any]:
        self._sequence += 1
        record["dynamodb"]["SequenceNumber"] = str(self._sequence)
        return record

    # -- ids, time, faults --------------------------------------------------------------------------

    def _enter(self, scope: str) -> None:
        self._scope = scope
        self._counts["id"] = 0
        self.now += _TICK

    def _id(self) -> str:
        return ids.derive("new", self._scope, self.count("id"))

    def count(self, of: Any) -> int:
        """How often this was asked for, this time included."""
        self._counts[of] = self._counts.get(of, 0) + 1
        return self._counts[of]

    def _watch(self, client: Any, service: str) -> None:
        def remember(params: Any, context: dict[str, Any], **_: Any) -> None:
            context["asked"] = params

        def before(model: Any, **_: Any) -> None:
            acting = self.system.current
            if acting and (acting.function, model.name) in self.outages:
                raise Outage(f"{acting.function} cannot {model.name}")
            if model.name in _WRITES:
                self._about_to_write()

        def note(http_response: Any, model: Any, context: dict[str, Any], **_: Any) -> None:
            if model.name in _WRITES and http_response.status_code == 200:
                self._wrote(model.name, context["asked"])

        client.meta.events.register(f"provide-client-params.{service}", remember)
        client.meta.events.register_first(f"before-call.{service}", before)
        client.meta.events.register(f"after-call.{service}", note)

    def _about_to_write(self) -> None:
        if self.current and self.working and not self.faults.raced:
            if self.faults.race == (self.current.slot, len(self.current.effects) + 1):
                self.faults.raced += 1
                self._handle(self.working)

    def _wrote(self, operation: str, asked: dict[str, Any]) -> None:
        if self.current is None or self.system.current is None or self.system.current is _CDC:
            return
        self.current.effects.append(Effect(self.system.current.function, operation, tuple(_written(operation, asked))))
        if self.faults.crash == (self.current.slot, len(self.current.effects)) and not self.faults.crashed:
            self.faults.crashed += 1
            raise Crash

    def _tables(self, items: dict[str, Any]) -> None:
        for name, table in _backend().tables.items():
            table.items.clear()
            table.items.update(items.get(name, {}))
            if table.stream_shard:
                table.stream_shard.items = []


class Outage(Exception):
    """The service that was asked does not answer."""


def _backend() -> Any:
    return dynamodb_backends[DEFAULT_ACCOUNT_ID][REGION]


def _written(operation: str, asked: dict[str, Any]) -> Iterator[str]:
    if operation == "TransactWriteItems":
        for member in asked["TransactItems"]:
            for kind, write in member.items():
                yield from _written(kind, write)
    elif "TableName" in asked:
        yield _kind(asked)
    else:
        yield operation


def _kind(write: dict[str, Any]) -> str:
    """The item's table and kind, and the state that it was brought to: `bookings/booking=CONFIRMED`."""
    item = unmarshal(write.get("Item") or write["Key"])
    values = unmarshal(write.get("ExpressionAttributeValues", {}))
    state = item.get("status") or values.get(":status")
    table = write["TableName"].removeprefix("test-")
    return f"{table}/{item['sk'].split('#')[0]}" + (f"={state}" if state else "")


def hears(consumer: str) -> tuple[type[BusEvent], ...]:
    """The bus events that wake the consumer."""
    found = row(consumer)
    assert isinstance(found, On)
    return found.events
