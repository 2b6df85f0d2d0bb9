"""EventPublished, delayed until a day before the start: remind all ticket holders."""

from common.bus.events import EventPublished
from common.consumer import consumer
from notify.core import event_announcements


@consumer
def handler(published: EventPublished) -> None:
    event_announcements.send_reminders(published)
