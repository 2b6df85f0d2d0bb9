"""The whole system, driven message by message: real handlers, real outboxes, real cdc, and injected faults.

After every call the table changes pass through `cdc.publish_outbox`; each published event becomes one message per
subscribed consumer. `drain` delivers due messages, `drain_until_idle` also advances the clock. A failed message is
received again after its visibility timeout, at most seven times. A FaultPlan injects crashes, races, duplicates and
swapped messages; ids and clock are deterministic, so a MessageKey names the same message in every run.
"""

import json
import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from auth.core import keys
from common import clock, correlation, env, ids
from common.bus import BusEvent, registry
from common.bus.booking import BookingExtended, BookingOrdered
from common.consumer import MAX_DELAY_SECONDS
from events.core import index_storage
from infra import topology
from infra.topology_types import DelayedEvent, FunctionSpec, Stream, Subscription
from tests.support.drivers.provider import ProviderNetwork, connect_provider
from tests.support.faults.fault_points import (
    CallSite,
    Crash,
    Delivery,
    FaultPlan,
    FaultTiming,
    Invocation,
    Livelock,
    MessageKey,
    Outage,
    QueuedMessage,
    ServiceCall,
    SideEffect,
)
from tests.support.system import cached_password_hashes, cached_qr_codes
from tests.support.system.in_memory_system import InMemorySystem
from tests.support.system.lambda_events import HttpResponse, Person, eventbridge_event, row, sqs_batch

R = TypeVar("R")

START = datetime(2031, 5, 1, 9, tzinfo=UTC)
MAX_RECEIVES = 7
VISIBILITY_TIMEOUTS = 6  # times the function's timeout
_CLIENT_ERRORS = range(400, 500)
# Responses to the repetition of a request that succeeded but whose response was lost.
_ALREADY_DONE_PROBLEMS = {
    "already-extended",
    "invalid-code",
    "resend-too-soon",
    "stale-version",
    "too-many-emails",
    "wrong-password",
}
_SERVER_ERROR = 500  # a 5xx does not tell whether the request was executed
_TICK = timedelta(milliseconds=5)
_DUPLICATE_DELAY_SECONDS = 60  # after the first copy of a bus event, which was delivered by then
_SAME_TIME_WINDOW = timedelta(seconds=5)  # timers set together are due within this time
_WRITES = {"PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems", "PutObject", "SendMessage", "SendEmail"}
_CDC = next(one for one in topology.ROWS if isinstance(one, Stream))
CONSUMERS = tuple(one for one in topology.ROWS if isinstance(one, Subscription))
_HOLD_EVENTS = {BookingOrdered, BookingExtended}
# Timers that wait for days; a hold ends within the hour.
_LONG_TIMERS = {
    one.function for one in CONSUMERS if isinstance(one, DelayedEvent) and not set(one.events) <= _HOLD_EVENTS
}


class Saga:
    """A running system with its queues, clock and trace."""

    def __init__(self, system: InMemorySystem, provider: ProviderNetwork) -> None:
        self.system = system
        self.provider = provider
        system.before_call, system.after_call, system.wrap_invocation = (
            self._before_call,
            self._after_call,
            self._run_process,
        )
        system.dead_messages = lambda: self.dead_letters
        system.loses_reply = lambda _: self._is_fault_due(FaultTiming.TWICE)
        self.reset()

    def reset(self, faults: FaultPlan | None = None, *, seed: int | None = None) -> "Saga":
        """Reset queues, tables and clock; with a seed, due messages are delivered in random order."""
        self.faults = faults or FaultPlan()
        self.draw = random.Random(seed) if seed is not None else None
        self.now = START
        self.queue: list[QueuedMessage] = []
        self.held_back: list[QueuedMessage] = []
        self.sleeping: list[QueuedMessage] = []
        self.dead_letters: list[QueuedMessage] = []
        self.deliveries: list[Delivery] = []
        self.delivered: list[QueuedMessage] = []
        self.current_delivery: Delivery | None = None
        self.current_message: QueuedMessage | None = None
        self.outages: set[tuple[str, str]] = set()  # (function, SDK operation) that fail
        self.invocations: list[Invocation] = []
        self._running: list[Invocation] = []
        self._publish_counts = Counter[str]()  # on the bus
        self._write_count = 0
        self._repeated_after_write = 0  # requests repeated after a write
        self._counts: dict[Any, int] = {}
        self._scope, self._sequence = "", 0
        self.provider.__init__(self.system)  # type: ignore[misc] # the initial state: no responses, no faults
        env.secret.cache_clear()
        self.system.restore({})
        return self

    @classmethod
    @contextmanager
    def running(cls) -> Iterator["Saga"]:
        """Run a system within the block; the driver controls time and ids and records writes."""
        with (
            InMemorySystem().running() as system,
            connect_provider(system) as provider,
            cached_qr_codes.cached_qr_codes(),
            cached_password_hashes.cached_password_hashes(),
        ):
            saga = cls(system, provider)
            clock.use(lambda: saga.now)
            ids.use(saga._next_id)
            try:
                yield saga
            finally:
                clock.use()
                ids.use()

    # -- actions of tests -----------------------------------------------------------------------

    def http(
        self, call: str, body: Any = None, *, by: Person | None = None, expect: int | None = None, **more: Any
    ) -> HttpResponse:
        """Call a route and enqueue the resulting bus events.

        With `expect`, retry like a patient client: on any other status deliver due messages, then held ones, and
        repeat the request.
        """
        request = (call, json.dumps(body), by.user_id if by else "")
        name = ids.derive("request", *request, self.next_number(request))
        more.setdefault("key", name)
        repeated = self._repeated_after_write
        while True:
            response = self._retry_after_fault(
                name, lambda request_id: self.system.http(call, body, by=by, request_id=request_id, **more)
            )
            if expect is None or response.status == expect:
                return response
            if (
                self._repeated_after_write > repeated
                and response.status in _CLIENT_ERRORS
                and response.problem in _ALREADY_DONE_PROBLEMS
            ):
                return response
            if not self.make_progress():
                raise AssertionError(f"{call}: {response.status} {response.text}")

    def invoke(self, function: str, event: dict[str, Any]) -> Any:
        """Invoke a function as an operator, a schedule or the gateway would; retried after a crash."""
        name = ids.derive("ask", function, self.next_number(("ask", function)))
        defaults = {"correlation_id": name, "operation": name}
        return self._retry_after_fault(name, lambda _: self.system.invoke(function, defaults | event))

    def _retry_after_fault(self, name: str, attempt: Callable[[str], R]) -> R:
        """The result of the attempt, retried after a crash; with another request id if it had written something."""
        while True:
            fault_count, write_count = self.faults.fault_count, self._write_count
            self._enter_scope(name)
            result = None
            try:
                result = attempt(name)
            except (Crash, Exception):
                if self.faults.fault_count == fault_count:
                    raise
            self._publish_changes()
            lost = result is None or (isinstance(result, HttpResponse) and result.status >= _SERVER_ERROR)
            if result is not None and (self.faults.fault_count == fault_count or not lost):
                return result
            if self._write_count != write_count:
                self._repeated_after_write += 1
                name = ids.derive("again", name)

    def choose_outcome(self, checkout_url: str, outcome: str) -> None:
        """Choose an outcome on the checkout page; the webhook, if any, is delivered within the call."""
        name = ids.derive("press", self.next_number(("press", checkout_url, outcome)), checkout_url, outcome)
        self._retry_after_fault(name, lambda _: self.provider.choose_outcome(checkout_url, outcome))

    @contextmanager
    def as_function(self, function: str) -> Iterator[None]:
        """Within the block the test has this function's rights; enqueues the resulting bus events after it."""
        request_id = ids.derive("writing", function, self.next_number(("writing", function)))
        self._enter_scope(request_id)
        with self.system.as_function(row(function)), correlation.scope(request_id, request_id):
            yield
        self._publish_changes()

    def deliver(self, event: BusEvent) -> None:
        """Enqueue a bus event that no function published."""
        self.system.bus.append(eventbridge_event(event))
        self._publish_changes()

    def drain(self) -> None:
        """Deliver all due messages without advancing the clock."""
        for _ in range(2000):
            due = [one for one in self.queue if one.due <= self.now]
            if not due:
                return
            self._deliver(self.draw.choice(due) if self.draw else min(due, key=lambda one: (one.due, one.sequence)))
        raise Livelock([str(one.key) for one in self.queue])

    def drain_until_idle(self) -> None:
        """Deliver everything, advancing the clock to each timer of a hold; longer timers need `advance_one_day`.

        A held message is released if nothing else can make progress towards the one it waits for.
        """
        self.drain()
        while self.queue or self.held_back:
            if self.held_back and not self._is_awaited():
                self.release()
            else:
                self._advance_to_next()
            self.drain()

    def advance(self, seconds: float) -> None:
        """Advance the clock and deliver everything due by then."""
        until = self.now + timedelta(seconds=seconds)
        self.drain()
        while any(one.due <= until for one in self.queue):
            self._advance_to_next()
            self.drain()
        self.now = max(self.now, until)

    def advance_one_day(self) -> None:
        """Drain until idle, advance a day, and deliver the long timers."""
        self.drain_until_idle()
        self.now += timedelta(days=1)
        woken, self.sleeping = self.sleeping, []
        self.queue += [QueuedMessage(one.key, one.envelope, self.now, self.next_number("place")) for one in woken]
        self.drain_until_idle()

    def release(self) -> bool:
        """Release the held message; False if there is none."""
        freed, self.held_back = self.held_back, []
        self.queue += freed
        return bool(freed)

    def redeliver(self, seed: int) -> int:
        """Deliver all messages of the run again, long after, in random order; returns their number."""
        messages = [QueuedMessage(one.key, one.envelope, self.now, 0) for one in self.delivered]
        random.Random(seed).shuffle(messages)
        for one in messages:
            self.queue.append(one)
            self.drain()
        self.drain_until_idle()
        return len(messages)

    def redrive(self) -> None:
        """Redrive all DLQs as an operator would, and drain until idle."""
        for one in self.dead_letters:
            self.queue.append(QueuedMessage(one.key, one.envelope, self.now, self.next_number("place")))
        self.dead_letters = []
        self.drain_until_idle()

    def tables(self) -> dict[str, list[dict[str, Any]]]:
        """All items of all tables as plain values by key; read-only."""
        return {one.name: self.system.scan(one) for one in topology.TABLES}

    def snapshot(self) -> Any:
        """A snapshot to resume from. The queues must be empty; long timers are not included."""
        assert not self.queue, "a snapshot is taken at rest"
        assert not self.dead_letters, "a snapshot is taken of a sound system"
        return self.system.tables.snapshot(), self.now, dict(self._counts)

    def resume(self, snapshot: Any, faults: FaultPlan | None = None, *, seed: int | None = None) -> "Saga":
        """Restore a snapshot, with these faults."""
        self.reset(faults, seed=seed)
        items, self.now, counts = snapshot
        self._counts = dict(counts)
        self.system.restore(items)
        return self

    def deliveries_to(self, consumer: str) -> list[Delivery]:
        """The deliveries to a consumer, in order."""
        return [one for one in self.deliveries if one.key.consumer == consumer]

    # -- queues -----------------------------------------------------------------------------------

    def _deliver(self, message: QueuedMessage) -> None:
        self.queue.remove(message)
        if message.tries == 1:
            self.delivered.append(message)
        if self.faults.swap and message.key in self.faults.swap and message.key not in self.faults.swap_order:
            self.faults.swap_order.append(message.key)
        self._enter_scope(f"{message.key} {message.tries}")
        self._handle(message)
        self._publish_changes()
        if self.faults.swap and message.key == self.faults.swap[1]:
            self.release()

    def _handle(self, message: QueuedMessage) -> None:
        delivery, previous = Delivery(message.key, message.tries), (self.current_delivery, self.current_message)
        self.deliveries.append(delivery)
        self.current_delivery, self.current_message = delivery, message
        try:
            result = self.system.invoke(message.key.consumer, sqs_batch(message.envelope, tries=message.tries))
            delivery.outcome = "failed" if result["batchItemFailures"] else "done"
        except Crash:
            delivery.outcome = "crashed"
        finally:
            self.current_delivery, self.current_message = previous
        if delivery.outcome != "done":
            self._retry(message)
        self.system.visibility_changes.clear()

    def _retry(self, message: QueuedMessage) -> None:
        if message.tries == MAX_RECEIVES:
            self.dead_letters.append(message)
        else:
            visibility_seconds = VISIBILITY_TIMEOUTS * row(message.key.consumer).timeout
            due = self.now + timedelta(
                seconds=next((seconds for _, seconds in self.system.visibility_changes), visibility_seconds)
            )
            self.queue.append(
                QueuedMessage(message.key, message.envelope, due, self.next_number("place"), message.tries + 1)
            )

    def _enqueue(self, consumer: str, envelope: dict[str, Any], delay: int = 0) -> None:
        event = registry()[envelope["detail-type"]]
        identity = (consumer, event.__name__, str(envelope["detail"][f"{event.entity}_id"]))
        key, due = MessageKey(*identity, self.next_number(identity)), self.now + timedelta(seconds=delay)
        first, second = self.faults.swap or (None, None)
        holds_back = key == first and second not in self.faults.swap_order
        sleeps = delay == MAX_DELAY_SECONDS and consumer in _LONG_TIMERS
        target = self.held_back if holds_back else self.sleeping if sleeps else self.queue
        target.append(QueuedMessage(key, envelope, due, self.next_number("place")))
        if self.faults.duplicates(key):
            self.faults.duplicated.append(key)
            (self.sleeping if sleeps else self.queue).append(
                QueuedMessage(key, envelope, due, self.next_number("place"))
            )

    def _is_awaited(self) -> bool:
        """Whether the message that the held one waits for is in the queue or due now."""
        soon, (_, second) = self.now + _SAME_TIME_WINDOW, self.faults.swap or (None, None)
        return any(one.key == second or one.due <= soon for one in self.queue)

    def make_progress(self) -> bool:
        """Make progress while a client waits: deliver due, then held messages, then retries."""
        waiting = any(one.due <= self.now for one in self.queue) or self.release()
        if not waiting and not any(one.tries > 1 for one in self.queue):
            return False
        if not waiting:
            self._advance_to_next()
        self.drain()
        return True

    def _advance_to_next(self) -> None:
        self.now = max(self.now, min(one.due for one in self.queue))

    # -- from the tables to the queues --------------------------------------------------------------

    def _publish_changes(self) -> None:
        """Publish the changes of the call through cdc and enqueue the bus events."""
        changes = [one for one in self.system.tables.changes if one.passes_stream_filter]
        self.system.tables.changes.clear()
        for table in _CDC.tables:
            self._relay_records(
                [one.stream_record(self._next_sequence()) for one in changes if one.table == table.name]
            )
        for published in self.system.bus:
            serialised = json.dumps(published, sort_keys=True)
            delay_seconds = _DUPLICATE_DELAY_SECONDS * self._publish_counts[serialised]
            self._publish_counts[serialised] += 1
            for one in CONSUMERS:
                if published["detail-type"] in {event.wire_name() for event in one.events}:
                    self._enqueue(one.function, published, delay_seconds)
        self.system.bus.clear()
        for function, envelope, delay in self.system.delayed_messages:
            self._enqueue(function, envelope, delay)
        self.system.delayed_messages.clear()

    def _relay_records(self, records: list[dict[str, Any]]) -> None:
        for _ in range(MAX_RECEIVES):
            if not records:
                return
            try:
                failures = self.system.invoke(_CDC, {"Records": records})["batchItemFailures"]
            except Crash:
                continue
            first = failures[0]["itemIdentifier"] if failures else None
            records = [one for one in records if first and int(one["dynamodb"]["SequenceNumber"]) >= int(first)]
        raise Livelock("cdc cannot publish")

    def _next_sequence(self) -> int:
        self._sequence += 1
        return self._sequence

    # -- ids, time, faults --------------------------------------------------------------------------

    def _enter_scope(self, scope: str) -> None:
        self._scope = scope
        self._counts["id"] = 0
        self.now += _TICK

    def _next_id(self) -> str:
        return ids.derive("new", self._scope, self.next_number("id"))

    def next_number(self, key: Any) -> int:
        """The number of calls with this key, including this one."""
        self._counts[key] = self._counts.get(key, 0) + 1
        return self._counts[key]

    def _run_process(self, one: FunctionSpec, event: Any, run: Callable[[], Any]) -> Any:
        run_number = 1 + sum(invocation.function == one.function for invocation in self.invocations)
        invocation = Invocation(one.function, run_number, _describe_trigger(event))
        self.invocations.append(invocation)
        self._running.append(invocation)
        clear_process_caches()
        try:
            return run()
        finally:
            self._running.pop()

    def _before_call(self, call: ServiceCall) -> None:
        if self._running:
            self._running[-1].calls.append(call)
        if self._is_fault_due(FaultTiming.BEFORE):
            raise Crash
        acting = self.system.current_row
        if acting and (acting.function, call.operation) in self.outages:
            raise Outage(f"{acting.function} cannot {call.operation}")
        if call.operation in _WRITES:
            self._before_write()

    def _after_call(self, call: ServiceCall) -> None:
        if call.operation in _WRITES and call.written_items:
            self._after_write(call.operation, call.written_items)
        if self._is_fault_due(FaultTiming.AFTER):
            raise Crash

    def _is_fault_due(self, timing: FaultTiming) -> bool:
        """Whether the planned fault is due at this call; it happens once."""
        running = self._running[-1] if self._running else None
        if (
            not running
            or self.faults.fault_count
            or self.faults.call_site != CallSite(running.function, running.run, len(running.calls), timing)
        ):
            return False
        self.faults.fault_count += 1
        return True

    def _before_write(self) -> None:
        delivery, race = self.current_delivery, self.faults.race
        if (
            delivery
            and self.current_message
            and not self.faults.race_count
            and race == (delivery.key, len(delivery.effects) + 1)
        ):
            self.faults.race_count += 1
            self._handle(self.current_message)

    def _after_write(self, operation: str, written_items: tuple[str, ...]) -> None:
        self._write_count += 1
        if self.current_delivery and self.system.current_row and self.system.current_row is not _CDC:
            self.current_delivery.effects.append(SideEffect(self.system.current_row.function, operation, written_items))


def clear_process_caches() -> None:
    """Clear all process-wide caches, as in a new Lambda instance."""
    env.secret.cache_clear()
    keys.public_key.cache_clear()
    index_storage.clear_cache()


def _describe_trigger(event: Any) -> str:
    """The trigger: a route, bus events, records of a table, or an invocation."""
    if "routeKey" in event:
        return str(event["routeKey"])
    records = event.get("Records", ())
    bus_events = [json.loads(one["body"])["detail-type"] for one in records if "body" in one]
    outbox_events = [_outbox_events(one["dynamodb"]["NewImage"]) for one in records if "dynamodb" in one]
    return ", ".join([*bus_events, *outbox_events]) or "a call"


def _outbox_events(image: Any) -> str:
    return " and ".join(one["M"]["bus_event"]["S"] for one in image.get("outbox", {}).get("L", ())) or "nothing"
