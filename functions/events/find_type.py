"""Asked by booking: whether a type that it does not sell exists, in a draft or since a moment ago."""

from common.call import answers
from common.calls.events import FindType, FoundType
from events.core import event_types


@answers
def handler(request: FindType) -> FoundType:
    return event_types.found(request)
