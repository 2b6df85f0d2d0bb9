"""TicketTransferred: the new owner gets the ticket, the one before is told that it is gone."""

from common.bus.ticket import TicketTransferred
from common.consumer import consumer
from notify.core import holders, service


@consumer
def handler(transferred: TicketTransferred) -> None:
    holders.moved(transferred)
    service.tell(transferred)
