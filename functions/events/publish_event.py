"""POST /v1/events/{event_id}/publish: on sale from now on."""

from common.api import Caller, endpoint
from common.caller import EmailNotVerified
from events.core import service
from events.core.errors import AlreadyStarted, ChangedMeanwhile, EventUnknown, NotPublishable, NoTypes
from events.core.schemas import OrganisedEventView


@endpoint(refuses=[EmailNotVerified, EventUnknown, NoTypes, AlreadyStarted, NotPublishable, ChangedMeanwhile])
def handler(event_id: str, caller: Caller) -> OrganisedEventView:
    """Publish a draft: everybody can find it, and its types go on sale.

    The caller's e-mail address must be verified.
    """
    caller.needs_email()
    return OrganisedEventView.model_validate(service.publish(caller, event_id))
