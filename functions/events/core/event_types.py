"""Create, edit and find event types."""

from collections.abc import Sequence

from common import clock
from common.api import Caller, IfMatch
from common.idempotency import IdempotentRequest
from common.rpc.events import FindEventTypeRequest, FindEventTypeResponse
from common.store import Item
from events.core import drafts, edit_rules, live_view, model, repository
from events.core.errors import EventTypeNotFound
from events.core.model import CategoryType
from events.core.requests import TypeEdit, TypeRequest


def create(caller: Caller, key: str | None, event_id: str, request: TypeRequest) -> tuple[Item, bool]:
    """Return the new type and whether the request is a replay. Raises NotEditable or the errors of TYPE_ERRORS."""
    event = repository.get_managed(event_id, caller)
    identity = IdempotentRequest.from_key(f"type of {event_id}", caller.user_id, key, request)
    existing = next((one for one in event["types"] if one["id"] == identity.id), None)
    if existing and identity.is_replay_of(existing):
        return existing, True
    edit_rules.require_editable(event, clock.now())
    new = drafts.new_type(identity.id, event_id, request) | {"request_hash": identity.request_hash}
    types = [*event["types"], new]
    _require_sellable(event, types, new)
    actor = caller.audit_name(event["organiser_id"])
    repository.edit(event, "add_type", {"types": types}, actor=actor, terms_changed=True, log=True)
    return new, False


def edit(caller: Caller, event_id: str, type_id: str, request: TypeEdit, if_match: IfMatch) -> tuple[Item, Item]:
    """Return the edited type and its event; an edit without changes writes nothing. Raises StaleVersion and others."""
    event = repository.get_managed(event_id, caller)
    stored, current = _get_type(event, type_id), _get_type(live_view.with_live_data(event), type_id)
    if_match.require_match(event)
    edit_rules.require_editable(event, clock.now())
    edited = _edited_fields(request, current)
    edit_rules.require_valid_type_edit(event, current, edited)
    # The item of a published event keeps its initial capacity: booking owns the current one.
    fixed = {"capacity": stored["capacity"]} if edit_rules.is_published(event) else {}
    new = {name: value for name, value in (stored | edited | fixed).items() if value is not None}
    types = [new if one is stored else one for one in event["types"]]
    _require_sellable(event, types, new)
    if new != stored:
        actor = caller.audit_name(event["organiser_id"])
        event = repository.edit(event, "edit_type", {"types": types}, actor=actor, terms_changed=True)
    return _get_type(live_view.with_live_data(event), type_id), event


def find_for_booking(request: FindEventTypeRequest) -> FindEventTypeResponse:
    """Return whether the type exists (for the organiser, if one is given) and whether its event is published."""
    event = repository.find(request.event_id) or {"organiser_id": "", "types": [], "terms_version": 0}
    exists = any(one["id"] == request.event_type_id for one in event["types"])
    is_visible = exists and request.organiser_id in (event["organiser_id"], None)
    return FindEventTypeResponse(found=is_visible, published=is_visible and edit_rules.is_published(event))


def _edited_fields(request: TypeEdit, current: Item) -> Item:
    times = {name: clock.iso(at) if (at := getattr(request, name)) else None for name in ("sale_from", "sale_until")}
    fields = request.model_dump(mode="json", include={"name", "prices", "currency", "status"})
    return fields | times | {"capacity": request.capacity or current["capacity"]}


def _get_type(event: Item, type_id: str) -> Item:
    for candidate in event["types"]:
        if candidate["id"] == type_id:
            event_type: Item = candidate
            return event_type
    raise EventTypeNotFound


def _require_sellable(event: Item, types: Sequence[Item], new: Item) -> None:
    model.require_affordable({"/prices": new["prices"]}, event["max_per_user"])
    model.require_sellable_together(types, CategoryType(event["category_type"]))
    model.require_sale_within_event({"": new}, event["ends_at"])
