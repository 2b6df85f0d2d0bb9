"""One round after another over all bookings, event by event, in slices that end in time.

Where it has come to is kept on an item of its own, so that each run goes on from there; what was summed up of an
event's bookings lies there, too. A run that dies costs what it had looked at since the last slice, no more.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any

from common import clock, log, store
from common.store import ConditionFailed, Item, Put
from reconcile.core import gathering, judging, mending
from reconcile.core.events import Event, Sums
from reconcile.core.run import BROKEN, Run

TABLE = "rounds"
KEY = {"pk": "round", "sk": "round"}
GRACE = timedelta(minutes=30)  # all deliveries: two soon, four after six of their function's time-outs each
SLICE = 20  # bookings that are looked at together
AT_ONCE = timedelta(seconds=40)  # after which no run begins another slice
ROLLS = 4  # index keys of an event's bookings
_LISTED = timedelta(days=60)  # events that began longer ago rest


def go_on(grace: timedelta = GRACE, *, afresh: bool = False) -> dict[str, Any]:
    """Look at as many slices as there is time for, from the first event on or from where the last run has come to.

    `finished` with the last of a round.
    """
    run = Run(grace, clock.now())
    while clock.now() < run.now + AT_ONCE:
        at = store.get(TABLE, KEY) or KEY | {"step": 0}
        if afresh:
            at, afresh = KEY | {"step": at["step"]}, False
        after = _step(run, at)
        if not _kept(at, after):
            break
        if "event" not in after and "start" not in after:
            return run.told(finished=True)
    return run.told(finished=False)


def _step(run: Run, at: Item) -> Item:
    """The next slice, and where it leaves the round."""
    if "event" not in at:
        return _next_event(run, at)
    after: Item = {"start": at["start"]}
    with run.reading(at["event"]):
        after |= _slice(run, at, Event.of(at["event"]))
    return after


def _slice(run: Run, at: Item, event: Event) -> Item:
    """The next bookings of an event; after the last, the event itself."""
    asked: dict[str, Any] = {"index": "by_event", "limit": SLICE, "start": at.get("page")}
    keys, last = store.query("bookings", "#roll = :roll", {"roll": f"{event.id}#{at['shard']}"}, **asked)
    sums = Sums(at["sums"])
    for name, subject in _gathered(run, [one["pk"] for one in keys]).items():
        with run.reading(name):
            sums.add(subject)
            _look(run, name, subject)
    kept = {name: at[name] for name in ("event", "seen", "start") if name in at} | {"sums": sums.stored()}
    if last:
        return kept | {"shard": at["shard"], "page": last}
    if at["shard"] + 1 < ROLLS:
        return kept | {"shard": at["shard"] + 1}
    _judge(run, event, sums, at["seen"])
    return {"start": at["start"]}


def _next_event(run: Run, at: Item) -> Item:
    since = clock.iso(run.now - _LISTED)
    condition, values = "#listed = :listed AND #listed_as > :since", {"listed": "event", "since": since}
    keys, _ = store.query("events", condition, values, index="listed", limit=1, start=at.get("start"))
    if not keys:
        return {}
    after: Item = {"start": dict(keys[0])}
    event_id = keys[0]["pk"]
    with run.reading(event_id):
        after |= {"event": event_id, "shard": 0, "sums": {}, "seen": Event.of(event_id).moving()}
    return after


def _gathered(run: Run, names: Sequence[str]) -> dict[str, gathering.Subject]:
    """What belongs to these bookings; where one cannot be read, each by itself."""
    with suppress(*BROKEN):
        return gathering.subjects(names)
    found: dict[str, gathering.Subject] = {}
    for name in names:
        with run.reading(name):
            found |= gathering.subjects([name])
    return found


def _look(run: Run, name: str, subject: gathering.Subject) -> None:
    """Judge it, once more where it looks wrong, and have it mended."""
    if judging.young(subject, run.now, run.grace):
        run.young += 1
        return
    run.judged += 1
    for payment in judging.unsure(subject, run.now):
        if run.may_ask("payment"):
            asked = mending.learn(payment["id"])
            run.learnt += asked.learnt
            run.asked("payment", answered=asked.answered)
    if not judging.of_booking(subject, run.now):
        return
    again = gathering.subjects([name])[name]
    said = judging.of_booking(again, run.now)
    if said and not judging.young(again, run.now, run.grace):
        _mend(run, name, said, [one for items in again.values() for one in items])


def _judge(run: Run, event: Event, sums: Sums, seen: str) -> None:
    """The event's own matters, unless it is moving at this time."""
    if sums.newest > clock.iso(run.now - run.grace) or event.moving() != seen or event.young(run.now - run.grace):
        run.young += 1
        return
    run.judged += 1
    said = judging.of_event(event.tables(sums)) + event.unheard()
    if said and event.moving() == seen:
        _mend(run, event.id, said, [event.item])


def _mend(run: Run, name: str, said: Sequence[str], items: Sequence[Mapping[str, Any]]) -> None:
    run.wrong += 1
    if run.may_ask("cdc"):
        run.asked("cdc", answered=mending.mend(name, said, items))


def _kept(before: Mapping[str, Any], after: Item) -> bool:
    """Go on from there next time, unless another run has gone on meanwhile."""
    item = KEY | after | {"step": before["step"] + 1}
    condition = "attribute_not_exists(#step) OR #step = :seen"
    try:
        store.write(Put(TABLE, item, condition=condition, values={"seen": before["step"]}))
    except ConditionFailed:
        log.count("SlicesOvertaken")
        return False
    return True
