"""What organisers do with the kinds of places of their events."""

from collections.abc import Sequence

from common import clock
from common.api import Caller, IfMatch
from common.calls.events import FindType, FoundType
from common.idempotency import Claim
from common.store import Item
from events.core import drafts, model, promises, repository, standing
from events.core.errors import TypeUnknown
from events.core.model import CategoryType
from events.core.requests import TypeEdit, TypeRequest


def create(caller: Caller, key: str | None, event_id: str, request: TypeRequest) -> tuple[Item, bool]:
    """The event's new type, and whether an earlier request had made it."""
    event = repository.organised(event_id, caller)
    claim = Claim.of(f"type of {event_id}", caller.user_id, key, request)
    earlier = next((one for one in event["types"] if one["id"] == claim.id), None)
    if earlier and claim.repeats(earlier):
        return earlier, True
    promises.editable(event, clock.now())
    new = drafts.new_type(claim.id, event_id, request) | {"request_hash": claim.request_hash}
    types = [*event["types"], new]
    _obey(event, types, new)
    by = caller.actor(event["organiser_id"])
    repository.edit(event, "add_type", {"types": types}, by=by, sold=True, log=True)
    return new, False


def edit(caller: Caller, event_id: str, type_id: str, request: TypeEdit, seen: IfMatch) -> tuple[Item, Item]:
    """The type with all of this, and its event; what is so already is not written."""
    event = repository.organised(event_id, caller)
    stored, shown = _of(event, type_id), _of(standing.of(event), type_id)
    seen.check(event)
    promises.editable(event, clock.now())
    wanted = _wanted(request, shown)
    promises.sold_on(event, shown, wanted)
    # Of a published event the item keeps the capacity that it was published with: booking has the present one.
    kept = {"capacity": stored["capacity"]} if promises.public(event) else {}
    new = {name: value for name, value in (stored | wanted | kept).items() if value is not None}
    types = [new if one is stored else one for one in event["types"]]
    _obey(event, types, new)
    if new != stored:
        by = caller.actor(event["organiser_id"])
        event = repository.edit(event, "edit_type", {"types": types}, by=by, sold=True)
    return _of(standing.of(event), type_id), event


def found(asked: FindType) -> FoundType:
    """What there is, for a service that sells published types only."""
    event = repository.find(asked.event_id) or {"organiser_id": "", "types": [], "terms_version": 0}
    has = any(one["id"] == asked.event_type_id for one in event["types"])
    own = has and asked.organiser_id in (event["organiser_id"], None)
    return FoundType(found=own, published=own and promises.public(event))


def _wanted(request: TypeEdit, shown: Item) -> Item:
    times = {name: clock.iso(at) if (at := getattr(request, name)) else None for name in ("sale_from", "sale_until")}
    asked = request.model_dump(mode="json", include={"name", "prices", "currency", "status"})
    return asked | times | {"capacity": request.capacity or shown["capacity"]}


def _of(event: Item, type_id: str) -> Item:
    for one in event["types"]:
        if one["id"] == type_id:
            found: Item = one
            return found
    raise TypeUnknown


def _obey(event: Item, types: Sequence[Item], new: Item) -> None:
    model.payable({"/prices": new["prices"]}, event["max_per_user"])
    model.sold(types, CategoryType(event["category_type"]))
    model.sellable({"": new}, event["ends_at"])
