"""A whole batch as one piece of work: done at once, or all of it again."""

from typing import Any

from common import correlation
from common.batch_consumer import BatchConsumer, batch_consumer
from common.bus.booking import BookingExpired, BookingOrdered
from tests.support.system.log_capture import capture_logs
from tests.support.system.system import eventbridge_event, sqs_batch
from tools.docs.examples import example


def recording(calls: list[tuple[Any, ...]], *, fails: bool = False) -> BatchConsumer:
    def handler(*messages: BookingOrdered | BookingExpired) -> None:
        calls.append((messages, correlation.current()))
        if fails:
            raise RuntimeError("not now")

    return batch_consumer(handler)


def two_messages() -> dict[str, Any]:
    return sqs_batch(eventbridge_event(example(BookingOrdered)), eventbridge_event(example(BookingExpired)))


def test_batch_handler_runs_once_with_all_messages() -> None:
    calls: list[tuple[Any, ...]] = []

    assert recording(calls)(two_messages()) == {"batchItemFailures": []}

    assert [messages for messages, _ in calls] == [(example(BookingOrdered), example(BookingExpired))]


def test_batch_uses_correlation_of_first_message() -> None:
    calls: list[tuple[Any, ...]] = []

    recording(calls)(two_messages())

    first = example(BookingOrdered)
    assert [journey for _, journey in calls] == [
        correlation.CorrelationContext(first.correlation_id, first.bus_event_id)
    ]


def test_failed_batch_returns_all_messages_and_logs() -> None:
    event = two_messages()

    with capture_logs() as lines:
        failures = recording([], fails=True)(event)["batchItemFailures"]

    assert [one["itemIdentifier"] for one in failures] == [record["messageId"] for record in event["Records"]]
    assert len(lines.with_message("failed")) == 1


def test_unreadable_message_is_retried_alone() -> None:
    calls: list[tuple[Any, ...]] = []
    event = two_messages()
    event["Records"][0]["body"] = "{"

    failures = recording(calls)(event)["batchItemFailures"]

    assert failures == [{"itemIdentifier": event["Records"][0]["messageId"]}]
    assert [messages for messages, _ in calls] == [(example(BookingExpired),)]


def test_handler_is_skipped_when_no_message_is_readable() -> None:
    calls: list[tuple[Any, ...]] = []
    event = sqs_batch(eventbridge_event(example(BookingOrdered)))
    event["Records"][0]["body"] = '{"detail-type": "PaymentFailed.v1", "detail": {}}'

    assert len(recording(calls)(event)["batchItemFailures"]) == 1
    assert calls == []
