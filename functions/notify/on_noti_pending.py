"""NotiPending: what was written down is mailed."""

from common.bus.notify import NotiPending
from common.consumer import consumer_that_gives_up
from notify.core import service


@consumer_that_gives_up(by=service.give_up)
def handler(pending: NotiPending) -> None:
    service.send(pending)
