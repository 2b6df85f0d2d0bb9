"""TicketCreated: the buyer gets the tickets by mail, with QR codes and a calendar file."""

from common.bus.ticket import TicketCreated
from common.consumer import consumer
from notify.core import holders, service


@consumer
def handler(created: TicketCreated) -> None:
    holders.given(created)
    service.tell(created)
