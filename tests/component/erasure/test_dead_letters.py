"""Erasure purges the user's messages from dead-letter queues; others' and unreadable ones stay."""

import json
from typing import Any

import pytest

from common.bus import BusEvent
from common.bus.auth import UserRegistered
from common.bus.user import SettingsChanged, UserErased, UserUpdated
from infra.topology import ROWS
from infra.topology_types import Subscription
from tests.component.erasure.test_event_order import USER_EVENTS
from tests.support.system.moto_resources import aws_client
from tests.support.system.system import System, eventbridge_event

pytestmark = pytest.mark.moto

PERSONAL_EVENTS = (UserRegistered, UserUpdated, SettingsChanged)  # their messages contain personal data
CONSUMERS = [row for row in ROWS if isinstance(row, Subscription)]
PURGERS = [row for row in CONSUMERS if row.purges_dlq_of]


def message_body(message: BusEvent, **overrides: Any) -> str:
    envelope = eventbridge_event(message)
    return json.dumps(envelope | {"detail": envelope["detail"] | overrides})


def send_to_dlq(system: System, function: str, *bodies: str) -> None:
    for body in bodies:
        aws_client("sqs").send_message(QueueUrl=system.dead_letters(function), MessageBody=body)


def test_every_personal_dlq_is_purged() -> None:
    consumers = {row.function for row in CONSUMERS if set(PERSONAL_EVENTS) & set(row.events)}

    assert {function for row in PURGERS for function in row.purges_dlq_of} >= consumers
    assert all(UserErased in row.events for row in PURGERS)


@pytest.mark.parametrize("purger", PURGERS, ids=lambda row: row.function)
def test_purge_deletes_only_messages_of_the_user(system: System, purger: Subscription) -> None:
    erased = USER_EVENTS[2]
    for function in purger.purges_dlq_of:
        send_to_dlq(
            system,
            function,
            *[message_body(USER_EVENTS[0])] * 12,
            message_body(USER_EVENTS[0], user_id="another"),
            "not JSON",
            "[]",
        )

    response = system.deliver(erased, purger.function)

    assert response == {purger.function: {"batchItemFailures": []}}
    for function in purger.purges_dlq_of:
        url = system.dead_letters(function)
        counts = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
        attributes = aws_client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=list(counts))["Attributes"]
        assert sum(int(attributes[count]) for count in counts) == 3
