"""PUT /v1/events/{event_id}/types/{type_id}: what a kind of place costs, and whether it is sold."""

from common.api import Caller, IfMatch, Ok, endpoint
from common.revision import tagged
from events.core import errors, event_types
from events.core.requests import TypeEdit
from events.core.schemas import TypeView

PROMISES = (errors.TypeClosed, errors.CurrencyFixed, errors.CapacityElsewhere)


@endpoint(refuses=[*errors.EDIT_REFUSALS, errors.TypeUnknown, *PROMISES, *errors.TYPE_REFUSALS])
def handler(event_id: str, type_id: str, request: TypeEdit, caller: Caller, seen: IfMatch) -> Ok[TypeView]:
    """Replace all of a type, with the ETag of its event; its capacity while that is a draft only.

    What was booked keeps its price. A paused type can be sold again, a closed one cannot.
    """
    one, event = event_types.edit(caller, event_id, type_id, request, seen)
    return Ok(TypeView.model_validate(one), tagged(event))
