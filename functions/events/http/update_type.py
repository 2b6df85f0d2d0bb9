"""PUT /v1/events/{event_id}/types/{type_id}: what a kind of place costs, and whether it is sold."""

from common.api import Caller, IfMatch, Ok, endpoint
from common.conditional_requests import etag_header
from events.core import errors, event_types
from events.core.requests import TypeEdit
from events.core.schemas import TypeView

EDIT_RULE_ERRORS = (errors.TypeClosed, errors.CurrencyFixed, errors.CapacityEndpointRequired)


@endpoint(errors=[*errors.EDIT_ERRORS, errors.EventTypeNotFound, *EDIT_RULE_ERRORS, *errors.TYPE_ERRORS])
def handler(event_id: str, type_id: str, request: TypeEdit, caller: Caller, if_match: IfMatch) -> Ok[TypeView]:
    """Replace all of a type, with the ETag of its event; its capacity while that is a draft only.

    What was booked keeps its price. A paused type can be sold again, a closed one cannot.
    """
    event_type, event = event_types.edit(caller, event_id, type_id, request, if_match)
    return Ok(TypeView.model_validate(event_type), etag_header(event))
