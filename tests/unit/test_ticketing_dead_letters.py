"""Dead letters are found and given back whole, although a queue may answer with nothing while something lies there."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from infra import topology
from infra.vocabulary import Every, On, Stream
from local.progress import CannotGoOn
from tools.ticketing import dead_letters
from tools.ticketing.deployment import consumers, watched

NAMED = ["booking.expire_hold"]


class Queues:
    """A queue whose short polls find nothing every other time, as SQS may; and the one that messages go to."""

    def __init__(self, lying: int) -> None:
        self.lying = [str(at) for at in range(lying)]
        self.seen: dict[str, str] = {}
        self.given: list[str] = []
        self.polls = 0

    def client(self, _: str) -> "Queues":
        return self

    def queue(self, function: str) -> str:
        return f"queue of {function}"

    def dead_letters(self, function: str) -> tuple[str, ...]:
        return (f"dead letters of {function}",)

    def receive_message(self, *, MaxNumberOfMessages: int, WaitTimeSeconds: int, **_: Any) -> dict[str, Any]:  # noqa: N803
        self.polls += 1
        if not WaitTimeSeconds and self.polls % 2:
            return {}
        found = [one for one in self.lying if one not in self.seen][:MaxNumberOfMessages]
        self.seen |= {one: one for one in found}
        return {"Messages": [{"MessageId": one, "Body": one, "ReceiptHandle": one} for one in found]}

    def get_queue_attributes(self, **_: Any) -> dict[str, Any]:
        return {"Attributes": {"ApproximateNumberOfMessages": str(len(self.lying) - len(self.seen))}}

    def send_message(self, QueueUrl: str, MessageBody: str) -> None:  # noqa: N803
        assert QueueUrl == "queue of booking.expire_hold"
        self.given.append(MessageBody)

    def delete_message(self, ReceiptHandle: str, **_: Any) -> None:  # noqa: N803
        self.lying.remove(ReceiptHandle)
        del self.seen[ReceiptHandle]


def test_all_are_given_back_although_a_poll_found_none() -> None:
    queues = Queues(35)
    deployment: Any = queues

    given, again = (dead_letters.redrive(deployment, NAMED) for _ in range(2))

    assert (given, again) == ({"booking.expire_hold": 35}, {"booking.expire_hold": 0})
    assert len(set(queues.given)) == 35
    assert queues.lying == []


class TwoQueues:
    """What a consumer could not handle, and what did not even reach it; its log says nothing."""

    def __init__(self, failed: list[str], undelivered: list[str]) -> None:
        self.lying = {"dead": failed, "undelivered": undelivered}
        self.given: list[str] = []

    def client(self, _: str) -> "TwoQueues":
        return self

    def queue(self, _: str) -> str:
        return "work"

    def dead_letters(self, _: str) -> tuple[str, ...]:
        return tuple(self.lying)

    def lines(self, *_: Any) -> list[dict[str, Any]]:
        return []

    def receive_message(self, *, QueueUrl: str, **_: Any) -> dict[str, Any]:  # noqa: N803
        bodies, self.lying[QueueUrl] = self.lying[QueueUrl], []
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
        self.lying[QueueUrl].append(ReceiptHandle)

    def send_message(self, QueueUrl: str, MessageBody: str) -> None:  # noqa: N803
        assert QueueUrl == "work"
        self.given.append(MessageBody)

    def delete_message(self, **_: Any) -> None:
        pass


def test_what_the_bus_could_not_deliver_is_listed_with_its_reason_and_given_back_too() -> None:
    queues = TwoQueues(["failed"], ["undelivered"])
    deployment: Any = queues

    letters = dead_letters.listed(deployment, NAMED, most=100)
    given = dead_letters.redrive(deployment, NAMED)

    assert [(one.message_id, one.reason) for one in letters] == [
        ("failed", "the log tells no more"),
        ("undelivered", "not delivered: no?permission"),
    ]
    assert (given, queues.given) == ({"booking.expire_hold": 2}, ["failed", "undelivered"])


def test_stream_records_that_were_given_up_are_listed_with_what_helps() -> None:
    told = {"requestContext": {"condition": "RetryAttemptsExhausted"}, "DDBStreamBatchInfo": {"batchSize": 1}}
    deployment: Any = TwoQueues([json.dumps(told)], [])

    [letter] = dead_letters.listed(deployment, ["cdc.publish_outbox"], most=100)

    assert letter.consumer == "cdc.publish_outbox"
    assert letter.reason == "stream records: RetryAttemptsExhausted; reconcile tells again what they told"


def test_whatever_has_dead_letters_is_looked_at_if_none_is_named() -> None:
    assert {row.function for row in topology.ROWS if isinstance(row, On | Stream | Every)} == {
        one.function for one in watched()
    }
    assert [one.function for one in watched(["cdc.publish_outbox", *NAMED])] == [*NAMED, "cdc.publish_outbox"]
    with pytest.raises(CannotGoOn, match=r"No consumer is called cdc\.nothing"):
        watched(["cdc.nothing"])
    with pytest.raises(CannotGoOn, match=r"No consumer is called cdc\.publish_outbox"):
        consumers(["cdc.publish_outbox"])  # there is nothing in its letters that could be given back


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
def test_whatever_lies_there_is_listed_on_one_line(body: str, shown: str) -> None:
    deployment: Any = TwoQueues([body], [])

    [letter] = dead_letters.listed(deployment, NAMED, most=100)

    assert letter.bus_event == shown
    assert all(cell.isprintable() and cell.encode() for cell in (letter.bus_event_id, letter.correlation_id))
