"""The whole system, driven message by message: real handlers, real outboxes, real cdc, and faults on demand.

After every call the changes of the tables go through `cdc.publish_outbox`; what it puts on the bus becomes
one message for each consumer whose row hears it. `settle` delivers what is due, `rest` moves the clock on as
well. A message that fails comes again when it is shown again, or else when its time in flight is over, seven
times at most. Crashes, races, duplicates and held-back messages are asked for by `Slot`, which names the same
message in every run: ids and clock are the driver's.
"""

import json
import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from auth.core import keys
from common import clock, env, ids, trace
from common.bus import BusEvent, registry
from common.bus.booking import BookingExtended, BookingOrdered
from common.consumer import MAX_DELAY
from events.core import snapshot
from infra import topology
from infra.vocabulary import On, Stream, Timer, Trigger
from tests.support import hashes, pictures
from tests.support.deliveries import (
    Call,
    Crash,
    Effect,
    Faults,
    Handling,
    Message,
    Outage,
    Point,
    Process,
    Slot,
    Stuck,
    When,
)
from tests.support.gateway import Person, Reply, batch, eventbridge, row
from tests.support.memory import Memory
from tests.support.provider import Provider, connect

R = TypeVar("R")

START = datetime(2031, 5, 1, 9, tzinfo=UTC)
MAX_RECEIVES = 7
VISIBILITY_FACTOR = 6  # a message that was not acknowledged comes again after so many of its function's time-outs
_REFUSED = range(400, 500)
# So a person who asks once more, having had no answer, is told that it was done the first time.
_DONE_BEFORE = {
    "already-extended",
    "changed",
    "code-invalid",
    "resent-lately",
    "too-many-mails",
    "wrong-password",
}
_BROKEN = 500  # from here on an answer says nothing of what was asked
_TICK = timedelta(milliseconds=5)
_SAID_AGAIN = 60  # seconds after which a bus event comes that was published twice: the first was heard by then
_TOGETHER = timedelta(seconds=5)  # timers that were set side by side wake within this time
_WRITES = {"PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems", "PutObject", "SendMessage", "SendEmail"}
_CDC = next(one for one in topology.ROWS if isinstance(one, Stream))
CONSUMERS = tuple(one for one in topology.ROWS if isinstance(one, On))
_HOLDS = {BookingOrdered, BookingExtended}
# Timers that wait for days: a hold's end within the hour.
_LONG = {one.function for one in CONSUMERS if isinstance(one, Timer) and not set(one.events) <= _HOLDS}


class Saga:
    """A running system with its queues, its clock and its trace."""

    def __init__(self, system: Memory, provider: Provider) -> None:
        self.system = system
        self.provider = provider
        system.before, system.after, system.around = self._before, self._after, self._live
        system.dead = lambda: self.dead
        system.unanswered = lambda _: self._strikes(When.TWICE)
        self.begin()

    def begin(self, faults: Faults | None = None, *, seed: int | None = None) -> "Saga":
        """Empty queues and tables, the clock at its start; with a seed, what is due comes in a drawn order."""
        self.faults = faults or Faults()
        self.draw = random.Random(seed) if seed is not None else None
        self.now = START
        self.queue: list[Message] = []
        self.held: list[Message] = []
        self.sleeping: list[Message] = []
        self.dead: list[Message] = []
        self.trace: list[Handling] = []
        self.heard: list[Message] = []
        self.current: Handling | None = None
        self.working: Message | None = None
        self.outages: set[tuple[str, str]] = set()  # (function, SDK operation) that fail
        self.processes: list[Process] = []
        self._alive: list[Process] = []
        self._said = Counter[str]()  # on the bus
        self._wrote = 0
        self._again_asked = 0  # calls that had written something before their answer was lost
        self._counts: dict[Any, int] = {}
        self._scope, self._sequence = "", 0
        self.provider.__init__(self.system)  # type: ignore[misc] # as it was made: nothing said, nothing wrong
        env.secret.cache_clear()
        self.system.put_back({})
        return self

    @classmethod
    @contextmanager
    def running(cls) -> Iterator["Saga"]:
        """Within the block everything exists; time, ids and what the functions write are the driver's."""
        with Memory().running() as system, connect(system) as provider, pictures.remembered(), hashes.remembered():
            saga = cls(system, provider)
            clock.use(lambda: saga.now)
            ids.use(saga._id)
            try:
                yield saga
            finally:
                clock.use()
                ids.use()

    # -- what a test does -----------------------------------------------------------------------

    def http(
        self, call: str, body: Any = None, *, by: Person | None = None, expect: int | None = None, **more: Any
    ) -> Reply:
        """Call a route and carry what it published to the queues.

        With `expect`, as a patient client does: on any other answer what is due is delivered, then what is
        held back, and the call is made again.
        """
        asked = (call, json.dumps(body), by.user_id if by else "")
        name = ids.derive("request", *asked, self.count(asked))
        more.setdefault("key", name)
        again = self._again_asked
        while True:
            reply = self._repeated(
                name, lambda request_id: self.system.http(call, body, by=by, request_id=request_id, **more)
            )
            if expect is None or reply.status == expect:
                return reply
            if self._again_asked > again and reply.status in _REFUSED and reply.problem in _DONE_BEFORE:
                return reply
            if not self.progress():
                raise AssertionError(f"{call}: {reply.status} {reply.text}")

    def ask(self, function: str, event: dict[str, Any]) -> Any:
        """What a function answers to an operator, to the clock or to the gateway; asked again if its process ends."""
        name = ids.derive("ask", function, self.count(("ask", function)))
        told = {"correlation_id": name, "operation": name}
        return self._repeated(name, lambda _: self.system.invoke(function, told | event))

    def _repeated(self, name: str, attempt: Callable[[str], R]) -> R:
        """What comes of the attempt, made again if a process ended in it: under another name, if it had written."""
        while True:
            struck, wrote = self.faults.struck, self._wrote
            self._enter(name)
            answer = None
            try:
                answer = attempt(name)
            except (Crash, Exception):
                if self.faults.struck == struck:
                    raise
            self._carry()
            lost = answer is None or (isinstance(answer, Reply) and answer.status >= _BROKEN)
            if answer is not None and (self.faults.struck == struck or not lost):
                return answer
            if self._wrote != wrote:
                self._again_asked += 1
                name = ids.derive("again", name)

    def press(self, page: str, outcome: str) -> None:
        """Choose an outcome on the provider's hosted page; its webhook comes within the call, if at all."""
        name = ids.derive("press", self.count(("press", page, outcome)), page, outcome)
        self._repeated(name, lambda _: self.provider.choose(page, outcome))

    @contextmanager
    def writing(self, function: str) -> Iterator[None]:
        """Within the block the test writes with this function's rights; what it published is carried to the queues."""
        request_id = ids.derive("writing", function, self.count(("writing", function)))
        self._enter(request_id)
        with self.system.acting(row(function)), trace.following(request_id, request_id):
            yield
        self._carry()

    def hear(self, message: BusEvent) -> None:
        """What another service says, where no call of it would."""
        self.system.bus.append(eventbridge(message))
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
        """Deliver everything, moving the clock to the time of each hold's timer; others sleep until `tomorrow`.

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

    def tomorrow(self) -> None:
        """Let everything come to rest and a day pass, and wake the timers that sleep."""
        self.rest()
        self.now += timedelta(days=1)
        woken, self.sleeping = self.sleeping, []
        self.queue += [Message(one.slot, one.envelope, self.now, self.count("place")) for one in woken]
        self.rest()

    def release(self) -> bool:
        """Let what is held back come; False if there is nothing."""
        freed, self.held = self.held, []
        self.queue += freed
        return bool(freed)

    def redeliver(self, seed: int) -> int:
        """Deliver every message of the run once more, long after, in a drawn order. Returns how many."""
        late = [Message(one.slot, one.envelope, self.now, 0) for one in self.heard]
        random.Random(seed).shuffle(late)
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
        """All items of all tables, as plain values, by their keys; not to be changed."""
        return {one.name: self.system.scan(one) for one in topology.TABLES}

    def snapshot(self) -> Any:
        """All that a later run needs to go on from here: the queues are empty, and what sleeps is left behind."""
        assert not self.queue, "a snapshot is taken at rest"
        assert not self.dead, "a snapshot is taken of a sound system"
        return self.system.tables.kept(), self.now, dict(self._counts)

    def resume(self, snapshot: Any, faults: Faults | None = None, *, seed: int | None = None) -> "Saga":
        """As it was when the snapshot was taken, but for the faults."""
        self.begin(faults, seed=seed)
        items, self.now, counts = snapshot
        self._counts = dict(counts)
        self.system.put_back(items)
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
        self.system.hastened.clear()

    def _again(self, message: Message) -> None:
        if message.tries == MAX_RECEIVES:
            self.dead.append(message)
        else:
            slow = VISIBILITY_FACTOR * row(message.slot.consumer).seconds
            due = self.now + timedelta(seconds=next((soon for _, soon in self.system.hastened), slow))
            self.queue.append(Message(message.slot, message.envelope, due, self.count("place"), message.tries + 1))

    def _enqueue(self, consumer: str, envelope: dict[str, Any], delay: int = 0) -> None:
        event = registry()[envelope["detail-type"]]
        named = (consumer, event.__name__, str(envelope["detail"][f"{event.entity}_id"]))
        slot, due = Slot(*named, self.count(named)), self.now + timedelta(seconds=delay)
        first, second = self.faults.swap or (None, None)
        held = slot == first and second not in self.faults.order
        sleeps = delay == MAX_DELAY and consumer in _LONG
        into = self.held if held else self.sleeping if sleeps else self.queue
        into.append(Message(slot, envelope, due, self.count("place")))
        if self.faults.twice(slot):
            self.faults.doubled.append(slot)
            (self.sleeping if sleeps else self.queue).append(Message(slot, envelope, due, self.count("place")))

    def _awaited(self) -> bool:
        """Whether what is held back waits for something in the queue, or for what comes at this very time."""
        soon, (_, second) = self.now + _TOGETHER, self.faults.swap or (None, None)
        return any(one.slot == second or one.due <= soon for one in self.queue)

    def progress(self) -> bool:
        """What a client's waiting may bring: what is due, what is held back, what has to come again."""
        waiting = any(one.due <= self.now for one in self.queue) or self.release()
        if not waiting and not any(one.tries > 1 for one in self.queue):
            return False
        if not waiting:
            self._forward()
        self.settle()
        return True

    def _forward(self) -> None:
        self.now = max(self.now, min(one.due for one in self.queue))

    # -- from the tables to the queues --------------------------------------------------------------

    def _carry(self) -> None:
        """What the call has changed goes to the bus, what is on the bus into the queues."""
        changes = [one for one in self.system.tables.changes if one.passes]
        self.system.tables.changes.clear()
        for table in _CDC.tables:
            self._relay([one.record(self._numbered()) for one in changes if one.table == table.name])
        for published in self.system.bus:
            said = json.dumps(published, sort_keys=True)
            later = _SAID_AGAIN * self._said[said]
            self._said[said] += 1
            for one in CONSUMERS:
                if published["detail-type"] in {event.wire_name() for event in one.events}:
                    self._enqueue(one.function, published, later)
        self.system.bus.clear()
        for function, envelope, delay in self.system.sent:
            self._enqueue(function, envelope, delay)
        self.system.sent.clear()

    def _relay(self, records: list[dict[str, Any]]) -> None:
        for _ in range(MAX_RECEIVES):
            if not records:
                return
            try:
                failures = self.system.invoke(_CDC, {"Records": records})["batchItemFailures"]
            except Crash:
                continue
            first = failures[0]["itemIdentifier"] if failures else None
            records = [one for one in records if first and int(one["dynamodb"]["SequenceNumber"]) >= int(first)]
        raise Stuck("cdc cannot publish")

    def _numbered(self) -> int:
        self._sequence += 1
        return self._sequence

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

    def _live(self, one: Trigger, event: Any, run: Callable[[], Any]) -> Any:
        nth = 1 + sum(process.function == one.function for process in self.processes)
        process = Process(one.function, nth, _woken(event))
        self.processes.append(process)
        self._alive.append(process)
        forget()
        try:
            return run()
        finally:
            self._alive.pop()

    def _before(self, call: Call) -> None:
        if self._alive:
            self._alive[-1].calls.append(call)
        if self._strikes(When.BEFORE):
            raise Crash
        acting = self.system.current
        if acting and (acting.function, call.operation) in self.outages:
            raise Outage(f"{acting.function} cannot {call.operation}")
        if call.operation in _WRITES:
            self._about_to_write()

    def _after(self, call: Call) -> None:
        if call.operation in _WRITES and call.wrote:
            self._has_written(call.operation, call.wrote)
        if self._strikes(When.AFTER):
            raise Crash

    def _strikes(self, when: When) -> bool:
        """Whether it is here and now that something is to go wrong, which it does once."""
        now = self._alive[-1] if self._alive else None
        if not now or self.faults.struck or self.faults.point != Point(now.function, now.nth, len(now.calls), when):
            return False
        self.faults.struck += 1
        return True

    def _about_to_write(self) -> None:
        now, race = self.current, self.faults.race
        if now and self.working and not self.faults.raced and race == (now.slot, len(now.effects) + 1):
            self.faults.raced += 1
            self._handle(self.working)

    def _has_written(self, operation: str, wrote: tuple[str, ...]) -> None:
        self._wrote += 1
        if self.current and self.system.current and self.system.current is not _CDC:
            self.current.effects.append(Effect(self.system.current.function, operation, wrote))


def forget() -> None:
    """A process that begins knows nothing of what another one has read."""
    env.secret.cache_clear()
    keys.public.cache_clear()
    snapshot.forget()


def _woken(event: Any) -> str:
    """By what: a route, bus events, records of a table, or a call."""
    if "routeKey" in event:
        return str(event["routeKey"])
    records = event.get("Records", ())
    heard = [json.loads(one["body"])["detail-type"] for one in records if "body" in one]
    told = [_outbox(one["dynamodb"]["NewImage"]) for one in records if "dynamodb" in one]
    return ", ".join([*heard, *told]) or "a call"


def _outbox(image: Any) -> str:
    return " and ".join(one["M"]["bus_event"]["S"] for one in image.get("outbox", {}).get("L", ())) or "nothing"
