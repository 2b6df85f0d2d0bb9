"""How many places of a type there are."""

from booking.core import catalogue, stock
from booking.core.errors import BelowTaken, EventUnknown, NotPublishedYet, TypeUnknown
from booking.core.schemas import CapacityView
from common import log, outbox, store
from common.api import Caller
from common.bus.booking import CapacityChanged
from common.call import CallFailed, ask
from common.calls.events import FindType, FoundType
from common.outbox import entry
from common.patience import NotNow
from common.problems import Busy, NotFound
from common.store import ConditionFailed

_TRIES = 8


def set_to(caller: Caller, event_id: str, event_type_id: str, capacity: int) -> CapacityView:
    """Set it to this number; what is held or sold at the moment of the write stays.

    The number is absolute, so a repetition changes nothing; of two organisers' numbers the later one stands.
    """
    _sold(caller, event_id, event_type_id)
    for _ in range(_TRIES):
        available, before = stock.free([event_type_id])[event_type_id]
        if capacity < before - available:
            raise BelowTaken(before - available)
        if capacity != before and not _resized(event_type_id, before, capacity):
            continue  # an order or another change came between: look again
        free = available + capacity - before
        return CapacityView(event_id=event_id, event_type_id=event_type_id, capacity=capacity, available=free)
    raise NotNow(f"the stock of {event_type_id} does not come to rest")


def _sold(caller: Caller, event_id: str, event_type_id: str) -> None:
    missing = _missing(caller, event_id, event_type_id)
    if missing is None:
        return
    whose = None if "admin" in caller.roles else caller.user_id
    wanted = FindType(organiser_id=whose, event_id=event_id, event_type_id=event_type_id)
    try:
        known = ask("events.find_type", wanted, FoundType)
    except CallFailed:
        raise Busy from None
    raise NotPublishedYet(published=known.published) if known.found else missing


def _missing(caller: Caller, event_id: str, event_type_id: str) -> NotFound | None:
    try:
        known = event_type_id in catalogue.organised(event_id, caller).types
    except EventUnknown as unknown:
        return unknown
    return None if known else TypeUnknown()


def _resized(event_type_id: str, before: int, after: int) -> bool:
    told = outbox.change(
        stock.TABLE,
        stock.tally_key(event_type_id),
        trigger="resize",
        actor="organiser",
        publish=[entry(CapacityChanged, capacity=after)],
        log=False,
    )
    try:
        store.transact([stock.resize(event_type_id, before=before, after=after), told])
    except ConditionFailed:
        return False
    log.count("CapacitiesChanged")
    return True
