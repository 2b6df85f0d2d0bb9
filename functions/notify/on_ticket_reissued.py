"""TicketReissued: the owner gets the ticket with its new code."""

from common.bus.ticket import TicketReissued
from common.consumer import consumer
from notify.core import service


@consumer
def handler(reissued: TicketReissued) -> None:
    service.tell(reissued)
