"""The queue edge: how each record of a batch ends, and that none decides about another."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from common import clock, correlation, env
from common.bus.booking import BookingExpired, BookingOrdered
from common.bus.payment import PaymentFailed, PaymentSucceeded
from common.consumer import Consumer, RetryAt, consumer
from common.problems import Conflict, DomainError, ServiceUnavailable
from tests.support.faults.aws_errors import error_response, scripted_responses
from tests.support.system.log_capture import capture_logs
from tests.support.system.system import environment, eventbridge_event, sqs_batch

NOW = datetime(2026, 5, 1, 12, 0, 0, tzinfo=UTC)
LOG_FIELDS = {"bus_event": "PaymentSucceeded", "bus_event_id": "e1", "correlation_id": "c1"}


class Closed(Conflict):
    """It is closed."""


@pytest.fixture(autouse=True)
def timer() -> Iterator[None]:
    """As a timer's function, at a fixed time."""
    clock.use(lambda: NOW)
    with environment({"QUEUE_URL": "https://sqs.test/1/expire-hold", "MAX_RECEIVES": "7"}):
        env.clear_cache()
        yield
    clock.use()


def record_requests(operation: str) -> list[Any]:
    """What SQS is asked, instead of asking it."""
    requests: list[Any] = []

    def keep(params: Any, **_: Any) -> Any:
        requests.append(json.loads(params["body"]))
        return SimpleNamespace(status_code=200), {"MessageId": "1"}

    env.client("sqs").meta.events.register(f"before-call.sqs.{operation}", keep)
    return requests


@pytest.fixture
def sent(timer: None) -> list[Any]:
    """What is sent to the timer's own queue."""
    return record_requests("SendMessage")


@pytest.fixture(autouse=True)
def shortened(timer: None) -> list[Any]:
    """Which messages are to come again before their queue's time is over."""
    return record_requests("ChangeMessageVisibility")


def a_payment(**fields: Any) -> PaymentSucceeded:
    payment_fields = {"bus_event_id": "e1", "occurred_at": NOW, "correlation_id": "c1", "causation_id": "m1"}
    payment_fields |= {
        "payment_id": "p1",
        "booking_id": "b1",
        "user_id": "u1",
        "prices": 500,
        "currency": "EUR",
        "method": "card",
    }
    return PaymentSucceeded.model_validate(payment_fields | fields)


def an_order() -> BookingOrdered:
    fields = {"bus_event_id": "e2", "occurred_at": NOW, "correlation_id": "c1", "causation_id": "m1"}
    fields |= {"booking_id": "b1", "user_id": "u1", "event_id": "v1", "quantity": 2, "prices": 500, "currency": "EUR"}
    return BookingOrdered.model_validate(fields | {"pay_before": NOW})


def consuming(act: Callable[[PaymentSucceeded], None]) -> Consumer:
    def handler(payment: PaymentSucceeded) -> None:
        """Hear of a payment."""
        act(payment)

    return consumer(handler)


def rescheduling(at: datetime) -> Consumer:
    def handler(booking: BookingOrdered) -> None:
        """Wake at a time."""
        raise RetryAt(at)

    return consumer(handler)


def failed_ids(handler: Consumer, event: dict[str, Any]) -> list[str]:
    """The message ids that are to come again."""
    return [one["itemIdentifier"] for one in handler(event)["batchItemFailures"]]


def message_ids(event: dict[str, Any]) -> list[str]:
    return [record["messageId"] for record in event["Records"]]


def test_handled_message_is_acknowledged() -> None:
    received: list[PaymentSucceeded] = []

    assert failed_ids(consuming(received.append), sqs_batch(eventbridge_event(a_payment()))) == []

    assert received == [a_payment()]


def test_message_is_handled_under_its_own_correlation() -> None:
    contexts: list[correlation.CorrelationContext] = []

    consuming(lambda _: contexts.append(correlation.current()))(sqs_batch(eventbridge_event(a_payment())))

    assert contexts == [correlation.CorrelationContext("c1", "e1")]
    assert correlation.current() == correlation.CorrelationContext("none", "none")


def test_unknown_message_fields_are_ignored() -> None:
    envelope = eventbridge_event(a_payment())
    envelope["detail"]["tax"] = 19

    assert failed_ids(consuming(lambda _: None), sqs_batch(envelope)) == []


def test_permanent_problem_is_acknowledged_counted_and_logged(capsys: pytest.CaptureFixture[str]) -> None:
    def refuse(_: PaymentSucceeded) -> None:
        raise Closed

    with capture_logs() as lines:
        assert failed_ids(consuming(refuse), sqs_batch(eventbridge_event(a_payment()))) == []

    (line,) = lines.records
    assert line.levelname == "INFO"
    assert vars(line).items() >= LOG_FIELDS.items() | {"problem": "closed", "detail": "It is closed."}.items()
    assert '"MessagesRefused":[1.0]' in capsys.readouterr().out.replace(" ", "")


@pytest.mark.parametrize("refusal", [ServiceUnavailable(), Closed(retry_after=1)])
def test_temporary_problem_retries_the_message(refusal: DomainError) -> None:
    def refuse(_: PaymentSucceeded) -> None:
        raise refusal

    event = sqs_batch(eventbridge_event(a_payment()))

    assert failed_ids(consuming(refuse), event) == message_ids(event)


def test_failure_retries_only_its_own_message() -> None:
    def fail_second(payment: PaymentSucceeded) -> None:
        if payment.payment_id == "p2":
            raise ConnectionError

    event = sqs_batch(*(eventbridge_event(a_payment(payment_id=f"p{n}")) for n in (1, 2, 3)))

    assert failed_ids(consuming(fail_second), event) == [message_ids(event)[1]]


@pytest.mark.parametrize(("tries", "soon"), [(1, [5]), (2, [30]), (3, []), (6, []), (7, [])])
def test_first_two_failures_shorten_the_visibility_timeout(shortened: list[Any], tries: int, soon: list[int]) -> None:
    def fail_second(payment: PaymentSucceeded) -> None:
        if payment.payment_id == "p2":
            raise ConnectionError

    event = sqs_batch(*(eventbridge_event(a_payment(payment_id=f"p{n}")) for n in (1, 2, 3)), tries=tries)
    event["Records"][1]["receiptHandle"] = "the second's"

    assert failed_ids(consuming(fail_second), event) == [message_ids(event)[1]]

    second_message = {"QueueUrl": "https://sqs.test/1/expire-hold", "ReceiptHandle": "the second's"}
    assert shortened == [second_message | {"VisibilityTimeout": seconds} for seconds in soon]


def test_message_is_retried_when_shortening_visibility_fails() -> None:
    def fail(_: PaymentSucceeded) -> None:
        raise ConnectionError

    event = sqs_batch(eventbridge_event(a_payment()), eventbridge_event(a_payment()))

    with scripted_responses("sqs", "ChangeMessageVisibility", error_response("ThrottlingException")) as calls:
        assert failed_ids(consuming(fail), event) == message_ids(event)

    assert len(calls.calls) == 2


def test_only_failures_shorten_visibility(shortened: list[Any], sent: list[Any]) -> None:
    def refuse(_: PaymentSucceeded) -> None:
        raise Closed

    unreadable = sqs_batch({})
    assert failed_ids(consuming(refuse), sqs_batch(eventbridge_event(a_payment()))) == []
    assert failed_ids(rescheduling(NOW + timedelta(seconds=5)), sqs_batch(eventbridge_event(an_order()))) == []
    assert failed_ids(consuming(lambda _: None), sqs_batch(eventbridge_event(a_payment()))) == []
    assert failed_ids(consuming(lambda _: None), unreadable) == message_ids(unreadable)

    assert (shortened, len(sent)) == ([], 1)


def test_entirely_failed_batch_reports_every_record() -> None:
    def fail(_: PaymentSucceeded) -> None:
        raise ConnectionError

    event = sqs_batch(eventbridge_event(a_payment()), eventbridge_event(a_payment()))

    assert failed_ids(consuming(fail), event) == message_ids(event)


def test_failure_logs_warning_with_stack() -> None:
    def fail(_: PaymentSucceeded) -> None:
        raise ConnectionError

    with capture_logs() as lines:
        consuming(fail)(sqs_batch(eventbridge_event(a_payment()), tries=2))

    (line,) = lines.with_message("failed")
    assert (line.levelname, line.exc_info is not None) == ("WARNING", True)
    assert vars(line).items() >= {"receive_count": 2, "correlation_id": "c1"}.items()


def test_handled_message_logs_one_line_with_its_ids() -> None:
    with capture_logs() as lines:
        consuming(lambda _: None)(sqs_batch(eventbridge_event(a_payment())))

    (line,) = lines.records
    assert vars(line).items() >= LOG_FIELDS.items()
    assert not vars(line).keys() & {"problem", "retry_at", "exhausted"}


def _without(envelope: dict[str, Any], *path: str) -> dict[str, Any]:
    copy: dict[str, Any] = json.loads(json.dumps(envelope))
    within = copy
    for name in path[:-1]:
        within = within[name]
    del within[path[-1]]
    return copy


VALID = eventbridge_event(a_payment(user_id="secret-person"))
UNREADABLE = {
    "not JSON": "{",
    "empty": "",
    "deep": "[" * 100_000,
    "a list": "[]",
    "null": "null",
    "no type": json.dumps(_without(VALID, "detail-type")),
    "no detail": json.dumps(_without(VALID, "detail")),
    "an unheard type": json.dumps(VALID | {"detail-type": "PaymentRefunded.v1"}),
    "an unknown type": json.dumps(VALID | {"detail-type": "Whatever.v9"}),
    "another version": json.dumps(VALID | {"detail-type": "PaymentSucceeded.v2"}),
    "a field missing": json.dumps(_without(VALID, "detail", "payment_id")),
    "a field wrong": json.dumps(VALID | {"detail": VALID["detail"] | {"prices": "many"}}),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_unreadable_message_fails_alone_and_is_logged(name: str) -> None:
    received: list[PaymentSucceeded] = []
    event = sqs_batch(eventbridge_event(a_payment()), {}, eventbridge_event(a_payment(payment_id="p3")))
    event["Records"][1]["body"] = UNREADABLE[name]

    with capture_logs() as lines:
        assert failed_ids(consuming(received.append), event) == [message_ids(event)[1]]

    assert [one.payment_id for one in received] == ["p1", "p3"]
    (line,) = lines.with_message("unreadable")
    assert (line.levelname, vars(line)["message_id"]) == ("ERROR", message_ids(event)[1])
    assert vars(line)["reason"] in {"JSONDecodeError", "RecursionError", "TypeError", "KeyError", "ValidationError"}
    assert "secret-person" not in lines.text()


def test_consumer_accepts_every_class_of_its_union() -> None:
    received: list[object] = []

    def handler(payment: PaymentSucceeded | PaymentFailed) -> None:
        received.append(type(payment))

    one = eventbridge_event(a_payment())
    other = {"detail-type": "PaymentFailed.v1", "detail": one["detail"] | {"reason": "expired"}}

    assert failed_ids(consumer(handler), sqs_batch(one, other)) == []
    assert received == [PaymentSucceeded, PaymentFailed]
    assert BookingExpired.wire_name() not in consumer(handler).event_types


@pytest.mark.parametrize(
    ("left", "delay"),
    [
        (timedelta(seconds=-3600), 0),
        (timedelta(milliseconds=-500), 0),
        (timedelta(0), 0),
        (timedelta(milliseconds=1), 1),
        (timedelta(seconds=1), 1),
        (timedelta(milliseconds=1001), 2),
        (timedelta(seconds=599, milliseconds=999), 600),
        (timedelta(seconds=900), 900),
        (timedelta(milliseconds=900_001), 900),
        (timedelta(days=400), 900),
    ],
)
def test_early_timer_is_requeued_with_rounded_up_delay(sent: list[Any], left: timedelta, delay: int) -> None:
    message = eventbridge_event(an_order())

    with capture_logs() as lines:
        assert failed_ids(rescheduling(NOW + left), sqs_batch(message)) == []

    (requeued,) = sent
    assert vars(lines.records[0])["retry_at"] == clock.iso(NOW + left)
    assert (requeued["QueueUrl"], requeued["DelaySeconds"]) == ("https://sqs.test/1/expire-hold", delay)
    assert json.loads(requeued["MessageBody"]) == message


def test_timer_is_retried_when_requeueing_fails(sent: list[Any]) -> None:
    event = sqs_batch(eventbridge_event(an_order()))

    with scripted_responses("sqs", "SendMessage", error_response("ThrottlingException")) as sends:
        assert failed_ids(rescheduling(NOW + timedelta(seconds=5)), event) == message_ids(event)

    assert (len(sends.calls), sent) == (1, [])


def exhausting(exhausted: list[str]) -> Consumer:
    def end(payment: PaymentSucceeded) -> None:
        exhausted.append(payment.payment_id)

    @consumer(on_exhausted=end)
    def handler(payment: PaymentSucceeded) -> None:
        raise ConnectionError

    return handler


@pytest.mark.parametrize(("tries", "ends"), [(1, False), (6, False), (7, True), (8, True)])
def test_last_receive_calls_on_exhausted(tries: int, ends: bool) -> None:
    exhausted: list[str] = []
    event = sqs_batch(eventbridge_event(a_payment()), tries=tries)

    with capture_logs() as lines:
        assert failed_ids(exhausting(exhausted), event) == ([] if ends else message_ids(event))

    assert exhausted == (["p1"] if ends else [])
    assert [vars(one).get("exhausted") for one in lines.records] == ([None, True] if ends else [None])


def test_message_fails_when_on_exhausted_fails() -> None:
    def end(payment: PaymentSucceeded) -> None:
        raise ConnectionError

    @consumer(on_exhausted=end)
    def handler(payment: PaymentSucceeded) -> None:
        raise ConnectionError

    event = sqs_batch(eventbridge_event(a_payment()), tries=7)

    assert failed_ids(handler, event) == message_ids(event)


def test_permanent_problem_does_not_call_on_exhausted() -> None:
    exhausted: list[PaymentSucceeded] = []

    @consumer(on_exhausted=exhausted.append)
    def handler(payment: PaymentSucceeded) -> None:
        raise Closed

    assert failed_ids(handler, sqs_batch(eventbridge_event(a_payment()), tries=7)) == []
    assert exhausted == []


def test_early_timer_on_last_receive_is_requeued(sent: list[Any]) -> None:
    exhausted: list[BookingOrdered] = []

    @consumer(on_exhausted=exhausted.append)
    def handler(booking: BookingOrdered) -> None:
        raise RetryAt(NOW + timedelta(seconds=9))

    assert failed_ids(handler, sqs_batch(eventbridge_event(an_order()), tries=7)) == []
    assert (exhausted, len(sent)) == ([], 1)


def test_invalid_message_content_is_never_logged() -> None:
    person = f"anna{chr(64)}example.org"  # a stack shows its lines of code

    def misread(payment: PaymentSucceeded) -> None:
        PaymentSucceeded.model_validate({"user_id": [person], "prices": person})

    event = sqs_batch(eventbridge_event(a_payment()))

    with capture_logs() as lines:
        assert failed_ids(consuming(misread), event) == message_ids(event)

    assert "ValidationError" in lines.text()
    assert person not in lines.text()
