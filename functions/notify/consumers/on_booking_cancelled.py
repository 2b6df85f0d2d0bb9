"""BookingCancelled: notify the buyer of the cancellation and the refund."""

from common.bus.booking import BookingCancelled
from common.consumer import consumer
from notify.core import service


@consumer
def handler(cancelled: BookingCancelled) -> None:
    service.create_notifications(cancelled)
