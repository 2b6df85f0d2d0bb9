"""Compare the bus events that a function writes to outboxes with `publishes=` of its row."""

from collections.abc import Sequence

from common.store import Put, Update, Write
from infra.topology_types import FunctionSpec

seen: set[tuple[str, str]] = set()  # (function, wire name) of every declared event written in this process


class NotDeclared(BaseException):
    """A function wrote a bus event to an outbox that its row does not declare. BaseException: no retry hides it."""


def check(row: FunctionSpec, writes: Sequence[Write]) -> None:
    """Raises NotDeclared for a bus event that the row does not name in `publishes`."""
    declared = {event.wire_name() for event in row.publishes}
    for name in (name for write in writes for name in events_of(write)):
        if name not in declared:
            raise NotDeclared(f"{row.function} does not declare that it publishes {name}")
        seen.add((row.function, name))


def events_of(write: Write) -> list[str]:
    """The wire names of the bus events that this write puts into its item's outbox."""
    if isinstance(write, Put):
        is_new = write.item.get("outbox_version") == write.item.get("version")
        entries = write.item.get("outbox", []) if is_new else []
    else:
        entries = write.values.get("outbox", []) if isinstance(write, Update) else []
    return [entry["bus_event"] for entry in entries]
