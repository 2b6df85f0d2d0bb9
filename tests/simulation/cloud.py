"""AWS, as far as the services see it: tables, streams, the bus, queues, secrets, mail, and what runs functions.

Every call of a function passes `Cloud.call`, where the schedule may let others run, and where what is to go
wrong goes wrong: instead of the call, before it, or after it.
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
from infra.vocabulary import Grant, Mail, On, Secret, Stream, Trigger
from tests.simulation.schedule import Schedule, Task
from tests.support.cloud import PROVIDER_SECRET, SENDER, VALUES
from tests.support.gateway import load, variables
from tests.support.tables import Change, Tables

R = TypeVar("R")

MAX_RECEIVES = 7
VISIBILITY_FACTOR = 6
POISON = "what nobody can read"
_SDK_TRIES = 4
_DEAF = 3.0  # seconds after which an index has heard of a write, at the latest
_RACERS = (
    "booking.expire_hold", "booking.on_payment_succeeded", "booking.on_payment_failed",
    "payment.close_payment", "payment.receive_webhook",
)  # fmt: skip
# The search's index is drawn from what was written and decides nothing; its object store is not simulated.
_CONSUMERS = tuple(one for one in topology.ROWS if isinstance(one, On) and one.function != "events.build_index")
_STREAM = next(one for one in topology.ROWS if isinstance(one, Stream))


@dataclass
class Message:
    """What lies in a consumer's queue."""

    id: str
    body: str
    what: str  # for the story
    tries: int = 0


@dataclass
class Queue:
    """One consumer's queue; a message that is not acknowledged comes again, at most MAX_RECEIVES times."""

    row: On
    waiting: list[Message] = field(default_factory=list)
    dead: list[Message] = field(default_factory=list)
    polled: bool = False
    hastened: dict[str, int] = field(default_factory=dict)  # seconds from a failure to the next try, by message


class Faults:
    """What goes wrong; with this one nothing does."""

    def starts(self, cloud: "Cloud", task: Task, row: Trigger) -> None:
        """A function is about to run."""

    def before(self, cloud: "Cloud", operation: str, target: str) -> None: ...

    def after(self, cloud: "Cloud", operation: str, target: str) -> bool:
        """Whether the reply is lost: the SDK repeats the call."""
        return False

    def deliveries(self, cloud: "Cloud", queue: Queue, what: str) -> Sequence[float]:
        """When copies of a new message can be received, in seconds from now."""
        return (cloud.schedule.draw.random() * 0.2,)

    def unreadable(self, cloud: "Cloud") -> bool:
        """Whether something lies beside a new message that nobody can read."""
        return False

    def heard(self, cloud: "Cloud") -> bool:
        """Whether the indexes have heard of what was written."""
        return True

    def refused(self, cloud: "Cloud", entry: Mapping[str, str]) -> str | None:
        """The error code with which the bus refuses the entry."""
        return None

    def again(self, cloud: "Cloud", task: Task, queue: Queue) -> float | None:
        """After how many seconds messages in flight are received a second time, if they are."""
        return None

    def victim(self, cloud: "Cloud", batch: list[Message]) -> Message | None:
        """The one message of a batch that shall fail."""
        return None

    def relayed(self, cloud: "Cloud", records: list[Any]) -> list[Any]:
        """The stream's records as cdc gets them."""
        return records


class Cloud:
    """A running system on one schedule."""

    def __init__(self, schedule: Schedule, faults: Faults | None = None) -> None:
        self.schedule = schedule
        self.faults = faults or Faults()
        self.tables = Tables(topology.TABLES)
        self.queues = {row.function: Queue(row) for row in _CONSUMERS}
        self.mails: list[bytes] = []
        self.runs = 0
        self.races = 0  # ends and payments of holds that lost their condition
        self.poison = 0  # messages that nobody can read
        self.sent: list[tuple[Queue, str, str]] = []  # every message of the bus, for whoever sends one again
        self.sequence = 0
        self.deaf = False  # the indexes have not heard yet
        self.relaying = False
        self.relayed: list[dict[str, Any]] = []
        self.backlog: list[dict[str, Any]] = []
        self.provider_secret: dict[str, str] = dict(PROVIDER_SECRET)

    # -- functions --------------------------------------------------------------------------------

    def invoke(self, row: Trigger, event: Any, task: Task | None = None) -> Any:
        """Run the row's function in the current task."""
        task = task or self._task()
        before, task.row = task.row, row
        self.runs += 1
        self.faults.starts(self, task, row)
        try:
            return _loaded(row.function)(event, None)
        finally:
            task.row = before

    def setting(self, name: str) -> str:
        """An environment variable of the function that is running."""
        return _environment(self._task().row.function)[name]

    def call(self, operation: str, target: str, do: Callable[[], R]) -> R:
        """One call of a function, its lost replies repeated by the SDK."""
        for _ in range(_SDK_TRIES):
            self.schedule.boundary()
            self.faults.before(self, operation, target)
            answer = do()
            self.schedule.tell(f"{operation} {target}")
            lost = self.faults.after(self, operation, target)
            if not lost:
                self.schedule.boundary()
                return answer
        raise ReadTimeoutError(endpoint_url=target)

    def _task(self) -> Task:
        assert self.schedule.current is not None
        return self.schedule.current

    # -- tables and their streams -----------------------------------------------------------------

    def get(self, table: str, key: Key, *, consistent: bool) -> Item | None:
        return self.call("GetItem", table, lambda: self.tables.get(table, key, consistent=consistent))

    def batch_get(self, table: str, keys: Sequence[Key]) -> tuple[list[Item], Sequence[Key]]:
        return self.call("BatchGetItem", table, lambda: self.tables.batch_get(table, keys))

    def query(self, table: str, condition: str, values: Mapping[str, Any], **how: Any) -> tuple[list[Item], Any]:
        return self.call("Query", table, lambda: self.tables.query(table, condition, values, **how))

    def write(self, one: Write) -> Item:
        return self.call(f"{type(one).__name__}Item", one.table, lambda: self._changed(lambda: self.tables.write(one)))

    def transact(self, writes: Sequence[Write], token: str) -> None:
        target = writes[0].table
        self.call("TransactWriteItems", target, lambda: self._changed(lambda: self.tables.transact(writes, token)))

    def _changed(self, do: Callable[[], R]) -> R:
        self.tables.now = self.schedule.seconds
        try:
            answer = do()
        except ConditionFailed:
            row = self._task().row
            self.races += row is not None and row.function in _RACERS
            raise
        self.drain()
        return answer

    def drain(self) -> None:
        """What was committed goes into the stream."""
        for change in self.tables.changes:
            self._tell(change)
            if change.passes:
                self.sequence += 1
                self.backlog.append(change.record(self.sequence))
        self.tables.changes.clear()
        if not self.deaf and not self.faults.heard(self):
            self.deaf = True
            self.schedule.after(self.schedule.draw.random() * _DEAF, self._heard)
        if not self.deaf:
            self.tables.catch_up()
        if self.backlog and not self.relaying:
            self.relaying = True
            self.schedule.after(self.schedule.draw.random() * 0.3, self._relay)

    def _tell(self, change: Change) -> None:
        old, new = (change.old or {}).get("status"), (change.new or {}).get("status")
        if old != new:
            self.schedule.tell(f"{change.place[1]} {change.place[0]} is {new}" + (f", was {old}" if old else ""))

    def _heard(self) -> None:
        self.deaf = False
        self.tables.catch_up()

    def _relay(self) -> None:
        batch = self.faults.relayed(self, self.backlog[:100])
        self.relayed = self.backlog[:100]
        task = self.schedule.start("cdc", lambda: self.invoke(_STREAM, {"Records": batch}))
        done = {one["dynamodb"]["SequenceNumber"] for one in self.backlog[:100]}
        self.schedule.start("cdc's poller", lambda: self._relayed(task, done))

    def _relayed(self, task: Task, numbers: set[str]) -> None:
        self.schedule.wait(task)
        failed = [one["itemIdentifier"] for one in task.result["batchItemFailures"]] if task.error is None else None
        first = 0 if failed is None else int(failed[0]) if failed else None
        self.backlog = keep = [one for one in self.backlog if _left(one, numbers, first)]
        self.relaying = bool(keep)
        if keep:
            self.schedule.after(0.05 + self.schedule.draw.random() * (1.0 if first is not None else 0.1), self._relay)

    # -- the bus and the queues ---------------------------------------------------------------------

    def put_events(self, Entries: list[dict[str, str]]) -> dict[str, Any]:  # noqa: N803 - the SDK's word
        return self.call("PutEvents", "bus", lambda: self._put(Entries))

    def _put(self, entries: list[dict[str, str]]) -> dict[str, Any]:
        codes = [self.faults.refused(self, one) for one in entries]
        for one, code in zip(entries, codes, strict=True):
            if code is None:
                self.publish(one["DetailType"], one["Source"], one["Detail"])
        results = [{"ErrorCode": code} if code else {"EventId": "e"} for code in codes]
        return {"FailedEntryCount": sum(map(bool, codes)), "Entries": results}

    def publish(self, name: str, source: str, detail: str) -> None:
        """Into the queue of each consumer that hears it."""
        body = f'{{"detail-type":"{name}","source":"{source}","detail":{detail}}}'
        for function in _listeners()[name]:
            queue = self.queues[function]
            self.enqueue(queue, body, name)
            if self.faults.unreadable(self):
                self.poison += 1
                self._visible(queue, Message(f"m{self.schedule.place()}", "{", POISON), 0.0)

    def enqueue(self, queue: Queue, body: str, what: str, delay: float = 0.0) -> None:
        name = f"m{self.schedule.place()}"
        self.sent.append((queue, body, what))
        for later in self.faults.deliveries(self, queue, what):
            self._visible(queue, Message(name, body, what), delay + later)

    def _visible(self, queue: Queue, message: Message, after: float) -> None:
        def arrive() -> None:
            queue.waiting.append(message)
            if not queue.polled:
                queue.polled = True
                gathering = queue.row.window + self.schedule.draw.choice((0.0, 3.0))
                self.schedule.after(gathering, lambda: self._poll(queue))

        self.schedule.after(after, arrive)

    def _poll(self, queue: Queue) -> None:
        queue.polled = False
        while queue.waiting:
            size = _batch_size(queue.row.function)
            most = size if queue.row.window else min(size, 1 + int(self.schedule.draw.random() * 4))
            batch, queue.waiting = queue.waiting[:most], queue.waiting[most:]
            for one in batch:
                one.tries += 1
            self._handle(queue, batch)

    def _handle(self, queue: Queue, batch: list[Message]) -> None:
        event = {"Records": [_sqs(one) for one in batch]}
        what = ", ".join(one.what for one in batch)
        task = self.schedule.start(f"{queue.row.function}({what})", lambda: self.invoke(queue.row, event))
        legible = [one for one in batch if one.what != POISON]
        victim = self.faults.victim(self, legible) if len(batch) > 1 and legible else None
        task.victim = json.loads(victim.body)["detail"]["bus_event_id"] if victim else None
        again = self.faults.again(self, task, queue)
        if again is not None:
            twice = [Message(one.id, one.body, one.what, one.tries + 1) for one in batch]
            self.schedule.after(again, lambda: self._handle(queue, twice))
        self.schedule.start(f"{queue.row.function}'s poller", lambda: self._handled(queue, batch, task))

    def _handled(self, queue: Queue, batch: list[Message], task: Task) -> None:
        self.schedule.wait(task)
        if task.error is None:
            failed = {one["itemIdentifier"] for one in task.result["batchItemFailures"]}
        else:
            failed = {one.id for one in batch}
        for one in batch:
            soon = queue.hastened.pop(one.id, VISIBILITY_FACTOR * queue.row.seconds)
            if one.id not in failed:
                continue
            if one.tries >= MAX_RECEIVES:
                queue.dead.append(one)
                self.schedule.tell(f"{one.what} is set aside")
            else:
                self._visible(queue, one, soon)

    # -- the SDK's other clients ----------------------------------------------------------------------

    def client(self, service: str) -> Any:
        return _Lambda(self) if service == "lambda" else self

    def send_message(self, QueueUrl: str, MessageBody: str, DelaySeconds: int = 0) -> dict[str, Any]:  # noqa: N803
        queue = self.queues[QueueUrl]
        what = json.loads(MessageBody)["detail-type"]
        self.call("SendMessage", QueueUrl, lambda: self.enqueue(queue, MessageBody, what, DelaySeconds))
        return {"MessageId": "m"}

    def change_message_visibility(self, QueueUrl: str, ReceiptHandle: str, VisibilityTimeout: int) -> None:  # noqa: N803
        hastened = self.queues[QueueUrl].hastened
        self.call("ChangeMessageVisibility", QueueUrl, lambda: hastened.update({ReceiptHandle: VisibilityTimeout}))

    def get_secret_value(self, SecretId: str) -> dict[str, str]:  # noqa: N803
        made = f"{SecretId}-0123456789abcdef0123456789abcdef"
        value = json.dumps(self.provider_secret) if SecretId == "provider" else made
        return self.call("GetSecretValue", SecretId, lambda: {"SecretString": value})

    def send_email(self, Content: Any, **_: Any) -> dict[str, str]:  # noqa: N803
        self.call("SendEmail", "mail", lambda: self.mails.append(Content["Raw"]["Data"]))
        return {"MessageId": f"mail-{len(self.mails)}"}


class _Lambda:
    """Its `invoke` has the name of the cloud's own."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    def invoke(self, FunctionName: str, Payload: bytes) -> dict[str, Any]:  # noqa: N803
        def run() -> Any:
            return self._cloud.invoke(_row(FunctionName), json.loads(Payload))

        answer = self._cloud.call("Invoke", FunctionName, run)
        return {"Payload": BytesIO(json.dumps(answer).encode())}


# By its name: a row is no cheap key.
@cache
def _loaded(function: str) -> Any:
    return load(_row(function))


@cache
def _listeners() -> dict[str, list[str]]:
    """The functions that hear each bus event."""
    return {name: [row.function for row in _CONSUMERS if event in row.events] for name, event in registry().items()}


@cache
def _environment(function: str) -> dict[str, str]:
    row = _row(function)
    return variables(row, _value) | ({"QUEUE_URL": function} if isinstance(row, On) else {})


def _value(name: str) -> str:
    kind, _, rest = name.partition("_")
    if kind in ("TABLE", "BUCKET", "SECRET", "KEYS"):
        return rest.lower().replace("_", "-") if kind == "SECRET" else rest.lower()
    return SENDER if name == "SENDER" else VALUES[name]


@cache
def _row(function: str) -> Trigger:
    return next(one for one in topology.ROWS if one.function == function)


@cache
def _batch_size(function: str) -> int:
    row = next(one for one in _CONSUMERS if one.function == function)
    asks = any(isinstance(one, Grant) and isinstance(one.resource, Secret | Mail) for one in row.may)
    return 1 if asks or row.calls else row.batch


def _left(record: dict[str, Any], numbers: set[str], first: int | None) -> bool:
    number = record["dynamodb"]["SequenceNumber"]
    return number not in numbers or (first is not None and int(number) >= first)


def _sqs(one: Message) -> dict[str, Any]:
    attributes = {"ApproximateReceiveCount": str(one.tries), "SentTimestamp": "0", "SenderId": "x"}
    return {
        "messageId": one.id, "receiptHandle": one.id, "body": one.body, "attributes": attributes,
        "messageAttributes": {}, "md5OfBody": "", "eventSource": "aws:sqs", "eventSourceARN": "q", "awsRegion": "x",
    }  # fmt: skip
