"""TicketVoided: the owner is told, where the cancelled booking does not tell it."""

from common.bus.ticket import TicketVoided
from common.consumer import consumer
from notify.core import holders, service


@consumer
def handler(voided: TicketVoided) -> None:
    holders.voided(voided)
    service.tell(voided)
