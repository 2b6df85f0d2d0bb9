"""TicketOffered: notify the recipient how to accept the ticket."""

from common.bus.ticket import TicketOffered
from common.consumer import consumer
from notify.core import service


@consumer
def handler(offered: TicketOffered) -> None:
    service.create_notifications(offered)
