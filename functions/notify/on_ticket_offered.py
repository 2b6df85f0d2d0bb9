"""TicketOffered: whoever is offered a ticket is told how to accept it."""

from common.bus.ticket import TicketOffered
from common.consumer import consumer
from notify.core import service


@consumer
def handler(offered: TicketOffered) -> None:
    service.tell(offered)
