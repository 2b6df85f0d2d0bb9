"""DynamoDB streams: publish what a transition left in its item's outbox."""

from typing import Any

from cdc.core.relay import relay
from common import log


def handler(event: dict[str, Any], _context: Any = None) -> dict[str, Any]:
    """Publish each record's new bus events in order; report the first record to be retried."""
    counts, failed_numbers = relay(event["Records"])
    log.access(**counts)
    log.flush()
    return {"batchItemFailures": [{"itemIdentifier": number} for number in failed_numbers]}
