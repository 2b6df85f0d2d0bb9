"""Use cases of organisers, and the end of an event."""

from collections.abc import Callable

from common import clock, ids
from common.api import Caller, IfMatch, PageParams
from common.consumer import RetryAt
from common.idempotency import IdempotentRequest
from common.pagination.paginator import Page
from common.store import Item
from events.core import drafts, edit_rules, live_view, model, repository
from events.core.errors import EventEnded, EventNotFound, OrganiserNotFound
from events.core.model import CategoryType, Status
from events.core.requests import CancelRequest, CloneRequest, EventEdit, EventRequest, StaffRequest


def create_event(caller: Caller, key: str | None, request: EventRequest) -> tuple[Item, bool]:
    """Return the draft and whether the request is a replay. Raises the errors of DRAFT_ERRORS."""
    identity = IdempotentRequest.from_key("event", caller.user_id, key, request)
    return _create_once(identity, lambda: drafts.new_draft(caller, identity.id, request), actor=caller.user_id)


def clone(caller: Caller, key: str | None, event_id: str, request: CloneRequest) -> tuple[Item, bool]:
    """Return a copy of the event as a draft and whether the request is a replay. Raises NotInFuture."""
    event = live_view.with_live_data(repository.get_managed(event_id, caller))
    identity = IdempotentRequest.from_key(f"clone of {event_id}", caller.user_id, key, request)
    return _create_once(
        identity, lambda: drafts.clone_draft(identity.id, event, request), actor=_audit_name(caller, event)
    )


def get_own(caller: Caller, user_id: str, event_id: str) -> Item:
    """Return an event of the organiser in any state. Raises OrganiserNotFound or EventNotFound."""
    _require_own_list(caller, user_id)
    event = repository.get_managed(event_id, caller)
    if event["organiser_id"] != user_id:
        raise EventNotFound
    return live_view.with_live_data(event)


def list_own(caller: Caller, user_id: str, paging: PageParams) -> Page:
    """Return a page of the organiser's events. Raises OrganiserNotFound."""
    _require_own_list(caller, user_id)
    page = repository.list_by_organiser(user_id, paging)
    return Page(live_view.all_with_live_data(page.items), page.next_token, page.previous_token)


def edit(caller: Caller, event_id: str, request: EventEdit, if_match: IfMatch) -> Item:
    """Return the edited event; an edit without changes writes nothing. Raises StaleVersion and others."""
    event, now = repository.get_managed(event_id, caller), clock.now()
    if_match.require_match(event)
    edit_rules.require_editable(event, now)
    edited = drafts.editable_fields(request)
    edit_rules.require_promises_kept(event, edited, now)
    model.require_sellable_together(event["types"], CategoryType(edited["category_type"]))
    highest_price = max((event_type["prices"] for event_type in event["types"]), default=0)
    model.require_affordable({"/max_per_user": highest_price}, request.max_per_user)
    for event_type in event["types"]:
        model.require_sale_within_event({"/ends_at": event_type}, edited["ends_at"])
    changes = {name: value for name, value in edited.items() if event.get(name) != value}
    if changes:
        terms_changed = not changes.keys().isdisjoint(edit_rules.SALE_TERMS)
        event = repository.edit(event, "edit", changes, actor=_audit_name(caller, event), terms_changed=terms_changed)
    return live_view.with_live_data(event)


def publish(caller: Caller, event_id: str) -> Item:
    """Return the published event. Idempotent."""
    event = repository.get_managed(event_id, caller)
    if event["status"] != Status.PUBLISHED:
        model.require_publishable(event, clock.now())
        event = repository.publish(event, actor=_audit_name(caller, event))
    return live_view.with_live_data(event)


def cancel(caller: Caller, event_id: str, request: CancelRequest) -> Item:
    """Return the cancelled event. Idempotent. Raises EventEnded."""
    event = repository.get_managed(event_id, caller)
    if event["status"] != Status.CANCELLED:
        if edit_rules.is_over(event, clock.now()):
            raise EventEnded
        event = repository.cancel(event, request.message, actor=_audit_name(caller, event))
    return live_view.with_live_data(event)


def end(event_id: str) -> None:
    """End a published event. Raises RetryAt before its `ends_at`."""
    event = repository.find(event_id)
    if event is None or event["status"] != Status.PUBLISHED:
        return
    ends_at = clock.parse(event["ends_at"])
    if clock.now() < ends_at:
        raise RetryAt(ends_at)
    repository.end(event)


def set_staff(caller: Caller, event_id: str, request: StaffRequest, if_match: IfMatch) -> Item:
    """Replace the staff and return the event; the same staff in any order writes nothing. Raises StaleVersion."""
    event = repository.get_managed(event_id, caller)
    if_match.require_match(event)
    staff = list(dict.fromkeys(request.user_ids))
    if set(event["staff"]) != set(staff):
        event = repository.edit(event, "set_staff", {"staff": staff}, actor=_audit_name(caller, event))
    return live_view.with_live_data(event)


def _create_once(identity: IdempotentRequest, build: Callable[[], Item], *, actor: str) -> tuple[Item, bool]:
    # A replay succeeds even if a new request would fail now.
    existing = repository.find(identity.id) if identity.has_key else None
    if existing and identity.is_replay_of(existing):
        return live_view.with_live_data(existing), True
    event, existed = repository.create(build() | {"request_hash": identity.request_hash}, actor=actor)
    return live_view.with_live_data(event), existed and identity.is_replay_of(event)


def _require_own_list(caller: Caller, user_id: str) -> None:
    # A user without events may still be an organiser; a malformed id cannot be one.
    if not caller.can_manage(user_id) or not ids.is_well_formed(user_id):
        raise OrganiserNotFound


def _audit_name(caller: Caller, event: Item) -> str:
    return caller.audit_name(event["organiser_id"])
