"""BookingFailed: the buyer is told why, and that the money comes back."""

from common.bus.booking import BookingFailed
from common.consumer import consumer
from notify.core import service


@consumer
def handler(failed: BookingFailed) -> None:
    service.tell(failed)
