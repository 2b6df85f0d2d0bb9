"""BookingConfirmed: issue signed tickets; reject them once all retries have failed."""

from common.bus.booking import BookingConfirmed
from common.consumer import consumer
from ticket.core import issuance


@consumer(on_exhausted=issuance.reject_after_retries)
def handler(booking: BookingConfirmed) -> None:
    issuance.issue(booking)
