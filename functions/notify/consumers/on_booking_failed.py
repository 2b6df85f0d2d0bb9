"""BookingFailed: notify the buyer of the reason and the refund."""

from common.bus.booking import BookingFailed
from common.consumer import consumer
from notify.core import service


@consumer
def handler(failed: BookingFailed) -> None:
    service.create_notifications(failed)
