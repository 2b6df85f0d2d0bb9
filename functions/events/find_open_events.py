"""Asked by user: the events that stand in the way of their organiser's leaving."""

from common.call import answers
from common.calls.events import FindOpenEvents, OpenEvents
from events.core import standing


@answers
def handler(request: FindOpenEvents) -> OpenEvents:
    return OpenEvents(event_ids=tuple(standing.still_open(request.organiser_id)))
