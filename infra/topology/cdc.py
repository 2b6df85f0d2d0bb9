"""CDC: publishes the outboxes of the table streams to the bus."""

from infra.topology.resources import TABLES
from infra.topology_types import FunctionSpec, Invocable, Stream

ROWS: tuple[FunctionSpec, ...] = (
    Stream(tuple(table for table in TABLES if table.stream), "cdc.publish_outbox"),
    Invocable("cdc.republish_events", puts_events=True),
)
