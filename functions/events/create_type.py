"""POST /v1/events/{event_id}/types: one more kind of place."""

from common.api import Caller, Created, IdempotencyKey, endpoint
from common.idempotency import KeyReused
from events.core import errors, service
from events.core.schemas import TypeRequest, TypeView


@endpoint(
    refuses=[
        errors.EventUnknown,
        KeyReused,
        errors.TypesFixed,
        errors.TooManyTypes,
        errors.MixedCurrencies,
        errors.NotFree,
        errors.PriceTooHigh,
        errors.ChangedMeanwhile,
    ]
)
def handler(event_id: str, request: TypeRequest, caller: Caller, key: IdempotencyKey) -> Created[TypeView]:
    """Add a type to a draft."""
    new, replayed = service.create_type(caller, key, event_id, request)
    return Created(TypeView.model_validate(new), replayed=replayed)
