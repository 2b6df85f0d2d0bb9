"""What events answers."""

from common.call import CallAnswer, CallRequest


class FindType(CallRequest):
    """Whether this organiser, or anybody, has such an event with such a type, sold or not."""

    organiser_id: str | None
    event_id: str
    event_type_id: str


class FoundType(CallAnswer):
    """`published` says whether the event has been put on sale, whatever became of it."""

    found: bool
    published: bool


class FindOpenEvents(CallRequest):
    """The events that a person organises, are published, and are not over."""

    organiser_id: str


class OpenEvents(CallAnswer):
    """Their ids; of many, the first few."""

    event_ids: tuple[str, ...]
