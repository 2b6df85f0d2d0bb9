"""TicketTransferred: e-mail the ticket to the new owner, and notify the previous one."""

from common.bus.ticket import TicketTransferred
from common.consumer import consumer
from notify.core import service, ticket_holders


@consumer
def handler(transferred: TicketTransferred) -> None:
    ticket_holders.record_transfer(transferred)
    service.create_notifications(transferred)
