"""Messages that nobody could handle wait for people in dead-letter queues; those about somebody who left do not.

A row names in `sweeps` whose dead letters its function may look through.
"""

import json
from typing import Any

from common import env, log

_AT_ONCE = 10  # what SQS gives out at most
_ROUNDS = 100  # a queue that holds more than a thousand needs people first
_UNSEEN = 30  # seconds in which what was looked at is not given out again


def sweep(user_id: str) -> None:
    """Delete the dead letters that are about this person; the others are there again in half a minute."""
    for url in env.setting("DEAD_LETTERS").split(","):
        # The usual queue is empty: it is not waited for.
        if _depth(url):
            _sweep(url, user_id)


def _depth(url: str) -> int:
    counted = "ApproximateNumberOfMessages"
    answer = env.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=[counted])
    return int(answer["Attributes"][counted])


def _sweep(url: str, user_id: str) -> None:
    sqs = env.client("sqs")
    asked = {"QueueUrl": url, "MaxNumberOfMessages": _AT_ONCE, "VisibilityTimeout": _UNSEEN, "WaitTimeSeconds": 1}
    for _ in range(_ROUNDS):
        messages = sqs.receive_message(**asked).get("Messages", [])
        if not messages:
            return
        for one in messages:
            if _about(one) == user_id:
                sqs.delete_message(QueueUrl=url, ReceiptHandle=one["ReceiptHandle"])
                log.count("DeadLettersErased")


def _about(message: dict[str, Any]) -> str | None:
    try:
        found = json.loads(message["Body"])["detail"]["user_id"]
    except (ValueError, KeyError, TypeError):
        return None  # people look at what cannot be read
    return str(found)
