"""PUT /v1/events/{event_id}: what an event is about."""

from common.api import Caller, IfMatch, Ok, endpoint
from common.conditional_requests import etag_header
from events.core import errors, service
from events.core.requests import EventEdit
from events.core.schemas import OrganiserEventView

EDIT_RULE_ERRORS = (errors.AlreadyStarted, errors.EndsInPast, errors.NoLongerFree, errors.RefundReduced)
FIELD_ERRORS = (errors.InvalidCategory, errors.HoldTooShort, errors.NotInFuture)
TYPE_ERRORS = (errors.NotFree, errors.PriceTooHigh, errors.SaleBeyondEnd)


@endpoint(errors=[*errors.EDIT_ERRORS, *EDIT_RULE_ERRORS, *FIELD_ERRORS, *TYPE_ERRORS])
def handler(event_id: str, request: EventEdit, caller: Caller, if_match: IfMatch) -> Ok[OrganiserEventView]:
    """Replace all of an event but its types and people.

    Once it is published, refunds only become more generous, what is free stays free, and what has begun is not moved.
    Place and time may change: buyers are told.
    """
    event = service.edit(caller, event_id, request, if_match)
    return Ok(OrganiserEventView.model_validate(event), etag_header(event))
