"""The one place where a queue meets the domain.

`@consumer` reads the bus-event class from the handler's annotation. Each record ends in one of
three ways: done, or refused for good by a final DomainError (acknowledged either way) · `Later`, a timer
that woke early (sent to its own queue again) · anything else (retried, soon at first, then the DLQ).
"""

import json
import math
from collections.abc import Callable
from datetime import datetime
from typing import Any, get_args, get_type_hints

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from common import clock, env, log, trace
from common.bus import BusEvent
from common.problems import DomainError

MAX_DELAY = 900  # seconds: the longest that SQS delays a message
_SOON = {1: 5, 2: 30}  # seconds from the first failure and from the second to the next try


class Later(Exception):
    """The timer woke early: wake it again at `at`."""

    def __init__(self, at: datetime) -> None:
        super().__init__(clock.iso(at))
        self.at = at


class Consumer:
    """One handler behind one queue; Lambda calls it with a batch, tests and simulations too."""

    def __init__(self, fn: Callable[[Any], None], gives_up: Callable[[Any], None] | None) -> None:
        self.fn = fn
        self.gives_up = gives_up
        self.__doc__ = fn.__doc__
        hint = next(iter(get_type_hints(fn).values()))
        self.hears: dict[str, type[BusEvent]] = {one.wire_name(): one for one in get_args(hint) or (hint,)}

    def __call__(self, event: dict[str, Any], context: LambdaContext | None = None) -> dict[str, Any]:
        processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)
        answer = process_partial_response(event, self._record, processor, context)
        log.flush()
        return dict(answer)

    def _record(self, record: SQSRecord) -> None:
        message = self._read(record)
        with trace.following(message.correlation_id, message.bus_event_id):
            told = self._outcome(message, record)
        ids = {"bus_event_id": message.bus_event_id, "correlation_id": message.correlation_id}
        log.access(bus_event=type(message).__name__, **ids, **told)

    def _read(self, record: SQSRecord) -> BusEvent:
        try:
            envelope = json.loads(record.body)
            return self.hears[envelope["detail-type"]].model_validate(envelope["detail"])
        except Exception as error:
            # What it says is not repeated: some bus events carry personal data.
            log.logger.error("unreadable", extra={"message_id": record.message_id, "reason": type(error).__name__})
            raise

    def _outcome(self, message: BusEvent, record: SQSRecord) -> dict[str, Any]:
        try:
            self.fn(message)
        except Later as later:
            _wake(record, later.at)
            return {"later": str(later)}
        except Exception as error:
            if isinstance(error, DomainError) and error.final:
                log.count("MessagesRefused")
                return {"refused": error.slug(), "detail": str(error)}
            tries = int(record.attributes.approximate_receive_count)
            log.logger.warning(
                "failed", exc_info=True, extra={"tries": tries, "correlation_id": message.correlation_id}
            )
            if self.gives_up is None or tries < int(env.setting("MAX_RECEIVES")):
                _hasten(record, tries)
                raise
            self.gives_up(message)
            return {"gave_up": True}
        return {}


def consumer(fn: Callable[[Any], None]) -> Consumer:
    """Make the function the consumer of the bus events that its annotation names."""
    return Consumer(fn, None)


def consumer_that_gives_up(by: Callable[[Any], None]) -> Callable[[Callable[[Any], None]], Consumer]:
    """As `consumer`; on the last try before the DLQ, `by` ends the matter instead."""
    return lambda fn: Consumer(fn, by)


def _hasten(record: SQSRecord, tries: int) -> None:
    # The queue's own time must outlast a function that runs on; one that has failed need not wait for it. Should this
    # fail, too, the record has failed all the same, and comes again when that time is over.
    if soon := _SOON.get(tries):
        asked = {"QueueUrl": env.setting("QUEUE_URL"), "ReceiptHandle": record.receipt_handle}
        env.client("sqs").change_message_visibility(VisibilityTimeout=soon, **asked)


def _wake(record: SQSRecord, at: datetime) -> None:
    # Delayed, not invisible: a standard queue holds 120,000 messages in flight and no more.
    left = math.ceil((at - clock.now()).total_seconds())
    delay = max(0, min(MAX_DELAY, left))
    env.client("sqs").send_message(QueueUrl=env.setting("QUEUE_URL"), MessageBody=record.body, DelaySeconds=delay)
