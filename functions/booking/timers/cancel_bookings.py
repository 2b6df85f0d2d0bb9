"""EventCancelled: close the sale and cancel every booking, so that its buyer is notified and refunded."""

from booking.core import event_cancellation
from common.bus.events import EventCancelled
from common.consumer import consumer


@consumer
def handler(event: EventCancelled) -> None:
    """Cancel the next batch; re-queue until none are left."""
    event_cancellation.process_next_batch(event)
