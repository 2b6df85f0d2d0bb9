"""docs/bus.md: the topic table of the bus, with an example of every message."""

import json

from common.bus import BusEvent
from infra.vocabulary import Timer
from tools.docs import read
from tools.docs.examples import example

_INTRO = """\
Services tell each other what happened through one EventBridge bus. The topic is the `detail-type`,
`<message type>.v<n>`; each consumer has a queue and a dead-letter queue of its own. Delivery is at least once and
unordered. Fields are only ever added: `docs/schemas/` holds each message's JSON schema."""


def page() -> str:
    """The whole file."""
    events = read.events()
    head = ("topic", "message type", "producer", "consumers", "description")
    rows = [(f"`{one.wire_name()}`", _link(one), read.publisher(one), consumers(one), _told(one)) for one in events]
    return (
        "\n\n".join(["# The bus", read.NOTICE, _INTRO, read.table(head, rows), "## Messages", *map(_section, events)])
        + "\n"
    )


def consumers(event: type[BusEvent]) -> str:
    """The functions that it wakes, timers marked."""
    rows = read.listeners(event)
    return ", ".join(f"`{row.function}`{' (timer)' if isinstance(row, Timer) else ''}" for row in rows) or "none yet"


def payload(event: type[BusEvent]) -> str:
    """An example of what travels, as EventBridge shows it."""
    message = example(event)
    shown = {"source": event.source, "detail-type": event.wire_name(), "detail": message.model_dump(mode="json")}
    return json.dumps(shown, indent=2, ensure_ascii=False)


def _section(event: type[BusEvent]) -> str:
    return f"### {event.__name__}\n\n{_told(event)}\n\n```json\n{payload(event)}\n```"


def _link(event: type[BusEvent]) -> str:
    return f"[{event.__name__}](#{event.__name__.lower()})"


def _told(event: type[BusEvent]) -> str:
    return " ".join((event.__doc__ or "").split())
