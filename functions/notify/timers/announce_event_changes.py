"""EventChanged, delayed by a quiet period: announce the changes to all ticket holders."""

from common.bus.events import EventChanged
from common.consumer import consumer
from notify.core import event_announcements


@consumer
def handler(changed: EventChanged) -> None:
    event_announcements.announce_changes(changed)
