"""An event that will not take place: its sale is closed first, then every booking ends, slice by slice.

The index of an event's bookings may lag behind the sale that was just closed: it is gone through again some
seconds later, until a pass finds nothing more. Where it had come to is kept on an item of its own; each booking
that ends is counted there in the transaction that ends it, so that a slice may begin again at any point.
"""

from datetime import timedelta
from typing import Any

from booking.core import catalogue, repository, tally
from booking.core.errors import CancellationUnknown
from booking.core.model import ROLLS, TAKING, Booking, State, Trigger, roll
from common import clock, log, store
from common.bus.booking import BookingCancelled
from common.bus.events import EventCancelled
from common.consumer import Later
from common.outbox import entry
from common.patience import NotNow
from common.store import ConditionFailed, Item, Put, Update

TABLE = "bookings"
SLICE = 25  # bookings that are looked at before the next checkpoint
SETTLED = timedelta(seconds=5)  # from one pass to the next: by then the index shows what was written before
_TRIES = 8


def key(event_id: str) -> dict[str, str]:
    return {"pk": event_id, "sk": "cancellation"}


def find(event_id: str) -> Item | None:
    return store.get(TABLE, key(event_id))


def existing(event_id: str) -> Item:
    """How far it has come. Raises CancellationUnknown."""
    found = find(event_id)
    if found is None:
        raise CancellationUnknown
    return found


def go_on(event: EventCancelled) -> None:
    """One slice of it. Raises Later until all is done."""
    begun = find(event.event_id) or _begun(event)
    if begun["state"] == "FINISHED":
        return
    due = clock.parse(begun["pass_at"])
    if clock.now() < due:
        raise Later(due)
    asked: dict[str, Any] = {"index": "by_event", "limit": SLICE, "start": begun.get("start"), "forward": True}
    owner = {"roll": roll(event.event_id, begun["shard"])}
    keys, last = store.query(TABLE, "#roll = :roll", owner, **asked)
    for item in store.batch_get(TABLE, [{"pk": one["pk"], "sk": one["sk"]} for one in keys]):
        _call_off(Booking.of(item), event)
    _checkpoint(find(event.event_id) or begun, begun, len(keys), last)
    raise Later(clock.now())


def _begun(event: EventCancelled) -> Item:
    """No order and no late payment takes a place from here on."""
    catalogue.learn(event)
    tally.tell(event.event_id)
    now = clock.iso(clock.now())
    counts = dict.fromkeys(("step", "shard", "found", "seen", "before", "cancelled"), 0)
    item = key(event.event_id) | counts | {"state": "RUNNING", "started_at": now, "pass_at": now}
    try:
        store.write(Put(TABLE, item, condition="attribute_not_exists(#pk)"))
    except ConditionFailed as failure:
        return failure.old[0] or item
    return item


def _call_off(booking: Booking, event: EventCancelled) -> None:
    said = {"message": event.message} if event.message else {}
    for _ in range(_TRIES):
        if booking.status not in TAKING:
            return
        owed = booking.prices - booking.refunded if booking.status is State.CONFIRMED else 0
        counted = Update(
            TABLE,
            key(booking.event_id),
            f"ADD #cancelled :one, #owed_{booking.currency} :owed",
            values={"one": 1, "owed": owed},
        )
        told = entry(BookingCancelled, reason="event_cancelled", **said)
        try:
            repository.release(booking, Trigger.CALL_OFF, [told], actor=event.by, beside=[counted])
        except ConditionFailed:
            booking = repository.existing(booking.id)  # it was paid, or ended, meanwhile
        else:
            log.count("BookingsCalledOff")
            return
    raise NotNow(f"booking {booking.id} does not come to rest")


def _checkpoint(now: Item, begun: Item, looked_at: int, last: Item | None) -> None:
    """Keep where it has come to, unless another instance has gone on from there already."""
    sets: dict[str, Any] = {"seen": begun["seen"] + looked_at}
    removes = [] if last else ["start"]
    if last:
        sets |= {"start": last}
    elif begun["shard"] + 1 < ROLLS:
        sets |= {"shard": begun["shard"] + 1}
    elif now["cancelled"] > now["before"] or begun["pass_at"] == begun["started_at"]:
        next_pass = {"shard": 0, "seen": 0, "found": sets["seen"], "before": now["cancelled"]}
        sets = next_pass | {"pass_at": clock.iso(clock.now() + SETTLED)}
    else:
        sets = {"found": sets["seen"], "state": "FINISHED", "finished_at": clock.iso(clock.now())}
        removes += ["shard", "seen", "before", "pass_at"]
    sets |= {"step": begun["step"] + 1}
    expression = f"SET {', '.join(f'#{name} = :{name}' for name in sets)}"
    expression += f" REMOVE {', '.join(f'#{name}' for name in removes)}" if removes else ""
    at = {"at": begun["step"]}
    try:
        store.write(Update(TABLE, key(begun["pk"]), expression, condition="#step = :at", values=sets | at))
    except ConditionFailed:
        log.count("SlicesOvertaken")
