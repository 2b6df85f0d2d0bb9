"""A whole batch as one piece of work: done at once, or all of it again."""

from typing import Any

from common import trace
from common.burst import Burst, burst
from common.bus.booking import BookingExpired, BookingOrdered
from tests.support.lines import logged
from tests.support.system import batch, eventbridge
from tools.docs.examples import example


def gathering(calls: list[tuple[Any, ...]], *, fails: bool = False) -> Burst:
    def handler(*messages: BookingOrdered | BookingExpired) -> None:
        calls.append((messages, trace.current()))
        if fails:
            raise RuntimeError("not now")

    return burst(handler)


def a_batch() -> dict[str, Any]:
    return batch(eventbridge(example(BookingOrdered)), eventbridge(example(BookingExpired)))


def test_the_handler_is_called_once_with_all_messages() -> None:
    calls: list[tuple[Any, ...]] = []

    assert gathering(calls)(a_batch()) == {"batchItemFailures": []}

    assert [messages for messages, _ in calls] == [(example(BookingOrdered), example(BookingExpired))]


def test_it_works_under_the_journey_of_the_first() -> None:
    calls: list[tuple[Any, ...]] = []

    gathering(calls)(a_batch())

    first = example(BookingOrdered)
    assert [journey for _, journey in calls] == [trace.Trace(first.correlation_id, first.bus_event_id)]


def test_what_fails_fails_for_all_and_says_so() -> None:
    event = a_batch()

    with logged() as lines:
        again = gathering([], fails=True)(event)["batchItemFailures"]

    assert [one["itemIdentifier"] for one in again] == [record["messageId"] for record in event["Records"]]
    assert len(lines.said("failed")) == 1


def test_a_message_that_cannot_be_read_comes_again_alone() -> None:
    calls: list[tuple[Any, ...]] = []
    event = a_batch()
    event["Records"][0]["body"] = "{"

    again = gathering(calls)(event)["batchItemFailures"]

    assert again == [{"itemIdentifier": event["Records"][0]["messageId"]}]
    assert [messages for messages, _ in calls] == [(example(BookingExpired),)]


def test_with_nothing_to_read_nothing_is_done() -> None:
    calls: list[tuple[Any, ...]] = []
    event = batch(eventbridge(example(BookingOrdered)))
    event["Records"][0]["body"] = '{"detail-type": "PaymentFailed.v1", "detail": {}}'

    assert len(gathering(calls)(event)["batchItemFailures"]) == 1
    assert calls == []
