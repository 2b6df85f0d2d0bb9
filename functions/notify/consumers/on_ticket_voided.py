"""TicketVoided: notify the owner, unless the cancellation of the booking does."""

from common.bus.ticket import TicketVoided
from common.consumer import consumer
from notify.core import service, ticket_holders


@consumer
def handler(voided: TicketVoided) -> None:
    ticket_holders.record_void(voided)
    service.create_notifications(voided)
