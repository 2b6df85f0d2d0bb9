"""Erasure in dead-letter queues: delete the messages of an erased user.

The `purges_dlq_of` of a topology row names the consumers whose DLQs its function may read.
"""

import json
from typing import Any

from common import env, log

_BATCH_SIZE = 10  # the maximum of ReceiveMessage
_MAX_BATCHES = 100  # bounds the run: 1,000 messages per queue
_VISIBILITY_SECONDS = 30  # seconds: longer than a run, so that no message is received twice


def purge_user_messages(user_id: str) -> None:
    """Delete the user's messages from the DLQs; the others become visible again after 30 seconds."""
    for url in env.setting("DEAD_LETTERS").split(","):
        # A DLQ is usually empty: do not spend a second of long polling on it.
        if _message_count(url):
            _purge_queue(url, user_id)


def _message_count(url: str) -> int:
    attribute = "ApproximateNumberOfMessages"
    response = env.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=[attribute])
    return int(response["Attributes"][attribute])


def _purge_queue(url: str, user_id: str) -> None:
    sqs = env.client("sqs")
    receive_options = {
        "QueueUrl": url,
        "MaxNumberOfMessages": _BATCH_SIZE,
        "VisibilityTimeout": _VISIBILITY_SECONDS,
        "WaitTimeSeconds": 1,
    }
    for _ in range(_MAX_BATCHES):
        messages = sqs.receive_message(**receive_options).get("Messages", [])
        if not messages:
            return
        for message in messages:
            if _user_id(message) == user_id:
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
                log.count("DeadLettersErased")


def _user_id(message: dict[str, Any]) -> str | None:
    try:
        user_id = json.loads(message["Body"])["detail"]["user_id"]
    except (ValueError, KeyError, TypeError):
        return None  # an operator inspects unreadable messages
    return str(user_id)
