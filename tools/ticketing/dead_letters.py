"""List dead letters with their reasons, and redrive them to their consumers.

Consumers are idempotent: a message is sent before it is deleted, so that an interrupted command loses nothing.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from infra.topology_types import FunctionSpec, Subscription
from tools.ticketing.deployment import Deployment, consumers, functions_with_dead_letters

_BATCH_SIZE = 10  # the maximum of SQS
_LONG_POLL_SECONDS = 2  # after an empty short poll of a queue that is not empty
_VISIBILITY_SECONDS = 60  # messages are hidden from others for so long
_MAX_LENGTH = 80  # of a printed name or id; ours have half of it
_RETRY_WINDOW = timedelta(hours=6)  # all tries of a message lie within it


@dataclass(frozen=True)
class DeadLetter:
    """One message, its bus event, and why its consumer failed, if its log still has it."""

    consumer: str
    message_id: str
    sent_at: str
    bus_event: str
    bus_event_id: str
    correlation_id: str
    reason: str


def list_dead_letters(deployment: Deployment, names: Sequence[str], *, limit: int) -> list[DeadLetter]:
    """The dead letters, at most `limit` of each consumer; they stay in their queues."""
    return [
        _dead_letter(deployment, one, message)
        for one in functions_with_dead_letters(names)
        for message in _peek(deployment, one, limit=limit)
    ]


def redrive(deployment: Deployment, names: Sequence[str]) -> dict[str, int]:
    """Send the dead letters to their consumers' queues. Returns the count of each consumer."""
    return {one.function: _redrive_consumer(deployment, one) for one in consumers(names)}


def table(letters: Sequence[DeadLetter]) -> Iterator[tuple[str, ...]]:
    yield "consumer", "message", "sent", "bus event", "correlation", "reason"
    for one in letters:
        fields = asdict(one)
        yield tuple(
            fields[name] for name in ("consumer", "message_id", "sent_at", "bus_event", "correlation_id", "reason")
        )


def _redrive_consumer(deployment: Deployment, one: Subscription) -> int:
    sqs, redriven = deployment.client("sqs"), 0
    for dlq_url in deployment.dead_letters(one.function):
        while messages := _receive(sqs, dlq_url):
            for message in messages:
                sqs.send_message(QueueUrl=deployment.queue(one.function), MessageBody=message["Body"])
                sqs.delete_message(QueueUrl=dlq_url, ReceiptHandle=message["ReceiptHandle"])
                redriven += 1
    return redriven


def _peek(deployment: Deployment, one: FunctionSpec, *, limit: int) -> list[dict[str, Any]]:
    sqs = deployment.client("sqs")
    found = [
        message
        for dlq_url in deployment.dead_letters(one.function)
        for message in _peek_queue(sqs, dlq_url, limit=limit)
    ]
    return found[:limit]


def _peek_queue(sqs: Any, dlq_url: str, *, limit: int) -> list[dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    while len(found) < limit and (messages := _receive(sqs, dlq_url)):
        found |= {message["MessageId"]: message for message in messages}
    for message in found.values():
        sqs.change_message_visibility(QueueUrl=dlq_url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0)
    return list(found.values())


def _receive(sqs: Any, url: str) -> list[dict[str, Any]]:
    """The next messages. A short poll queries a subset of servers: if it is empty, the queue's count decides."""
    found = _poll(sqs, url, seconds=0)
    return found if found or not _has_messages(sqs, url) else _poll(sqs, url, seconds=_LONG_POLL_SECONDS)


def _poll(sqs: Any, url: str, *, seconds: int) -> list[dict[str, Any]]:
    options = {"MaxNumberOfMessages": _BATCH_SIZE, "VisibilityTimeout": _VISIBILITY_SECONDS, "WaitTimeSeconds": seconds}
    response = sqs.receive_message(QueueUrl=url, AttributeNames=["All"], MessageAttributeNames=["All"], **options)
    return list(response.get("Messages", []))


def _has_messages(sqs: Any, url: str) -> bool:
    name = "ApproximateNumberOfMessages"
    return int(sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[name])["Attributes"][name]) > 0


def _dead_letter(deployment: Deployment, one: FunctionSpec, message: dict[str, Any]) -> DeadLetter:
    sent = datetime.fromtimestamp(int(message["Attributes"]["SentTimestamp"]) / 1000, UTC)
    envelope = _parse_object(message["Body"])
    detail = _parse_object(envelope.get("detail"))
    return DeadLetter(
        consumer=one.function,
        message_id=message["MessageId"],
        sent_at=sent.strftime("%Y-%m-%dT%H:%M:%SZ"),
        bus_event=_shorten(envelope.get("detail-type", "?")),
        bus_event_id=_shorten(detail.get("bus_event_id", "?")),
        correlation_id=_shorten(detail.get("correlation_id", "?")),
        reason=_printable(
            _delivery_error(message)
            or _stream_error(envelope)
            or _logged_failure(deployment, one, message["MessageId"], detail, sent)
            or "not in the log"
        ),
    )


def _delivery_error(message: dict[str, Any]) -> str | None:
    """EventBridge's error for a message that it could not deliver to the queue."""
    attribute = message.get("MessageAttributes", {}).get("ERROR_MESSAGE")
    return f"not delivered: {attribute['StringValue']}" if attribute else None


def _stream_error(envelope: dict[str, Any]) -> str | None:
    """Lambda's reason for failed stream records: the dead letter holds their position, not the records."""
    condition = _parse_object(envelope.get("requestContext")).get("condition")
    return f"stream records: {condition}; reconcile republishes their events" if condition else None


def _logged_failure(
    deployment: Deployment, one: FunctionSpec, message_id: str, detail: dict[str, Any], sent: datetime
) -> str | None:
    """The last failure of the message in the consumer's log."""
    for search_text in (detail.get("correlation_id"), message_id):
        if not search_text:
            continue
        lines = deployment.log_lines(one.function, str(search_text), sent - _RETRY_WINDOW, sent + _RETRY_WINDOW)
        for line in reversed(lines):
            if line.get("message") in ("failed", "unreadable"):
                return _reason(line)
    return None


def _reason(line: dict[str, Any]) -> str:
    if "reason" in line:
        return f"{line['message']}: {line['reason']}"
    stack_lines = str(line.get("exception", "")).strip().splitlines()
    return stack_lines[-1] if stack_lines else str(line.get("exception_name", line["message"]))


def _parse_object(text: Any) -> dict[str, Any]:
    """The JSON object in a text, or an empty one: a dead letter may contain anything."""
    try:
        found = json.loads(text) if isinstance(text, str) else text
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _shorten(value: Any) -> str:
    """A name or id, cut to the printed length."""
    return _printable(str(value)[:_MAX_LENGTH])


def _printable(text: str) -> str:
    """Replace control characters: no line breaks, no terminal escapes."""
    return "".join(one if one.isprintable() else "?" for one in text)
