"""TicketReissued: e-mail the ticket with its new code to the owner."""

from common.bus.ticket import TicketReissued
from common.consumer import consumer
from notify.core import service


@consumer
def handler(reissued: TicketReissued) -> None:
    service.create_notifications(reissued)
