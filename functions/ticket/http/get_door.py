"""GET /v1/events/{event_id}/door: what a door needs to check in tickets, also offline."""

from common.api import Caller, IfNoneMatch, NotModified, Ok, endpoint
from common.conditional_requests import not_modified_or
from ticket.core import access, door_manifest
from ticket.core.errors import EventNotFound
from ticket.core.schemas import DoorView


@endpoint(errors=[EventNotFound])
def handler(event_id: str, caller: Caller, if_none_match: IfNoneMatch) -> Ok[DoorView] | NotModified:
    """Give the event, the public keys of its tickets, the codes that are dead, and the counts.

    For the event's staff and organiser.
    """
    return not_modified_or(door_manifest.for_event(access.event_for_staff(caller, event_id)), if_none_match)
