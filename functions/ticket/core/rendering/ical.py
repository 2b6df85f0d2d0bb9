"""The event as an iCalendar document (RFC 5545)."""

from icalendar import Calendar, Event

from common import clock
from common.store import Item


def document(event: Item) -> str:
    """One entry with a stable UID, so that a later import replaces an earlier one."""
    entry = Event()
    entry.add("uid", f"{event['pk']}@ticketing")
    entry.add("sequence", event["event_version"])
    entry.add("dtstamp", clock.now())
    entry.add("dtstart", clock.parse(event["starts_at"]))
    entry.add("dtend", clock.parse(event["ends_at"]))
    entry.add("summary", event["name"])
    entry.add("location", f"{event['venue']}, {event['city']}")
    calendar = Calendar()
    calendar.add("prodid", "-//Ticketing//Tickets//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add_component(entry)
    return str(calendar.to_ical().decode())
