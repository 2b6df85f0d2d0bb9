"""GET /v1/events/{event_id}/door: what a door needs to admit, even without a network."""

from common.api import Caller, IfNoneMatch, NotModified, Ok, endpoint
from common.revision import polled
from ticket.core import access, manifest
from ticket.core.door_schemas import DoorView
from ticket.core.errors import EventUnknown


@endpoint(refuses=[EventUnknown])
def handler(event_id: str, caller: Caller, known: IfNoneMatch) -> Ok[DoorView] | NotModified:
    """Give the event, the public keys of its tickets, the codes that are dead, and the counts.

    For the event's staff and organiser.
    """
    return polled(manifest.of(access.at_door(caller, event_id)), known)
