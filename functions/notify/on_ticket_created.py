"""TicketCreated: the buyer gets the tickets by mail, with QR codes and a calendar file."""

from common.bus.ticket import TicketCreated
from common.consumer import consumer_that_gives_up
from notify.core import service


@consumer_that_gives_up(by=service.give_up)
def handler(created: TicketCreated) -> None:
    service.send_tickets(created)
