"""Where everything that waits in a queue is one piece of work: many messages, one call of the handler.

As `common.consumer`, but the handler takes its batch at once (`*messages`), and so ends for all of it
at once: done, or whatever it raises has all of them come again. What cannot be read comes again alone.
"""

from typing import Any

from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from common import log, trace
from common.bus import BusEvent
from common.consumer import Consumer


class Burst(Consumer):
    """One handler behind one queue, called once per batch."""

    def __call__(self, event: dict[str, Any], context: LambdaContext | None = None) -> dict[str, Any]:
        messages: dict[str, BusEvent] = {}
        again: list[str] = []
        for record in map(SQSRecord, event["Records"]):
            try:
                messages[record.message_id] = self._read(record)
            except Exception:  # noqa: BLE001 - logged where it was read; the others are not held up by it
                again.append(record.message_id)
        if messages and not self._done(list(messages.values())):
            again += messages
        log.flush()
        return {"batchItemFailures": [{"itemIdentifier": one} for one in again]}

    def _done(self, messages: list[BusEvent]) -> bool:
        first = messages[0]
        journeys = sorted({one.correlation_id for one in messages})
        told: dict[str, Any] = {"messages": len(messages), "correlation_ids": journeys}
        with trace.following(first.correlation_id, first.bus_event_id):
            try:
                self.fn(*messages)
            except Exception:  # noqa: BLE001 - the edge: the queue brings them again, and in the end its DLQ
                log.logger.warning("failed", exc_info=True, extra=told)
                return False
        log.access(**told)
        return True


def burst(fn: Any) -> Burst:
    """Make the function, of `*messages`, the consumer of whole batches of the bus events that its annotation names."""
    return Burst(fn, None)
