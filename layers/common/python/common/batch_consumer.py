"""The edge between a queue and a handler that processes a batch of messages in one call.

Like `common.consumer`, but the handler takes `*messages` and succeeds or fails for all of them: any exception retries
the whole batch. Unreadable messages are retried separately.
"""

from typing import Any

from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from common import correlation, log
from common.bus import BusEvent
from common.consumer import Consumer


class BatchConsumer(Consumer):
    """One handler behind one queue, called once per batch."""

    def __call__(self, event: dict[str, Any], context: LambdaContext | None = None) -> dict[str, Any]:
        messages: dict[str, BusEvent] = {}
        failed_ids: list[str] = []
        for record in map(SQSRecord, event["Records"]):
            try:
                messages[record.message_id] = self._read(record)
            except Exception:  # noqa: BLE001 - logged by _read; it must not fail the others
                failed_ids.append(record.message_id)
        if messages and not self._handle_batch(list(messages.values())):
            failed_ids += messages
        log.flush()
        return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed_ids]}

    def _handle_batch(self, messages: list[BusEvent]) -> bool:
        first = messages[0]
        correlation_ids = sorted({message.correlation_id for message in messages})
        log_fields: dict[str, Any] = {"messages": len(messages), "correlation_ids": correlation_ids}
        with correlation.scope(first.correlation_id, first.bus_event_id):
            try:
                self.fn(*messages)
            except Exception:  # noqa: BLE001 - the edge: the queue redelivers them, then moves them to its DLQ
                log.logger.warning("failed", exc_info=True, extra=log_fields)
                return False
        log.access(**log_fields)
        return True


def batch_consumer(fn: Any) -> BatchConsumer:
    """Make the function of `*messages` a batch consumer of the bus events that its annotation names."""
    return BatchConsumer(fn, None)
