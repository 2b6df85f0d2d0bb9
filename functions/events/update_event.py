"""PUT /v1/events/{event_id}: what an event is about."""

from common.api import Caller, IfMatch, Ok, endpoint
from common.revision import tagged
from events.core import errors, service
from events.core.requests import EventEdit
from events.core.schemas import OrganisedEventView

PROMISES = (errors.AlreadyStarted, errors.EndsInPast, errors.NoLongerFree, errors.RefundReduced)
FIELDS = (errors.CategoryUnknown, errors.HoldTooShort, errors.NotInFuture)
TYPES = (errors.NotFree, errors.PriceTooHigh, errors.SaleBeyondEnd)


@endpoint(refuses=[*errors.EDIT_REFUSALS, *PROMISES, *FIELDS, *TYPES])
def handler(event_id: str, request: EventEdit, caller: Caller, seen: IfMatch) -> Ok[OrganisedEventView]:
    """Replace all of an event but its types and people.

    Once it is published, refunds only become more generous, what is free stays free, and what has begun is not moved.
    Place and time may change: buyers are told.
    """
    event = service.edit(caller, event_id, request, seen)
    return Ok(OrganisedEventView.model_validate(event), tagged(event))
