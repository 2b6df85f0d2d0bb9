"""The edge between a queue and the domain.

`@consumer` reads the bus-event classes from the handler's annotation. Each record ends in one of three ways: done, or
rejected by a permanent DomainError (both are acknowledged) · `RetryAt` (re-queued with a delay) · any other exception
(retried, the first times after seconds, then sent to the DLQ).
"""

import json
import math
from collections.abc import Callable
from datetime import datetime
from typing import Any, get_args, get_type_hints, overload

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from common import clock, correlation, env, log
from common.bus import BusEvent
from common.problems import DomainError

MAX_DELAY_SECONDS = 900  # seconds: the longest that SQS delays a message
_EARLY_RETRY_SECONDS = {1: 5, 2: 30}  # seconds from the first failure and from the second to the next try


class RetryAt(Exception):
    """The message is early: deliver it again at `at`."""

    def __init__(self, at: datetime) -> None:
        super().__init__(clock.iso(at))
        self.at = at


class Consumer:
    """One handler behind one queue. Lambda calls it with a batch of SQS records."""

    def __init__(self, fn: Callable[[Any], None], on_exhausted: Callable[[Any], None] | None) -> None:
        self.fn = fn
        self.on_exhausted = on_exhausted
        self.__doc__ = fn.__doc__
        hint = next(iter(get_type_hints(fn).values()))
        self.event_types: dict[str, type[BusEvent]] = {
            event_type.wire_name(): event_type for event_type in get_args(hint) or (hint,)
        }

    def __call__(self, event: dict[str, Any], context: LambdaContext | None = None) -> dict[str, Any]:
        processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)
        response = process_partial_response(event, self._process, processor, context)
        log.flush()
        return dict(response)

    def _process(self, record: SQSRecord) -> None:
        message = self._read(record)
        with correlation.scope(message.correlation_id, message.bus_event_id):
            outcome = self._handle(message, record)
        ids = {"bus_event_id": message.bus_event_id, "correlation_id": message.correlation_id}
        log.access(bus_event=type(message).__name__, **ids, **outcome)

    def _read(self, record: SQSRecord) -> BusEvent:
        try:
            envelope = json.loads(record.body)
            return self.event_types[envelope["detail-type"]].model_validate(envelope["detail"])
        except Exception as error:
            # The content is not logged: some bus events carry personal data.
            log.logger.error("unreadable", extra={"message_id": record.message_id, "reason": type(error).__name__})
            raise

    def _handle(self, message: BusEvent, record: SQSRecord) -> dict[str, Any]:
        try:
            self.fn(message)
        except RetryAt as retry:
            _requeue(record, retry.at)
            return {"retry_at": str(retry)}
        except Exception as error:
            if isinstance(error, DomainError) and error.is_permanent:
                log.count("MessagesRefused")
                return {"problem": error.slug(), "detail": str(error)}
            receive_count = int(record.attributes.approximate_receive_count)
            fields = {"receive_count": receive_count, "correlation_id": message.correlation_id}
            log.logger.warning("failed", exc_info=True, extra=fields)
            if self.on_exhausted is None or receive_count < int(env.setting("MAX_RECEIVES")):
                _shorten_visibility(record, receive_count)
                raise
            self.on_exhausted(message)
            return {"exhausted": True}
        return {}


@overload
def consumer(fn: Callable[[Any], None]) -> Consumer: ...


@overload
def consumer(*, on_exhausted: Callable[[Any], None]) -> Callable[[Callable[[Any], None]], Consumer]: ...


def consumer(
    fn: Callable[[Any], None] | None = None, *, on_exhausted: Callable[[Any], None] | None = None
) -> Consumer | Callable[[Callable[[Any], None]], Consumer]:
    """Make the function the consumer of the bus events that its annotation names.

    With `on_exhausted`, the last failed receive before the DLQ calls it with the event and is acknowledged.
    """
    if fn is None:
        return lambda handler: Consumer(handler, on_exhausted)
    return Consumer(fn, None)


def _shorten_visibility(record: SQSRecord, receive_count: int) -> None:
    # The queue's visibility timeout outlasts a running function; a failed one need not wait that long. If this call
    # fails as well, the record still counts as failed and returns after that time.
    if delay := _EARLY_RETRY_SECONDS.get(receive_count):
        message = {"QueueUrl": env.setting("QUEUE_URL"), "ReceiptHandle": record.receipt_handle}
        env.client("sqs").change_message_visibility(VisibilityTimeout=delay, **message)


def _requeue(record: SQSRecord, at: datetime) -> None:
    # Re-sent with a delay instead of kept invisible: a standard queue allows 120,000 messages in flight (SQS quota).
    seconds_left = math.ceil((at - clock.now()).total_seconds())
    delay = max(0, min(MAX_DELAY_SECONDS, seconds_left))
    env.client("sqs").send_message(QueueUrl=env.setting("QUEUE_URL"), MessageBody=record.body, DelaySeconds=delay)
