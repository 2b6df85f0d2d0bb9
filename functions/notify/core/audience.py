"""What everybody with tickets for an event is told: that it has changed, and that it is near.

Both are woken by timers, and go by the event's own copy, never by the message that set the timer.
"""

from datetime import timedelta

from common import clock, env
from common.bus.events import EventChanged, EventPublished
from common.consumer import Later
from notify.core import runs, shows
from notify.core.model import Kind
from notify.core.shows import Show, ShowMissing

AHEAD = timedelta(days=1)
_CALM = timedelta(minutes=2)  # an organiser who edits three times in a row is told of once
_CALM_HERE = timedelta(seconds=2)


def tell_changes(changed: EventChanged) -> None:
    """When edits have calmed down, tell everybody with tickets what is different from what they knew."""
    calm = changed.occurred_at + (_CALM_HERE if env.setting("SHORT_HOLDS") == "1" else _CALM)
    if clock.now() < calm:
        raise Later(calm)
    event_id, name = changed.event_id, f"changed#{changed.event_version}"
    run = runs.find(event_id, name)
    if run is None:
        differs = _differs(changed)
        if not differs:
            return
        run = runs.begin(event_id, name, Kind.EVENT_CHANGED, differs)
    shows.mark_told(event_id, changed.event_version, run["facts"]["now"])
    if not runs.go_on(run):
        raise Later(clock.now())


def remind(published: EventPublished) -> None:
    """A day before the event remind everybody with tickets; of one that is moved later, again.

    Where it was published less than a day ahead nobody is: their tickets' own mail is as fresh.
    """
    event = shows.copy(published.event_id)
    starts = Show.of(event).starts
    if event["status"] != "PUBLISHED" or clock.now() >= starts:
        return
    due = starts - AHEAD
    if clock.now() < due:
        raise Later(due)
    if clock.parse(event["published_at"]) <= due:
        begun = runs.begin(published.event_id, f"reminder#{event['starts_at']}", Kind.EVENT_REMINDER, {})
        if not runs.go_on(begun):
            raise Later(clock.now())
    raise Later(starts)


def _differs(changed: EventChanged) -> dict[str, dict[str, str]]:
    event = shows.copy(changed.event_id)
    if event["event_version"] < changed.event_version:
        raise ShowMissing
    # A newer change has a timer of its own, and tells of this one with it.
    overtaken = event["event_version"] > changed.event_version or event["status"] != "PUBLISHED"
    return {} if overtaken else shows.untold(event)
