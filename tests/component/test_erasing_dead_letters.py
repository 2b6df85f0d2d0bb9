"""Dead letters about somebody who left go; those about others, and what cannot be read, stay."""

import json
from typing import Any

import pytest

from common.bus import BusEvent
from common.bus.auth import UserRegistered
from common.bus.user import SettingsChanged, UserErased, UserUpdated
from infra.topology import ROWS
from infra.vocabulary import On
from tests.component.test_erasing_orders import MESSAGES
from tests.support.cloud import aws
from tests.support.system import System, eventbridge

pytestmark = pytest.mark.moto

PERSONAL = (UserRegistered, UserUpdated, SettingsChanged)  # whose messages say who somebody is
CONSUMERS = [row for row in ROWS if isinstance(row, On)]
SWEEPERS = [row for row in CONSUMERS if row.sweeps]


def told(message: BusEvent, **instead: Any) -> str:
    said = eventbridge(message)
    return json.dumps(said | {"detail": said["detail"] | instead})


def put(system: System, function: str, *bodies: str) -> None:
    for body in bodies:
        aws("sqs").send_message(QueueUrl=system.dead_letters(function), MessageBody=body)


def test_the_dead_letters_of_every_consumer_of_personal_messages_are_swept() -> None:
    hearing = {row.function for row in CONSUMERS if set(PERSONAL) & set(row.events)}

    assert {swept for row in SWEEPERS for swept in row.sweeps} >= hearing
    assert all(UserErased in row.events for row in SWEEPERS)


@pytest.mark.parametrize("sweeper", SWEEPERS, ids=lambda row: row.function)
def test_what_is_about_the_person_goes_from_each_queue_and_nothing_else(system: System, sweeper: On) -> None:
    erased = MESSAGES[2]
    for swept in sweeper.sweeps:
        put(system, swept, *[told(MESSAGES[0])] * 12, told(MESSAGES[0], user_id="another"), "not JSON", "[]")

    answer = system.deliver(erased, sweeper.function)

    assert answer == {sweeper.function: {"batchItemFailures": []}}
    for swept in sweeper.sweeps:
        url = system.dead_letters(swept)
        counts = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
        found = aws("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=list(counts))["Attributes"]
        assert sum(int(found[one]) for one in counts) == 3
