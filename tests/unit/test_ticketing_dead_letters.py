"""All dead letters are listed and redriven, although a short poll may miss messages."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from infra import topology
from infra.topology_types import Schedule, Stream, Subscription
from local.progress import CommandError
from tools.ticketing import dead_letters
from tools.ticketing.deployment import consumers, functions_with_dead_letters

CONSUMER = ["booking.expire_hold_backstop"]


class FlakyQueue:
    """A queue whose every other short poll is empty, as SQS may return, and the consumer's queue."""

    def __init__(self, count: int) -> None:
        self.messages = [str(at) for at in range(count)]
        self.received: dict[str, str] = {}
        self.redriven: list[str] = []
        self.polls = 0

    def client(self, _: str) -> "FlakyQueue":
        return self

    def queue(self, function: str) -> str:
        return f"queue of {function}"

    def dead_letters(self, function: str) -> tuple[str, ...]:
        return (f"dead letters of {function}",)

    def receive_message(self, *, MaxNumberOfMessages: int, WaitTimeSeconds: int, **_: Any) -> dict[str, Any]:  # noqa: N803
        self.polls += 1
        if not WaitTimeSeconds and self.polls % 2:
            return {}
        found = [one for one in self.messages if one not in self.received][:MaxNumberOfMessages]
        self.received |= {one: one for one in found}
        return {"Messages": [{"MessageId": one, "Body": one, "ReceiptHandle": one} for one in found]}

    def get_queue_attributes(self, **_: Any) -> dict[str, Any]:
        return {"Attributes": {"ApproximateNumberOfMessages": str(len(self.messages) - len(self.received))}}

    def send_message(self, QueueUrl: str, MessageBody: str) -> None:  # noqa: N803
        assert QueueUrl == "queue of booking.expire_hold_backstop"
        self.redriven.append(MessageBody)

    def delete_message(self, ReceiptHandle: str, **_: Any) -> None:  # noqa: N803
        self.messages.remove(ReceiptHandle)
        del self.received[ReceiptHandle]


def test_redrive_continues_after_empty_poll() -> None:
    queues = FlakyQueue(35)
    deployment: Any = queues

    redriven, again = (dead_letters.redrive(deployment, CONSUMER) for _ in range(2))

    assert (redriven, again) == ({"booking.expire_hold_backstop": 35}, {"booking.expire_hold_backstop": 0})
    assert len(set(queues.redriven)) == 35
    assert queues.messages == []


class FailedAndUndelivered:
    """A consumer's failed and undelivered messages; its log is empty."""

    def __init__(self, failed: list[str], undelivered: list[str]) -> None:
        self.messages = {"dead": failed, "undelivered": undelivered}
        self.redriven: list[str] = []

    def client(self, _: str) -> "FailedAndUndelivered":
        return self

    def queue(self, _: str) -> str:
        return "work"

    def dead_letters(self, _: str) -> tuple[str, ...]:
        return tuple(self.messages)

    def log_lines(self, *_: Any) -> list[dict[str, Any]]:
        return []

    def receive_message(self, *, QueueUrl: str, **_: Any) -> dict[str, Any]:  # noqa: N803
        bodies, self.messages[QueueUrl] = self.messages[QueueUrl], []
        sent = {"SentTimestamp": str(int(datetime.now(UTC).timestamp() * 1000))}
        why = {"MessageAttributes": {"ERROR_MESSAGE": {"StringValue": "no\npermission"}}}
        return {
            "Messages": [
                {"MessageId": one, "Body": one, "ReceiptHandle": one, "Attributes": sent}
                | (why if QueueUrl == "undelivered" else {})
                for one in bodies
            ]
        }

    def get_queue_attributes(self, **_: Any) -> dict[str, Any]:
        return {"Attributes": {"ApproximateNumberOfMessages": "0"}}

    def change_message_visibility(self, *, QueueUrl: str, ReceiptHandle: str, **_: Any) -> None:  # noqa: N803
        self.messages[QueueUrl].append(ReceiptHandle)

    def send_message(self, QueueUrl: str, MessageBody: str) -> None:  # noqa: N803
        assert QueueUrl == "work"
        self.redriven.append(MessageBody)

    def delete_message(self, **_: Any) -> None:
        pass


def test_undelivered_messages_are_listed_and_redriven() -> None:
    queues = FailedAndUndelivered(["failed"], ["undelivered"])
    deployment: Any = queues

    dead_letter_list = dead_letters.list_dead_letters(deployment, CONSUMER, limit=100)
    redriven = dead_letters.redrive(deployment, CONSUMER)

    assert [(one.message_id, one.reason) for one in dead_letter_list] == [
        ("failed", "not in the log"),
        ("undelivered", "not delivered: no?permission"),
    ]
    assert (redriven, queues.redriven) == ({"booking.expire_hold_backstop": 2}, ["failed", "undelivered"])


def test_failed_stream_records_are_listed_with_remedy() -> None:
    result = {"requestContext": {"condition": "RetryAttemptsExhausted"}, "DDBStreamBatchInfo": {"batchSize": 1}}
    deployment: Any = FailedAndUndelivered([json.dumps(result)], [])

    [dead_letter] = dead_letters.list_dead_letters(deployment, ["cdc.publish_outbox"], limit=100)

    assert dead_letter.consumer == "cdc.publish_outbox"
    assert dead_letter.reason == "stream records: RetryAttemptsExhausted; reconcile republishes their events"


def test_all_functions_with_dlqs_are_listed_by_default() -> None:
    assert {row.function for row in topology.ROWS if isinstance(row, Subscription | Stream | Schedule)} == {
        one.function for one in functions_with_dead_letters()
    }
    assert [one.function for one in functions_with_dead_letters(["cdc.publish_outbox", *CONSUMER])] == [
        *CONSUMER,
        "cdc.publish_outbox",
    ]
    with pytest.raises(CommandError, match=r"No consumer is called cdc\.nothing"):
        functions_with_dead_letters(["cdc.nothing"])
    with pytest.raises(CommandError, match=r"No consumer is called cdc\.publish_outbox"):
        consumers(["cdc.publish_outbox"])  # its dead letters hold no records to redrive


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        ("{not json", "?"),
        ("null", "?"),
        ("[" * 50_000, "?"),
        (json.dumps({"detail-type": "Known.v1", "detail": [1]}), "Known.v1"),
        (json.dumps({"detail-type": "Known.v1", "detail": "text"}), "Known.v1"),
        (json.dumps({"detail-type": "\ud800\x1b[31m\n", "detail": {}}), "??[31m?"),
        (json.dumps({"detail-type": "x" * 10_000, "detail": {}}), "x" * 80),
        (json.dumps({"detail-type": 9, "detail": {"correlation_id": {"a": 1}}}), "9"),
    ],
    ids=["no JSON", "null", "deep", "a list", "a text", "unprintable", "long", "other types"],
)
def test_any_dead_letter_is_listed_on_one_line(body: str, shown: str) -> None:
    deployment: Any = FailedAndUndelivered([body], [])

    [dead_letter] = dead_letters.list_dead_letters(deployment, CONSUMER, limit=100)

    assert dead_letter.bus_event == shown
    assert all(cell.isprintable() and cell.encode() for cell in (dead_letter.bus_event_id, dead_letter.correlation_id))
