"""EventChanged, when the edits have calmed down: everybody with tickets is told what is different."""

from common.bus.events import EventChanged
from common.consumer import consumer
from notify.core import audience


@consumer
def handler(changed: EventChanged) -> None:
    audience.tell_changes(changed)
