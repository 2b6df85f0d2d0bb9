"""A fake AWS: tables, streams, the bus, queues, secrets, e-mail, and function invocation.

Every call of a function passes `FakeCloud.call`, which lets the schedule run other tasks and injects faults before or
after the call.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from io import BytesIO
from typing import Any, TypeVar

from botocore.exceptions import ReadTimeoutError

from common.bus import registry
from common.store import ConditionFailed, Item, Key, Write
from infra import topology
from infra.resource_types import Grant, Mail, Secret
from infra.topology_types import FunctionSpec, Stream, Subscription
from tests.simulation.schedule import Schedule, Task
from tests.support.system import outboxes
from tests.support.system.in_memory_dynamodb import InMemoryTables, ItemChange
from tests.support.system.lambda_events import environment_variables, load_handler
from tests.support.system.moto_resources import PROVIDER_SECRET, SENDER, STAGE_SETTINGS

R = TypeVar("R")

MAX_RECEIVES = 7
VISIBILITY_TIMEOUTS = 6
POISON_MESSAGE = "an unreadable message"
_SDK_TRIES = 4
_INDEX_LAG_SECONDS = 3.0  # longest delay of an index
_RACING_FUNCTIONS = (
    "booking.expire_hold_backstop", "booking.on_payment_succeeded", "booking.on_payment_failed",
    "payment.close_payment", "payment.receive_webhook",
)  # fmt: skip
# The search index affects no other service; its object store is not simulated.
_CONSUMERS = tuple(
    one for one in topology.ROWS if isinstance(one, Subscription) and one.function != "events.build_index"
)
_STREAM = next(one for one in topology.ROWS if isinstance(one, Stream))
assert {one.function for one in topology.ROWS} >= set(_RACING_FUNCTIONS)


@dataclass
class SqsMessage:
    """A message in a consumer's queue."""

    id: str
    body: str
    label: str  # for the trace
    tries: int = 0


@dataclass
class Queue:
    """One consumer's queue; an unacknowledged message is received again, at most MAX_RECEIVES times."""

    row: Subscription
    visible: list[SqsMessage] = field(default_factory=list)
    dead_letters: list[SqsMessage] = field(default_factory=list)
    poll_scheduled: bool = False
    visibility_overrides: dict[str, int] = field(default_factory=dict)  # seconds until the next try, by message id


class FaultHooks:
    """Where faults are injected; this class injects none."""

    def on_start(self, cloud: "FakeCloud", task: Task, row: FunctionSpec) -> None:
        """Called before a function runs."""

    def before_call(self, cloud: "FakeCloud", operation: str, target: str) -> None: ...

    def after_call(self, cloud: "FakeCloud", operation: str, target: str) -> bool:
        """Whether the response is lost, so that the SDK retries the call."""
        return False

    def delivery_delays(self, cloud: "FakeCloud", queue: Queue, label: str) -> Sequence[float]:
        """The delay of each copy of a new message, in seconds."""
        return (cloud.schedule.draw.random() * 0.2,)

    def adds_poison_message(self, cloud: "FakeCloud") -> bool:
        """Whether an unreadable message is added after a new message."""
        return False

    def indexes_are_current(self, cloud: "FakeCloud") -> bool:
        """Whether the indexes contain the latest writes."""
        return True

    def entry_error(self, cloud: "FakeCloud", entry: Mapping[str, str]) -> str | None:
        """The error code if the bus rejects the entry."""
        return None

    def redelivery_delay(self, cloud: "FakeCloud", task: Task, queue: Queue) -> float | None:
        """The delay in seconds after which messages in flight are received again, or None."""
        return None

    def failing_message(self, cloud: "FakeCloud", batch: list[SqsMessage]) -> SqsMessage | None:
        """The message of a batch that is to fail, or None."""
        return None

    def stream_batch(self, cloud: "FakeCloud", records: list[Any]) -> list[Any]:
        """The stream records that cdc receives."""
        return records


class FakeCloud:
    """The cloud of one schedule."""

    def __init__(self, schedule: Schedule, faults: FaultHooks | None = None) -> None:
        self.schedule = schedule
        self.faults = faults or FaultHooks()
        self.tables = InMemoryTables(topology.TABLES)
        self.queues = {row.function: Queue(row) for row in _CONSUMERS}
        self.mails: list[bytes] = []
        self.runs = 0
        self.lost_races = 0  # failed conditions of functions that race to end or to pay a hold
        self.poison_count = 0  # unreadable messages
        self.sent_messages: list[tuple[Queue, str, str]] = []  # every message of the bus, for redelivery
        self.sequence = 0
        self.indexes_stale = False  # the indexes lack the latest writes
        self.relaying = False
        self.last_batch: list[dict[str, Any]] = []
        self.backlog: list[dict[str, Any]] = []
        self.provider_secret: dict[str, str] = dict(PROVIDER_SECRET)

    # -- functions --------------------------------------------------------------------------------

    def invoke(self, row: FunctionSpec, event: Any, task: Task | None = None) -> Any:
        """Run the row's function in the current task."""
        task = task or self._current_task()
        previous, task.row = task.row, row
        self.runs += 1
        self.faults.on_start(self, task, row)
        try:
            return _load_handler(row.function)(event, None)
        finally:
            task.row = previous

    def setting(self, name: str) -> str:
        """An environment variable of the running function."""
        return _environment(self._current_task().row.function)[name]

    def call(self, operation: str, target: str, action: Callable[[], R]) -> R:
        """One call of a function; the SDK retries it after a lost response."""
        for _ in range(_SDK_TRIES):
            self.schedule.checkpoint()
            self.faults.before_call(self, operation, target)
            result = action()
            self.schedule.record(f"{operation} {target}")
            lost = self.faults.after_call(self, operation, target)
            if not lost:
                self.schedule.checkpoint()
                return result
        raise ReadTimeoutError(endpoint_url=target)

    def _current_task(self) -> Task:
        assert self.schedule.current is not None
        return self.schedule.current

    # -- tables and their streams -----------------------------------------------------------------

    def get(self, table: str, key: Key, *, consistent: bool) -> Item | None:
        return self.call("GetItem", table, lambda: self.tables.get(table, key, consistent=consistent))

    def batch_get(self, table: str, keys: Sequence[Key]) -> tuple[list[Item], Sequence[Key]]:
        return self.call("BatchGetItem", table, lambda: self.tables.batch_get(table, keys))

    def query(self, table: str, condition: str, values: Mapping[str, Any], **options: Any) -> tuple[list[Item], Any]:
        return self.call("Query", table, lambda: self.tables.query(table, condition, values, **options))

    def write(self, one: Write) -> Item:
        self._check_outboxes([one])
        return self.call(f"{type(one).__name__}Item", one.table, lambda: self._write(lambda: self.tables.write(one)))

    def transact(self, writes: Sequence[Write], token: str) -> None:
        self._check_outboxes(writes)
        target = writes[0].table
        self.call("TransactWriteItems", target, lambda: self._write(lambda: self.tables.transact(writes, token)))

    def _check_outboxes(self, writes: Sequence[Write]) -> None:
        if row := self._current_task().row:
            outboxes.check(row, writes)

    def _write(self, action: Callable[[], R]) -> R:
        self.tables.now = self.schedule.seconds
        try:
            result = action()
        except ConditionFailed:
            row = self._current_task().row
            self.lost_races += row is not None and row.function in _RACING_FUNCTIONS
            raise
        self.stream_changes()
        return result

    def stream_changes(self) -> None:
        """Append the committed changes to the stream."""
        for change in self.tables.changes:
            self._record_change(change)
            if change.passes_stream_filter:
                self.sequence += 1
                self.backlog.append(change.stream_record(self.sequence))
        self.tables.changes.clear()
        if not self.indexes_stale and not self.faults.indexes_are_current(self):
            self.indexes_stale = True
            self.schedule.call_later(self.schedule.draw.random() * _INDEX_LAG_SECONDS, self._update_indexes)
        if not self.indexes_stale:
            self.tables.update_indexes()
        if self.backlog and not self.relaying:
            self.relaying = True
            self.schedule.call_later(self.schedule.draw.random() * 0.3, self._start_relay)

    def _record_change(self, change: ItemChange) -> None:
        old, new = (change.old or {}).get("status"), (change.new or {}).get("status")
        if old != new:
            self.schedule.record(f"{change.key[1]} {change.key[0]} is {new}" + (f", was {old}" if old else ""))

    def _update_indexes(self) -> None:
        self.indexes_stale = False
        self.tables.update_indexes()

    def _start_relay(self) -> None:
        batch = self.faults.stream_batch(self, self.backlog[:100])
        self.last_batch = self.backlog[:100]
        task = self.schedule.start("cdc", lambda: self.invoke(_STREAM, {"Records": batch}))
        sequence_numbers = {one["dynamodb"]["SequenceNumber"] for one in self.backlog[:100]}
        self.schedule.start("cdc's poller", lambda: self._finish_relay(task, sequence_numbers))

    def _finish_relay(self, task: Task, sequence_numbers: set[str]) -> None:
        self.schedule.wait(task)
        failed = [one["itemIdentifier"] for one in task.result["batchItemFailures"]] if task.error is None else None
        first_failed = 0 if failed is None else int(failed[0]) if failed else None
        self.backlog = remaining = [one for one in self.backlog if _is_unrelayed(one, sequence_numbers, first_failed)]
        self.relaying = bool(remaining)
        if remaining:
            self.schedule.call_later(
                0.05 + self.schedule.draw.random() * (1.0 if first_failed is not None else 0.1), self._start_relay
            )

    # -- the bus and the queues ---------------------------------------------------------------------

    def put_events(self, Entries: list[dict[str, str]]) -> dict[str, Any]:  # noqa: N803 - named by the SDK
        return self.call("PutEvents", "bus", lambda: self._put_events(Entries))

    def _put_events(self, entries: list[dict[str, str]]) -> dict[str, Any]:
        codes = [self.faults.entry_error(self, one) for one in entries]
        for one, code in zip(entries, codes, strict=True):
            if code is None:
                self.publish(one["DetailType"], one["Source"], one["Detail"])
        results = [{"ErrorCode": code} if code else {"EventId": "e"} for code in codes]
        return {"FailedEntryCount": sum(map(bool, codes)), "Entries": results}

    def publish(self, name: str, source: str, detail: str) -> None:
        """Enqueue an event for each of its consumers."""
        body = f'{{"detail-type":"{name}","source":"{source}","detail":{detail}}}'
        for function in _consumers_by_event()[name]:
            queue = self.queues[function]
            self.enqueue(queue, body, name)
            if self.faults.adds_poison_message(self):
                self.poison_count += 1
                self._make_visible(queue, SqsMessage(f"m{self.schedule.next_number()}", "{", POISON_MESSAGE), 0.0)

    def enqueue(self, queue: Queue, body: str, label: str, delay: float = 0.0) -> None:
        message_id = f"m{self.schedule.next_number()}"
        self.sent_messages.append((queue, body, label))
        for receive_delay in self.faults.delivery_delays(self, queue, label):
            self._make_visible(queue, SqsMessage(message_id, body, label), delay + receive_delay)

    def _make_visible(self, queue: Queue, message: SqsMessage, delay: float) -> None:
        def deliver() -> None:
            queue.visible.append(message)
            if not queue.poll_scheduled:
                queue.poll_scheduled = True
                batch_window = queue.row.batch_window + self.schedule.draw.choice((0.0, 3.0))
                self.schedule.call_later(batch_window, lambda: self._poll(queue))

        self.schedule.call_later(delay, deliver)

    def _poll(self, queue: Queue) -> None:
        queue.poll_scheduled = False
        while queue.visible:
            size = _batch_size(queue.row.function)
            limit = size if queue.row.batch_window else min(size, 1 + int(self.schedule.draw.random() * 4))
            batch, queue.visible = queue.visible[:limit], queue.visible[limit:]
            for one in batch:
                one.tries += 1
            self._start_batch(queue, batch)

    def _start_batch(self, queue: Queue, batch: list[SqsMessage]) -> None:
        event = {"Records": [_sqs_record(one) for one in batch]}
        labels = ", ".join(one.label for one in batch)
        task = self.schedule.start(f"{queue.row.function}({labels})", lambda: self.invoke(queue.row, event))
        readable = [one for one in batch if one.label != POISON_MESSAGE]
        failing = self.faults.failing_message(self, readable) if len(batch) > 1 and readable else None
        task.failing_operation = json.loads(failing.body)["detail"]["bus_event_id"] if failing else None
        redelivery = self.faults.redelivery_delay(self, task, queue)
        if redelivery is not None:
            copies = [SqsMessage(one.id, one.body, one.label, one.tries + 1) for one in batch]
            self.schedule.call_later(redelivery, lambda: self._start_batch(queue, copies))
        self.schedule.start(f"{queue.row.function}'s poller", lambda: self._finish_batch(queue, batch, task))

    def _finish_batch(self, queue: Queue, batch: list[SqsMessage], task: Task) -> None:
        self.schedule.wait(task)
        if task.error is None:
            failed = {one["itemIdentifier"] for one in task.result["batchItemFailures"]}
        else:
            failed = {one.id for one in batch}
        for one in batch:
            visibility_seconds = queue.visibility_overrides.pop(one.id, VISIBILITY_TIMEOUTS * queue.row.timeout)
            if one.id not in failed:
                continue
            if one.tries >= MAX_RECEIVES:
                queue.dead_letters.append(one)
                self.schedule.record(f"{one.label} is a dead letter")
            else:
                self._make_visible(queue, one, visibility_seconds)

    # -- the SDK's other clients ----------------------------------------------------------------------

    def client(self, service: str) -> Any:
        return _Lambda(self) if service == "lambda" else self

    def send_message(self, QueueUrl: str, MessageBody: str, DelaySeconds: int = 0) -> dict[str, Any]:  # noqa: N803
        queue = self.queues[QueueUrl]
        label = json.loads(MessageBody)["detail-type"]
        self.call("SendMessage", QueueUrl, lambda: self.enqueue(queue, MessageBody, label, DelaySeconds))
        return {"MessageId": "m"}

    def change_message_visibility(self, QueueUrl: str, ReceiptHandle: str, VisibilityTimeout: int) -> None:  # noqa: N803
        overrides = self.queues[QueueUrl].visibility_overrides
        self.call("ChangeMessageVisibility", QueueUrl, lambda: overrides.update({ReceiptHandle: VisibilityTimeout}))

    def get_secret_value(self, SecretId: str) -> dict[str, str]:  # noqa: N803
        generated = f"{SecretId}-0123456789abcdef0123456789abcdef"
        value = json.dumps(self.provider_secret) if SecretId == "provider" else generated
        return self.call("GetSecretValue", SecretId, lambda: {"SecretString": value})

    def send_email(self, Content: Any, **_: Any) -> dict[str, str]:  # noqa: N803
        self.call("SendEmail", "mail", lambda: self.mails.append(Content["Raw"]["Data"]))
        return {"MessageId": f"mail-{len(self.mails)}"}


class _Lambda:
    """Lambda's client: its `invoke` has the same name as FakeCloud's."""

    def __init__(self, cloud: FakeCloud) -> None:
        self._cloud = cloud

    def invoke(self, FunctionName: str, Payload: bytes) -> dict[str, Any]:  # noqa: N803
        def run() -> Any:
            return self._cloud.invoke(_row(FunctionName), json.loads(Payload))

        result = self._cloud.call("Invoke", FunctionName, run)
        return {"Payload": BytesIO(json.dumps(result).encode())}


# Cached by name: hashing a row is slow.
@cache
def _load_handler(function: str) -> Any:
    return load_handler(_row(function))


@cache
def _consumers_by_event() -> dict[str, list[str]]:
    """The consumers of each bus event, by wire name."""
    return {name: [row.function for row in _CONSUMERS if event in row.events] for name, event in registry().items()}


@cache
def _environment(function: str) -> dict[str, str]:
    row = _row(function)
    return environment_variables(row, _granted_value) | (
        {"QUEUE_URL": function} if isinstance(row, Subscription) else {}
    )


def _granted_value(name: str) -> str:
    kind, _, rest = name.partition("_")
    if kind in ("TABLE", "BUCKET", "SECRET", "KEYS"):
        return rest.lower().replace("_", "-") if kind == "SECRET" else rest.lower()
    return SENDER if name == "SENDER" else STAGE_SETTINGS[name]


@cache
def _row(function: str) -> FunctionSpec:
    return next(one for one in topology.ROWS if one.function == function)


@cache
def _batch_size(function: str) -> int:
    row = next(one for one in _CONSUMERS if one.function == function)
    has_slow_calls = any(isinstance(one, Grant) and isinstance(one.resource, Secret | Mail) for one in row.grants)
    return 1 if has_slow_calls or row.invokes else row.batch_size


def _is_unrelayed(record: dict[str, Any], sequence_numbers: set[str], first_failed: int | None) -> bool:
    number = record["dynamodb"]["SequenceNumber"]
    return number not in sequence_numbers or (first_failed is not None and int(number) >= first_failed)


def _sqs_record(one: SqsMessage) -> dict[str, Any]:
    attributes = {"ApproximateReceiveCount": str(one.tries), "SentTimestamp": "0", "SenderId": "x"}
    return {
        "messageId": one.id, "receiptHandle": one.id, "body": one.body, "attributes": attributes,
        "messageAttributes": {}, "md5OfBody": "", "eventSource": "aws:sqs", "eventSourceARN": "q", "awsRegion": "x",
    }  # fmt: skip
