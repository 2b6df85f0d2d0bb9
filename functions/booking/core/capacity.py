"""Capacity changes of an event type by its organiser."""

from booking.core import event_copy, inventory
from booking.core.errors import CapacityBelowSold, EventNotFound, EventNotPublished, EventTypeNotFound
from booking.core.schemas import CapacityView
from common import log, outbox, store
from common.api import Caller
from common.bus.booking import CapacityChanged
from common.outbox import event_entry
from common.problems import NotFound, ServiceUnavailable
from common.retries import Contention
from common.rpc.events import FindEventTypeRequest, FindEventTypeResponse
from common.rpc.invocation import InvocationFailed, invoke
from common.store import ConditionFailed

_TRIES = 8


def set_capacity(caller: Caller, event_id: str, event_type_id: str, capacity: int) -> CapacityView:
    """Set the total number of places of a type; held and sold places are kept.

    The number is absolute: repeating the request changes nothing, and the last of two concurrent requests wins.
    Raises EventNotFound, EventTypeNotFound, EventNotPublished, CapacityBelowSold, ServiceUnavailable or Contention.
    """
    _require_on_sale(caller, event_id, event_type_id)
    for _ in range(_TRIES):
        available, before = inventory.available_by_type([event_type_id])[event_type_id]
        if capacity < before - available:
            raise CapacityBelowSold(before - available)
        if capacity != before and not _try_resize(event_type_id, before, capacity):
            continue  # an order or another change won: read again
        remaining = available + capacity - before
        return CapacityView(event_id=event_id, event_type_id=event_type_id, capacity=capacity, available=remaining)
    raise Contention(f"inventory of {event_type_id} keeps changing")


def _require_on_sale(caller: Caller, event_id: str, event_type_id: str) -> None:
    error = _missing_error(caller, event_id, event_type_id)
    if error is None:
        return
    organiser_id = None if "admin" in caller.roles else caller.user_id
    request = FindEventTypeRequest(organiser_id=organiser_id, event_id=event_id, event_type_id=event_type_id)
    try:
        answer = invoke("events.find_event_type", request, FindEventTypeResponse)
    except InvocationFailed:
        raise ServiceUnavailable from None
    raise EventNotPublished(published=answer.published) if answer.found else error


def _missing_error(caller: Caller, event_id: str, event_type_id: str) -> NotFound | None:
    try:
        exists = event_type_id in event_copy.get_managed_terms(event_id, caller).types
    except EventNotFound as error:
        return error
    return None if exists else EventTypeNotFound()


def _try_resize(event_type_id: str, before: int, after: int) -> bool:
    counter_update = outbox.versioned_update(
        inventory.TABLE,
        inventory.counter_key(event_type_id),
        trigger="resize",
        actor="organiser",
        publish=[event_entry(CapacityChanged, capacity=after)],
        log=False,
    )
    try:
        store.transact([inventory.resize(event_type_id, before=before, after=after), counter_update])
    except ConditionFailed:
        return False
    log.count("CapacitiesChanged")
    return True
