"""POST /v1/events/{event_id}/publish: on sale from now on."""

from common.api import Caller, endpoint
from common.caller import EmailNotVerified
from common.problems import ConcurrentModification
from events.core import service
from events.core.errors import AlreadyStarted, EventNotFound, NotPublishable, NoTypes
from events.core.schemas import OrganiserEventView


@endpoint(errors=[EmailNotVerified, EventNotFound, NoTypes, AlreadyStarted, NotPublishable, ConcurrentModification])
def handler(event_id: str, caller: Caller) -> OrganiserEventView:
    """Publish a draft: everybody can find it, and its types go on sale.

    The caller's e-mail address must be verified.
    """
    caller.require_verified_email()
    return OrganiserEventView.model_validate(service.publish(caller, event_id))
