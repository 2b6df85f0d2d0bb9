"""Messages that a consumer failed on until they were set aside: listed with the reason, and given back to it.

A consumer does the same for a message that comes again as for one that comes once, so that giving back needs
no care: the message is sent before it is deleted, and a command that dies in between has lost nothing.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from infra.vocabulary import On, Trigger
from tools.ticketing.deployment import Deployment, consumers, watched

_AT_ONCE = 10  # what SQS gives out at most
_PATIENCE = 2  # seconds that a queue is asked whose count says that there is more
_HELD = 60  # seconds in which nobody else is given what is being looked at
_LONGEST = 80  # characters of a name or an id that are shown; ours have half of it
_TRIED = timedelta(hours=6)  # within which all tries of a message lie, whatever its consumer's time-out


@dataclass(frozen=True)
class DeadLetter:
    """One message, what it is about, and why its consumer gave up, as far as its log still tells."""

    consumer: str
    message_id: str
    sent_at: str
    bus_event: str
    bus_event_id: str
    correlation_id: str
    reason: str


def listed(deployment: Deployment, named: Sequence[str], *, most: int) -> list[DeadLetter]:
    """The dead letters, at most so many of each consumer; they lie where they lay."""
    return [
        _letter(deployment, one, message)
        for one in watched(named)
        for message in _looked_at(deployment, one, most=most)
    ]


def redrive(deployment: Deployment, named: Sequence[str]) -> dict[str, int]:
    """Give the dead letters back to their consumers. Returns how many each had; none has any a second time."""
    return {one.function: _given_back(deployment, one) for one in consumers(named)}


def table(letters: Sequence[DeadLetter]) -> Iterator[tuple[str, ...]]:
    yield "consumer", "message", "sent", "bus event", "correlation", "reason"
    for one in letters:
        told = asdict(one)
        yield tuple(
            told[name] for name in ("consumer", "message_id", "sent_at", "bus_event", "correlation_id", "reason")
        )


def _given_back(deployment: Deployment, one: On) -> int:
    sqs, given = deployment.client("sqs"), 0
    for dead in deployment.dead_letters(one.function):
        while messages := _received(sqs, dead):
            for message in messages:
                sqs.send_message(QueueUrl=deployment.queue(one.function), MessageBody=message["Body"])
                sqs.delete_message(QueueUrl=dead, ReceiptHandle=message["ReceiptHandle"])
                given += 1
    return given


def _looked_at(deployment: Deployment, one: Trigger, *, most: int) -> list[dict[str, Any]]:
    sqs = deployment.client("sqs")
    found = [message for dead in deployment.dead_letters(one.function) for message in _lying(sqs, dead, most=most)]
    return found[:most]


def _lying(sqs: Any, dead: str, *, most: int) -> list[dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    while len(found) < most and (messages := _received(sqs, dead)):
        found |= {message["MessageId"]: message for message in messages}
    for message in found.values():
        sqs.change_message_visibility(QueueUrl=dead, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0)
    return list(found.values())


def _received(sqs: Any, url: str) -> list[dict[str, Any]]:
    """The next messages. A short poll asks some of the queue's servers only: where it finds none, the count decides."""
    found = _polled(sqs, url, seconds=0)
    return found if found or not _waiting(sqs, url) else _polled(sqs, url, seconds=_PATIENCE)


def _polled(sqs: Any, url: str, *, seconds: int) -> list[dict[str, Any]]:
    asked = {"MaxNumberOfMessages": _AT_ONCE, "VisibilityTimeout": _HELD, "WaitTimeSeconds": seconds}
    answer = sqs.receive_message(QueueUrl=url, AttributeNames=["All"], MessageAttributeNames=["All"], **asked)
    return list(answer.get("Messages", []))


def _waiting(sqs: Any, url: str) -> bool:
    name = "ApproximateNumberOfMessages"
    return int(sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[name])["Attributes"][name]) > 0


def _letter(deployment: Deployment, one: Trigger, message: dict[str, Any]) -> DeadLetter:
    sent = datetime.fromtimestamp(int(message["Attributes"]["SentTimestamp"]) / 1000, UTC)
    said = _object(message["Body"])
    detail = _object(said.get("detail"))
    return DeadLetter(
        consumer=one.function,
        message_id=message["MessageId"],
        sent_at=sent.strftime("%Y-%m-%dT%H:%M:%SZ"),
        bus_event=_word(said.get("detail-type", "?")),
        bus_event_id=_word(detail.get("bus_event_id", "?")),
        correlation_id=_word(detail.get("correlation_id", "?")),
        reason=_line(
            _undelivered(message)
            or _unpublished(said)
            or _failed(deployment, one, message["MessageId"], detail, sent)
            or "the log tells no more"
        ),
    )


def _undelivered(message: dict[str, Any]) -> str | None:
    """What EventBridge says of a message that it could not even put into the queue."""
    told = message.get("MessageAttributes", {}).get("ERROR_MESSAGE")
    return f"not delivered: {told['StringValue']}" if told else None


def _unpublished(said: dict[str, Any]) -> str | None:
    """What Lambda says of stream records that it gave up on: not they lie here, but where in the stream they stood."""
    why = _object(said.get("requestContext")).get("condition")
    return f"stream records: {why}; reconcile tells again what they told" if why else None


def _failed(
    deployment: Deployment, one: Trigger, message_id: str, detail: dict[str, Any], sent: datetime
) -> str | None:
    """The last that the consumer's log says of the message."""
    for word in (detail.get("correlation_id"), message_id):
        if not word:
            continue
        lines = deployment.lines(one.function, str(word), sent - _TRIED, sent + _TRIED)
        for line in reversed(lines):
            if line.get("message") in ("failed", "unreadable"):
                return _reason(line)
    return None


def _reason(line: dict[str, Any]) -> str:
    if "reason" in line:
        return f"{line['message']}: {line['reason']}"
    said = str(line.get("exception", "")).strip().splitlines()
    return said[-1] if said else str(line.get("exception_name", line["message"]))


def _object(said: Any) -> dict[str, Any]:
    """What a message says, if it is an object at all; who knows what lies in a dead-letter queue."""
    try:
        found = json.loads(said) if isinstance(said, str) else said
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _word(said: Any) -> str:
    """As much of a name or an id as a line has room for."""
    return _line(str(said)[:_LONGEST])


def _line(said: str) -> str:
    """Without what would begin another line, or write elsewhere on a terminal."""
    return "".join(one if one.isprintable() else "?" for one in said)
