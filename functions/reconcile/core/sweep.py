"""Sweeps over all bookings, event by event, in batches that fit the run's time budget.

A checkpoint item keeps the position and the event's booking totals, so each run continues where the last one stopped.
A crashed run repeats only its last batch.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any

from common import clock, log, store
from common.store import ConditionFailed, Item, Put
from reconcile.core import evaluation, loader, repair
from reconcile.core.event_subject import BookingTotals, Event
from reconcile.core.run_state import UNREADABLE, Run

TABLE = "reconciliation"
CHECKPOINT_KEY = {"pk": "sweep", "sk": "checkpoint"}
GRACE = timedelta(minutes=30)  # covers all deliveries: two fast ones, four after six function time-outs each
BATCH_SIZE = 20  # bookings per batch
RUN_BUDGET = timedelta(seconds=40)  # a run begins no batch after this
EVENT_SHARDS = 4  # index keys of an event's bookings, as in booking
_LOOKBACK = timedelta(days=60)  # events that started earlier are not checked


def run_slice(grace: timedelta = GRACE, *, restart: bool = False) -> dict[str, Any]:
    """Check as many batches as the time budget allows, from the checkpoint, or from the first event if `restart`.

    Returns the run's counts; `finished` is true if it completed the sweep.
    """
    run = Run(grace, clock.now())
    while clock.now() < run.now + RUN_BUDGET:
        checkpoint = store.get(TABLE, CHECKPOINT_KEY) or CHECKPOINT_KEY | {"step": 0}
        if restart:
            checkpoint, restart = CHECKPOINT_KEY | {"step": checkpoint["step"]}, False
        next_checkpoint = _advance(run, checkpoint)
        if not _save_checkpoint(checkpoint, next_checkpoint):
            break
        if "event" not in next_checkpoint and "start" not in next_checkpoint:
            return run.summary(finished=True)
    return run.summary(finished=False)


def _advance(run: Run, checkpoint: Item) -> Item:
    """Process the next batch; returns the next checkpoint."""
    if "event" not in checkpoint:
        return _next_event(run, checkpoint)
    next_checkpoint: Item = {"start": checkpoint["start"]}
    with run.guard(checkpoint["event"]):
        next_checkpoint |= _check_bookings(run, checkpoint, Event.load(checkpoint["event"]))
    return next_checkpoint


def _check_bookings(run: Run, checkpoint: Item, event: Event) -> Item:
    """Check the next bookings of an event; after the last one, the event itself."""
    options: dict[str, Any] = {"index": "by_event", "limit": BATCH_SIZE, "start": checkpoint.get("page")}
    keys, last = store.query("bookings", "#shard = :shard", {"shard": f"{event.id}#{checkpoint['shard']}"}, **options)
    totals = BookingTotals(checkpoint["sums"])
    for name, subject in _load_subjects(run, [one["pk"] for one in keys]).items():
        with run.guard(name):
            totals.add(subject)
            _check_booking(run, name, subject)
    next_checkpoint = {name: checkpoint[name] for name in ("event", "seen", "start") if name in checkpoint} | {
        "sums": totals.to_dict()
    }
    if last:
        return next_checkpoint | {"shard": checkpoint["shard"], "page": last}
    if checkpoint["shard"] + 1 < EVENT_SHARDS:
        return next_checkpoint | {"shard": checkpoint["shard"] + 1}
    _check_event(run, event, totals, checkpoint["seen"])
    return {"start": checkpoint["start"]}


def _next_event(run: Run, checkpoint: Item) -> Item:
    since = clock.iso(run.now - _LOOKBACK)
    condition, values = "#listed = :listed AND #listed_as > :since", {"listed": "event", "since": since}
    keys, _ = store.query("events", condition, values, index="listed", limit=1, start=checkpoint.get("start"))
    if not keys:
        return {}
    next_checkpoint: Item = {"start": dict(keys[0])}
    event_id = keys[0]["pk"]
    with run.guard(event_id):
        next_checkpoint |= {"event": event_id, "shard": 0, "sums": {}, "seen": Event.load(event_id).fingerprint()}
    return next_checkpoint


def _load_subjects(run: Run, names: Sequence[str]) -> dict[str, loader.Subject]:
    """Load these bookings; if one is malformed, load each on its own."""
    with suppress(*UNREADABLE):
        return loader.load(names)
    found: dict[str, loader.Subject] = {}
    for name in names:
        with run.guard(name):
            found |= loader.load([name])
    return found


def _check_booking(run: Run, name: str, subject: loader.Subject) -> None:
    """Check a booking; if a second, fresh read shows violations too, repair it."""
    if evaluation.recently_changed(subject, run.now, run.grace):
        run.skipped += 1
        return
    run.checked += 1
    for payment in evaluation.payments_to_sync(subject, run.now):
        if run.can_call("payment"):
            sync = repair.sync_payment(payment["id"])
            run.synced += sync.updated
            run.record_call("payment", answered=sync.complete)
    if not evaluation.booking_violations(subject, run.now):
        return
    reloaded = loader.load([name])[name]
    violations = evaluation.booking_violations(reloaded, run.now)
    if violations and not evaluation.recently_changed(reloaded, run.now, run.grace):
        _repair(run, name, violations, [one for items in reloaded.values() for one in items])


def _check_event(run: Run, event: Event, totals: BookingTotals, fingerprint: str) -> None:
    """Check the event, unless it or its bookings changed recently."""
    if (
        totals.last_updated_at > clock.iso(run.now - run.grace)
        or event.fingerprint() != fingerprint
        or event.recently_changed(run.now - run.grace)
    ):
        run.skipped += 1
        return
    run.checked += 1
    violations = evaluation.event_violations(event.tables(totals)) + event.missing_deliveries()
    if violations and event.fingerprint() == fingerprint:
        _repair(run, event.id, violations, [event.item])


def _repair(run: Run, name: str, violations: Sequence[str], items: Sequence[Mapping[str, Any]]) -> None:
    run.violated += 1
    if run.can_call("cdc"):
        run.record_call("cdc", answered=repair.repair(name, violations, items))


def _save_checkpoint(previous: Mapping[str, Any], next_checkpoint: Item) -> bool:
    """Store the checkpoint; False if another run has advanced it meanwhile."""
    item = CHECKPOINT_KEY | next_checkpoint | {"step": previous["step"] + 1}
    condition = "attribute_not_exists(#step) OR #step = :seen"
    try:
        store.write(Put(TABLE, item, condition=condition, values={"seen": previous["step"]}))
    except ConditionFailed:
        log.count("StaleCheckpoint")
        return False
    return True
