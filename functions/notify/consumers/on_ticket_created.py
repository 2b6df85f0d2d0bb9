"""TicketCreated: e-mail the tickets to the buyer, with QR codes and a calendar file."""

from common.bus.ticket import TicketCreated
from common.consumer import consumer
from notify.core import service, ticket_holders


@consumer
def handler(created: TicketCreated) -> None:
    ticket_holders.add_tickets(created)
    service.create_notifications(created)
