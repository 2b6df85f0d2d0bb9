"""Announcements to all ticket holders of an event: changes and reminders.

Timers start both. They use the current copy of the event, not the bus event that started the timer.
"""

from datetime import timedelta

from common import clock, env
from common.bus.events import EventChanged, EventPublished
from common.consumer import RetryAt
from notify.core import broadcasts, event_copy
from notify.core.event_copy import EventCopyMissing, EventSummary
from notify.core.model import Kind

REMINDER_LEAD_TIME = timedelta(days=1)
_QUIET_PERIOD = timedelta(minutes=2)  # consecutive edits are announced once
_SHORT_QUIET_PERIOD = timedelta(seconds=2)


def announce_changes(changed: EventChanged) -> None:
    """Announce what has changed since the last announcement. Raises RetryAt until all ticket holders are notified."""
    quiet_until = changed.occurred_at + (_SHORT_QUIET_PERIOD if env.setting("SHORT_HOLDS") == "1" else _QUIET_PERIOD)
    if clock.now() < quiet_until:
        raise RetryAt(quiet_until)
    event_id, name = changed.event_id, f"changed#{changed.event_version}"
    broadcast = broadcasts.find(event_id, name)
    if broadcast is None:
        changes = _pending_changes(changed)
        if not changes:
            return
        broadcast = broadcasts.start(event_id, name, Kind.EVENT_CHANGED, changes)
    event_copy.mark_announced(event_id, changed.event_version, broadcast["facts"]["now"])
    if not broadcasts.send_next_batch(broadcast):
        raise RetryAt(clock.now())


def send_reminders(published: EventPublished) -> None:
    """Remind all ticket holders one day before the start, and again if the event is moved. Raises RetryAt before that.

    An event published less than a day ahead gets no reminder: the e-mail with the tickets is as recent.
    """
    event = event_copy.get(published.event_id)
    start = EventSummary.from_item(event).start_time
    if event["status"] != "PUBLISHED" or clock.now() >= start:
        return
    due = start - REMINDER_LEAD_TIME
    if clock.now() < due:
        raise RetryAt(due)
    if clock.parse(event["published_at"]) <= due:
        broadcast = broadcasts.start(published.event_id, f"reminder#{event['starts_at']}", Kind.EVENT_REMINDER, {})
        if not broadcasts.send_next_batch(broadcast):
            raise RetryAt(clock.now())
    raise RetryAt(start)


def _pending_changes(changed: EventChanged) -> dict[str, dict[str, str]]:
    event = event_copy.get(changed.event_id)
    if event["event_version"] < changed.event_version:
        raise EventCopyMissing
    # A newer change has its own timer, which announces both.
    is_superseded = event["event_version"] > changed.event_version or event["status"] != "PUBLISHED"
    return {} if is_superseded else event_copy.pending_changes(event)
