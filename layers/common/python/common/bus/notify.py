"""Bus events of notify."""

from common.bus.base import BusEvent


class NotiEvent(BusEvent):
    source = "ticketing.notify"
    notification_id: str
    user_id: str
    kind: str


class NotiPending(NotiEvent):
    """A notification is about to be sent."""

    entity = "notification"


class NotiCreated(NotiEvent):
    """The notification was sent by e-mail."""

    entity = "notification"
