"""Cancellation of a whole event: close the sale, then cancel all its bookings in batches.

The index of an event's bookings is eventually consistent, so passes over it are repeated every few seconds until one
finds nothing more to cancel. Progress is kept on its own item; each cancelled booking is counted there in the
transaction that cancels it, so a batch can be repeated at any point.
"""

from datetime import timedelta
from typing import Any

from booking.core import availability, event_copy, repository
from booking.core.errors import CancellationNotFound
from booking.core.model import EVENT_SHARDS, HOLDING_STATES, Booking, State, Trigger, event_shard_key
from common import clock, log, store
from common.bus.booking import BookingCancelled
from common.bus.events import EventCancelled
from common.consumer import RetryAt
from common.outbox import event_entry
from common.retries import Contention
from common.store import ConditionFailed, Item, Put, Update

TABLE = "bookings"
BATCH_SIZE = 25  # bookings read per checkpoint
PASS_INTERVAL = timedelta(seconds=5)  # lets the index catch up with earlier writes
_TRIES = 8


def key(event_id: str) -> dict[str, str]:
    return {"pk": event_id, "sk": "cancellation"}


def find(event_id: str) -> Item | None:
    return store.get(TABLE, key(event_id))


def get(event_id: str) -> Item:
    """The progress item of an event's cancellation. Raises CancellationNotFound."""
    progress = find(event_id)
    if progress is None:
        raise CancellationNotFound
    return progress


def process_next_batch(event: EventCancelled) -> None:
    """Cancel the next batch of bookings. Raises RetryAt until all are cancelled."""
    progress = find(event.event_id) or _start(event)
    if progress["state"] == "FINISHED":
        return
    due = clock.parse(progress["pass_at"])
    if clock.now() < due:
        raise RetryAt(due)
    options: dict[str, Any] = {"limit": BATCH_SIZE, "start": progress.get("start"), "forward": True}
    shard_key = {"shard": event_shard_key(event.event_id, progress["shard_index"])}
    keys, last = store.query(TABLE, "#shard = :shard", shard_key, index="by_event", **options)
    for item in store.batch_get(TABLE, [{"pk": one["pk"], "sk": one["sk"]} for one in keys]):
        _cancel_booking(Booking.from_item(item), event)
    _save_checkpoint(find(event.event_id) or progress, progress, len(keys), last)
    raise RetryAt(clock.now())


def _start(event: EventCancelled) -> Item:
    """Close the sale and create the progress item; no order or late payment gets places from here on."""
    event_copy.upsert(event)
    availability.publish_availability(event.event_id)
    now = clock.iso(clock.now())
    counts = dict.fromkeys(("step", "shard_index", "found", "seen", "before", "cancelled"), 0)
    item = key(event.event_id) | counts | {"state": "RUNNING", "started_at": now, "pass_at": now}
    try:
        store.write(Put(TABLE, item, condition="attribute_not_exists(#pk)"))
    except ConditionFailed as failure:
        return failure.old_items[0] or item
    return item


def _cancel_booking(booking: Booking, event: EventCancelled) -> None:
    message = {"message": event.message} if event.message else {}
    for _ in range(_TRIES):
        if booking.status not in HOLDING_STATES:
            return
        owed = booking.prices - booking.refunded if booking.status is State.CONFIRMED else 0
        counter_update = Update(
            TABLE,
            key(booking.event_id),
            f"ADD #cancelled :one, #owed_{booking.currency} :owed",
            values={"one": 1, "owed": owed},
        )
        cancelled_event = event_entry(BookingCancelled, reason="event_cancelled", **message)
        try:
            repository.release(
                booking, Trigger.EVENT_CANCELLED, [cancelled_event], actor=event.by, additional_writes=[counter_update]
            )
        except ConditionFailed:
            booking = repository.get(booking.id)  # paid or ended concurrently
        else:
            log.count("BookingsCancelledWithEvent")
            return
    raise Contention(f"booking {booking.id} keeps changing")


def _save_checkpoint(current: Item, progress: Item, scanned: int, last: Item | None) -> None:
    """Advance the progress item, unless another instance has already done so."""
    sets: dict[str, Any] = {"seen": progress["seen"] + scanned}
    removes = [] if last else ["start"]
    if last:
        sets |= {"start": last}
    elif progress["shard_index"] + 1 < EVENT_SHARDS:
        sets |= {"shard_index": progress["shard_index"] + 1}
    elif current["cancelled"] > current["before"] or progress["pass_at"] == progress["started_at"]:
        next_pass = {"shard_index": 0, "seen": 0, "found": sets["seen"], "before": current["cancelled"]}
        sets = next_pass | {"pass_at": clock.iso(clock.now() + PASS_INTERVAL)}
    else:
        sets = {"found": sets["seen"], "state": "FINISHED", "finished_at": clock.iso(clock.now())}
        removes += ["shard_index", "seen", "before", "pass_at"]
    sets |= {"step": progress["step"] + 1}
    expression = f"SET {', '.join(f'#{name} = :{name}' for name in sets)}"
    expression += f" REMOVE {', '.join(f'#{name}' for name in removes)}" if removes else ""
    expected = {"at": progress["step"]}
    try:
        store.write(Update(TABLE, key(progress["pk"]), expression, condition="#step = :at", values=sets | expected))
    except ConditionFailed:
        log.count("StaleCheckpoint")
