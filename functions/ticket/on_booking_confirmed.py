"""BookingConfirmed: the buyer gets signed tickets, or the booking is undone."""

from common.bus.booking import BookingConfirmed
from common.consumer import consumer_that_gives_up
from ticket.core import service


@consumer_that_gives_up(by=service.give_up)
def handler(booking: BookingConfirmed) -> None:
    service.issue(booking)
