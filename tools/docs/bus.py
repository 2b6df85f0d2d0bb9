"""docs/bus.md: the bus events with producers, consumers and examples."""

import json

from common.bus import BusEvent
from infra.topology import ROWS
from infra.topology_types import DelayedEvent
from tools.docs import introspection
from tools.docs.examples import example

_INTRO = """\
Services tell each other what happened through one EventBridge bus. The topic is the `detail-type`,
`<message type>.v<n>`; each consumer has a queue and a dead-letter queue of its own. Delivery is at least once and
unordered. Fields are only ever added: `docs/schemas/` holds each message's JSON schema."""


def page() -> str:
    """The page's Markdown."""
    events = introspection.events()
    head = ("topic", "message type", "producers", "consumers", "description")
    rows = [(f"`{one.wire_name()}`", _link(one), producers(one), consumers(one), _description(one)) for one in events]
    return (
        "\n\n".join(
            [
                "# The bus",
                introspection.NOTICE,
                _INTRO,
                introspection.markdown_table(head, rows),
                "## Messages",
                *map(_section, events),
            ]
        )
        + "\n"
    )


def producers(event: type[BusEvent]) -> str:
    """The functions that may write the event to an outbox, for a table cell."""
    return ", ".join(f"`{row.function}`" for row in ROWS if event in row.publishes) or "none"


def consumers(event: type[BusEvent]) -> str:
    """The functions that consume the event, for a table cell; timers are marked."""
    rows = introspection.consumers(event)
    return (
        ", ".join(f"`{row.function}`{' (timer)' if isinstance(row, DelayedEvent) else ''}" for row in rows)
        or "none yet"
    )


def example_payload(event: type[BusEvent]) -> str:
    """An example of the EventBridge event, as JSON."""
    message = example(event)
    envelope = {"source": event.source, "detail-type": event.wire_name(), "detail": message.model_dump(mode="json")}
    return json.dumps(envelope, indent=2, ensure_ascii=False)


def _section(event: type[BusEvent]) -> str:
    return f"### {event.__name__}\n\n{_description(event)}\n\n```json\n{example_payload(event)}\n```"


def _link(event: type[BusEvent]) -> str:
    return f"[{event.__name__}](#{event.__name__.lower()})"


def _description(event: type[BusEvent]) -> str:
    return " ".join((event.__doc__ or "").split())
