"""The operator's call: make the search index anew."""

from common.call import CallAnswer, CallRequest, answers
from events.core import indexing


class Rebuild(CallRequest):
    """There is nothing to say."""


class Rebuilt(CallAnswer):
    """How many events can be found."""

    events: int


@answers
def handler(_: Rebuild) -> Rebuilt:
    """Read every published event from the table, whatever the index says."""
    return Rebuilt(events=indexing.rebuild())
