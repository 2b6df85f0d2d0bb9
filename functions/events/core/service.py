"""What organisers do with their events, and what time does."""

from collections.abc import Callable

from common import clock, ids
from common.api import Caller, IfMatch, Paging
from common.consumer import Later
from common.cursor import Page
from common.idempotency import Claim
from common.store import Item
from events.core import drafts, model, promises, repository, standing
from events.core.errors import EventEnded, EventUnknown, OrganiserUnknown
from events.core.model import CategoryType, Status
from events.core.requests import CancelRequest, CloneRequest, EventEdit, EventRequest, StaffRequest


def create_event(caller: Caller, key: str | None, request: EventRequest) -> tuple[Item, bool]:
    """The draft, and whether an earlier request had made it."""
    claim = Claim.of("event", caller.user_id, key, request)
    return _made(claim, lambda: drafts.planned(caller, claim.id, request), by=caller.user_id)


def clone(caller: Caller, key: str | None, event_id: str, request: CloneRequest) -> tuple[Item, bool]:
    """A draft like the event at another time, and whether an earlier request had made it."""
    event = standing.of(repository.organised(event_id, caller))
    claim = Claim.of(f"clone of {event_id}", caller.user_id, key, request)
    return _made(claim, lambda: drafts.copied(claim.id, event, request), by=_actor(caller, event))


def own(caller: Caller, user_id: str, event_id: str) -> Item:
    """An event of that organiser's, in whatever state. Raises OrganiserUnknown or EventUnknown."""
    _self(caller, user_id)
    event = repository.organised(event_id, caller)
    if event["organiser_id"] != user_id:
        raise EventUnknown
    return standing.of(event)


def all_own(caller: Caller, user_id: str, paging: Paging) -> Page:
    """A page of the organiser's own events. Raises OrganiserUnknown."""
    _self(caller, user_id)
    page = repository.own(user_id, paging)
    return Page(standing.all_of(page.items), page.next_token, page.previous_token)


def edit(caller: Caller, event_id: str, request: EventEdit, seen: IfMatch) -> Item:
    """The event with all of this; what is so already is not written."""
    event, now = repository.organised(event_id, caller), clock.now()
    seen.check(event)
    promises.editable(event, now)
    wanted = drafts.about(request)
    promises.kept(event, wanted, now)
    model.sold(event["types"], CategoryType(wanted["category_type"]))
    dearest = max((one["prices"] for one in event["types"]), default=0)
    model.payable({"/max_per_user": dearest}, request.max_per_user)
    for one in event["types"]:
        model.sellable({"/ends_at": one}, wanted["ends_at"])
    changes = {name: value for name, value in wanted.items() if event.get(name) != value}
    if changes:
        sold = not changes.keys().isdisjoint(promises.SOLD_UNDER)
        event = repository.edit(event, "edit", changes, by=_actor(caller, event), sold=sold)
    return standing.of(event)


def publish(caller: Caller, event_id: str) -> Item:
    """The published event; publishing it again changes nothing."""
    event = repository.organised(event_id, caller)
    if event["status"] != Status.PUBLISHED:
        model.publishable(event, clock.now())
        event = repository.publish(event, by=_actor(caller, event))
    return standing.of(event)


def cancel(caller: Caller, event_id: str, request: CancelRequest) -> Item:
    """The cancelled event; cancelling it again changes nothing. Raises EventEnded."""
    event = repository.organised(event_id, caller)
    if event["status"] != Status.CANCELLED:
        if promises.over(event, clock.now()):
            raise EventEnded
        event = repository.cancel(event, request.message, by=_actor(caller, event))
    return standing.of(event)


def end(event_id: str) -> None:
    """Let a published event be over. Raises Later before its time."""
    event = repository.find(event_id)
    if event is None or event["status"] != Status.PUBLISHED:
        return
    ends_at = clock.parse(event["ends_at"])
    if clock.now() < ends_at:
        raise Later(ends_at)
    repository.end(event)


def set_staff(caller: Caller, event_id: str, request: StaffRequest, seen: IfMatch) -> Item:
    """The event with exactly these people at its door; nothing is written where they are there already."""
    event = repository.organised(event_id, caller)
    seen.check(event)
    staff = list(dict.fromkeys(request.user_ids))
    if set(event["staff"]) != set(staff):
        event = repository.edit(event, "set_staff", {"staff": staff}, by=_actor(caller, event))
    return standing.of(event)


def _made(claim: Claim, plan: Callable[[], Item], *, by: str) -> tuple[Item, bool]:
    # A repetition is answered even where a new request would be refused by now.
    earlier = repository.find(claim.id) if claim.keyed else None
    if earlier and claim.repeats(earlier):
        return standing.of(earlier), True
    event, existed = repository.add_event(plan() | {"request_hash": claim.request_hash}, by=by)
    return standing.of(event), existed and claim.repeats(event)


def _self(caller: Caller, user_id: str) -> None:
    # Whose events are none may be an organiser all the same; what cannot be an id is nobody.
    if not caller.manages(user_id) or not ids.possible(user_id):
        raise OrganiserUnknown


def _actor(caller: Caller, event: Item) -> str:
    return caller.actor(event["organiser_id"])
