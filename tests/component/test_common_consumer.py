"""The queue edge: how each record of a batch ends, and that none decides about another."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from common import clock, env, trace
from common.bus.booking import BookingExpired, BookingOrdered
from common.bus.payment import PaymentFailed, PaymentSucceeded
from common.consumer import Consumer, Later, consumer, consumer_that_gives_up
from common.problems import Busy, Conflict, DomainError
from tests.support.lines import logged
from tests.support.refusals import answering, refused
from tests.support.system import batch, environment, eventbridge

NOW = datetime(2026, 5, 1, 12, 0, 0, tzinfo=UTC)
TOLD = {"bus_event": "PaymentSucceeded", "bus_event_id": "e1", "correlation_id": "c1"}


class Closed(Conflict):
    """It is closed."""


@pytest.fixture(autouse=True)
def timer() -> Iterator[None]:
    """As a timer's function, at a fixed time."""
    clock.use(lambda: NOW)
    with environment({"QUEUE_URL": "https://sqs.test/1/expire-hold", "MAX_RECEIVES": "7"}):
        env.forget()
        yield
    clock.use()


def kept(operation: str) -> list[Any]:
    """What SQS is asked, instead of asking it."""
    asked: list[Any] = []

    def keep(params: Any, **_: Any) -> Any:
        asked.append(json.loads(params["body"]))
        return SimpleNamespace(status_code=200), {"MessageId": "1"}

    env.client("sqs").meta.events.register(f"before-call.sqs.{operation}", keep)
    return asked


@pytest.fixture
def sent(timer: None) -> list[Any]:
    """What is sent to the timer's own queue."""
    return kept("SendMessage")


@pytest.fixture(autouse=True)
def hastened(timer: None) -> list[Any]:
    """Which messages are to come again before their queue's time is over."""
    return kept("ChangeMessageVisibility")


def a_payment(**fields: Any) -> PaymentSucceeded:
    told = {"bus_event_id": "e1", "occurred_at": NOW, "correlation_id": "c1", "causation_id": "m1"}
    told |= {
        "payment_id": "p1",
        "booking_id": "b1",
        "user_id": "u1",
        "prices": 500,
        "currency": "EUR",
        "method": "card",
    }
    return PaymentSucceeded.model_validate(told | fields)


def an_order() -> BookingOrdered:
    told = {"bus_event_id": "e2", "occurred_at": NOW, "correlation_id": "c1", "causation_id": "m1"}
    told |= {"booking_id": "b1", "user_id": "u1", "event_id": "v1", "quantity": 2, "prices": 500, "currency": "EUR"}
    return BookingOrdered.model_validate(told | {"pay_before": NOW})


def hearing(act: Callable[[PaymentSucceeded], None]) -> Consumer:
    def handler(payment: PaymentSucceeded) -> None:
        """Hear of a payment."""
        act(payment)

    return consumer(handler)


def waking(at: datetime) -> Consumer:
    def handler(booking: BookingOrdered) -> None:
        """Wake at a time."""
        raise Later(at)

    return consumer(handler)


def failed(handler: Consumer, event: dict[str, Any]) -> list[str]:
    """The message ids that are to come again."""
    return [one["itemIdentifier"] for one in handler(event)["batchItemFailures"]]


def ids(event: dict[str, Any]) -> list[str]:
    return [record["messageId"] for record in event["Records"]]


def test_a_message_that_is_dealt_with_is_acknowledged() -> None:
    heard: list[PaymentSucceeded] = []

    assert failed(hearing(heard.append), batch(eventbridge(a_payment()))) == []

    assert heard == [a_payment()]


def test_a_message_is_worked_on_under_its_own_journey() -> None:
    seen: list[trace.Trace] = []

    hearing(lambda _: seen.append(trace.current()))(batch(eventbridge(a_payment())))

    assert seen == [trace.Trace("c1", "e1")]
    assert trace.current() == trace.Trace("none", "none")


def test_fields_that_came_later_are_ignored() -> None:
    envelope = eventbridge(a_payment())
    envelope["detail"]["tax"] = 19

    assert failed(hearing(lambda _: None), batch(envelope)) == []


def test_a_refusal_is_acknowledged_counted_and_named(capsys: pytest.CaptureFixture[str]) -> None:
    def refuse(_: PaymentSucceeded) -> None:
        raise Closed

    with logged() as lines:
        assert failed(hearing(refuse), batch(eventbridge(a_payment()))) == []

    (line,) = lines.records
    assert line.levelname == "INFO"
    assert vars(line).items() >= TOLD.items() | {"refused": "closed", "detail": "It is closed."}.items()
    assert '"MessagesRefused":[1.0]' in capsys.readouterr().out.replace(" ", "")


@pytest.mark.parametrize("refusal", [Busy(), Closed(retry_after=1)])
def test_a_refusal_that_may_pass_makes_the_message_come_again(refusal: DomainError) -> None:
    def refuse(_: PaymentSucceeded) -> None:
        raise refusal

    event = batch(eventbridge(a_payment()))

    assert failed(hearing(refuse), event) == ids(event)


def test_a_failure_makes_only_its_own_message_come_again() -> None:
    def fail_second(payment: PaymentSucceeded) -> None:
        if payment.payment_id == "p2":
            raise ConnectionError

    event = batch(*(eventbridge(a_payment(payment_id=f"p{n}")) for n in (1, 2, 3)))

    assert failed(hearing(fail_second), event) == [ids(event)[1]]


@pytest.mark.parametrize(("tries", "soon"), [(1, [5]), (2, [30]), (3, []), (6, []), (7, [])])
def test_what_failed_is_tried_again_soon_at_first_and_then_when_the_queues_time_is_over(
    hastened: list[Any], tries: int, soon: list[int]
) -> None:
    def fail_second(payment: PaymentSucceeded) -> None:
        if payment.payment_id == "p2":
            raise ConnectionError

    event = batch(*(eventbridge(a_payment(payment_id=f"p{n}")) for n in (1, 2, 3)), tries=tries)
    event["Records"][1]["receiptHandle"] = "the second's"

    assert failed(hearing(fail_second), event) == [ids(event)[1]]

    which = {"QueueUrl": "https://sqs.test/1/expire-hold", "ReceiptHandle": "the second's"}
    assert hastened == [which | {"VisibilityTimeout": seconds} for seconds in soon]


def test_what_cannot_be_hastened_comes_again_all_the_same() -> None:
    def fail(_: PaymentSucceeded) -> None:
        raise ConnectionError

    event = batch(eventbridge(a_payment()), eventbridge(a_payment()))

    with answering("sqs", "ChangeMessageVisibility", refused("ThrottlingException")) as asked:
        assert failed(hearing(fail), event) == ids(event)

    assert len(asked.calls) == 2


def test_nothing_but_a_failure_is_hastened(hastened: list[Any], sent: list[Any]) -> None:
    def refuse(_: PaymentSucceeded) -> None:
        raise Closed

    unreadable = batch({})
    assert failed(hearing(refuse), batch(eventbridge(a_payment()))) == []
    assert failed(waking(NOW + timedelta(seconds=5)), batch(eventbridge(an_order()))) == []
    assert failed(hearing(lambda _: None), batch(eventbridge(a_payment()))) == []
    assert failed(hearing(lambda _: None), unreadable) == ids(unreadable)

    assert (hastened, len(sent)) == ([], 1)


def test_a_batch_that_fails_whole_is_reported_record_by_record() -> None:
    def fail(_: PaymentSucceeded) -> None:
        raise ConnectionError

    event = batch(eventbridge(a_payment()), eventbridge(a_payment()))

    assert failed(hearing(fail), event) == ids(event)


def test_one_failure_is_a_warning_with_its_stack() -> None:
    def fail(_: PaymentSucceeded) -> None:
        raise ConnectionError

    with logged() as lines:
        hearing(fail)(batch(eventbridge(a_payment()), tries=2))

    (line,) = lines.said("failed")
    assert (line.levelname, line.exc_info is not None) == ("WARNING", True)
    assert vars(line).items() >= {"tries": 2, "correlation_id": "c1"}.items()


def test_what_is_dealt_with_leaves_one_line_that_names_the_message() -> None:
    with logged() as lines:
        hearing(lambda _: None)(batch(eventbridge(a_payment())))

    (line,) = lines.records
    assert vars(line).items() >= TOLD.items()
    assert not vars(line).keys() & {"refused", "later", "gave_up"}


def _without(envelope: dict[str, Any], *path: str) -> dict[str, Any]:
    copy: dict[str, Any] = json.loads(json.dumps(envelope))
    within = copy
    for name in path[:-1]:
        within = within[name]
    del within[path[-1]]
    return copy


GOOD = eventbridge(a_payment(user_id="secret-person"))
UNREADABLE = {
    "not JSON": "{",
    "empty": "",
    "deep": "[" * 100_000,
    "a list": "[]",
    "null": "null",
    "no type": json.dumps(_without(GOOD, "detail-type")),
    "no detail": json.dumps(_without(GOOD, "detail")),
    "an unheard type": json.dumps(GOOD | {"detail-type": "PaymentRefunded.v1"}),
    "an unknown type": json.dumps(GOOD | {"detail-type": "Whatever.v9"}),
    "another version": json.dumps(GOOD | {"detail-type": "PaymentSucceeded.v2"}),
    "a field missing": json.dumps(_without(GOOD, "detail", "payment_id")),
    "a field wrong": json.dumps(GOOD | {"detail": GOOD["detail"] | {"prices": "many"}}),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_an_unreadable_message_fails_alone_and_leaves_a_line(name: str) -> None:
    heard: list[PaymentSucceeded] = []
    event = batch(eventbridge(a_payment()), {}, eventbridge(a_payment(payment_id="p3")))
    event["Records"][1]["body"] = UNREADABLE[name]

    with logged() as lines:
        assert failed(hearing(heard.append), event) == [ids(event)[1]]

    assert [one.payment_id for one in heard] == ["p1", "p3"]
    (line,) = lines.said("unreadable")
    assert (line.levelname, vars(line)["message_id"]) == ("ERROR", ids(event)[1])
    assert vars(line)["reason"] in {"JSONDecodeError", "RecursionError", "TypeError", "KeyError", "ValidationError"}
    assert "secret-person" not in lines.text()


def test_a_consumer_hears_every_class_of_its_union() -> None:
    heard: list[object] = []

    def handler(payment: PaymentSucceeded | PaymentFailed) -> None:
        heard.append(type(payment))

    one = eventbridge(a_payment())
    other = {"detail-type": "PaymentFailed.v1", "detail": one["detail"] | {"reason": "expired"}}

    assert failed(consumer(handler), batch(one, other)) == []
    assert heard == [PaymentSucceeded, PaymentFailed]
    assert BookingExpired.wire_name() not in consumer(handler).hears


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
def test_a_timer_that_woke_early_sends_itself_again_and_never_wakes_early_for_rounding(
    sent: list[Any], left: timedelta, delay: int
) -> None:
    message = eventbridge(an_order())

    with logged() as lines:
        assert failed(waking(NOW + left), batch(message)) == []

    (again,) = sent
    assert vars(lines.records[0])["later"] == clock.iso(NOW + left)
    assert (again["QueueUrl"], again["DelaySeconds"]) == ("https://sqs.test/1/expire-hold", delay)
    assert json.loads(again["MessageBody"]) == message


def test_a_timer_that_cannot_send_itself_again_is_not_acknowledged(sent: list[Any]) -> None:
    event = batch(eventbridge(an_order()))

    with answering("sqs", "SendMessage", refused("ThrottlingException")) as sends:
        assert failed(waking(NOW + timedelta(seconds=5)), event) == ids(event)

    assert (len(sends.calls), sent) == (1, [])


def giving_up(given_up: list[str]) -> Consumer:
    def end(payment: PaymentSucceeded) -> None:
        given_up.append(payment.payment_id)

    @consumer_that_gives_up(by=end)
    def handler(payment: PaymentSucceeded) -> None:
        raise ConnectionError

    return handler


@pytest.mark.parametrize(("tries", "ends"), [(1, False), (6, False), (7, True), (8, True)])
def test_on_the_last_try_the_matter_is_ended_instead(tries: int, ends: bool) -> None:
    given_up: list[str] = []
    event = batch(eventbridge(a_payment()), tries=tries)

    with logged() as lines:
        assert failed(giving_up(given_up), event) == ([] if ends else ids(event))

    assert given_up == (["p1"] if ends else [])
    assert [vars(one).get("gave_up") for one in lines.records] == ([None, True] if ends else [None])


def test_what_cannot_even_be_given_up_goes_to_the_dead_letters() -> None:
    def end(payment: PaymentSucceeded) -> None:
        raise ConnectionError

    @consumer_that_gives_up(by=end)
    def handler(payment: PaymentSucceeded) -> None:
        raise ConnectionError

    event = batch(eventbridge(a_payment()), tries=7)

    assert failed(handler, event) == ids(event)


def test_a_refusal_is_not_given_up_on() -> None:
    given_up: list[PaymentSucceeded] = []

    @consumer_that_gives_up(by=given_up.append)
    def handler(payment: PaymentSucceeded) -> None:
        raise Closed

    assert failed(handler, batch(eventbridge(a_payment()), tries=7)) == []
    assert given_up == []


def test_a_timer_that_wakes_early_on_its_last_try_is_not_given_up(sent: list[Any]) -> None:
    given_up: list[BookingOrdered] = []

    @consumer_that_gives_up(by=given_up.append)
    def handler(booking: BookingOrdered) -> None:
        raise Later(NOW + timedelta(seconds=9))

    assert failed(handler, batch(eventbridge(an_order()), tries=7)) == []
    assert (given_up, len(sent)) == ([], 1)


def test_a_message_that_does_not_fit_is_not_repeated_in_any_log() -> None:
    person = f"anna{chr(64)}example.org"  # a stack shows its lines of code

    def misread(payment: PaymentSucceeded) -> None:
        PaymentSucceeded.model_validate({"user_id": [person], "prices": person})

    event = batch(eventbridge(a_payment()))

    with logged() as lines:
        assert failed(hearing(misread), event) == ids(event)

    assert "ValidationError" in lines.text()
    assert person not in lines.text()
