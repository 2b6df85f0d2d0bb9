"""NotiPending: e-mail the notification."""

from common.bus.notify import NotiPending
from common.consumer import consumer
from notify.core import service


@consumer(on_exhausted=service.mark_failed)
def handler(pending: NotiPending) -> None:
    service.send(pending)
