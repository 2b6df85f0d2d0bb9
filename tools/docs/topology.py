"""docs/topology.md: the topology as tables and diagrams."""

from collections.abc import Iterator
from datetime import timedelta

from infra.topology import ROWS, TABLES
from infra.topology_types import Authorizer, DelayedEvent, Invocable, Route, Schedule, Stream, Subscription
from tools.docs import introspection
from tools.docs.topology_svg import render_svg

__all__ = ["mermaid_graph", "page", "render_svg"]


def page() -> str:
    """The page's Markdown."""
    intro = "From `infra/topology/`: what wakes each function, who may call it, and all that it may do."
    tables = [f"## {title}\n\n{text}" for title, text in _sections()]
    head = ["# Topology", introspection.NOTICE, intro, "![The services and the bus](topology.svg)", mermaid_graph()]
    return "\n\n".join([*head, *tables]) + "\n"


def mermaid_graph() -> str:
    """A Mermaid graph of the services, the bus events between them, and their invocations."""
    publications: dict[tuple[str, str], list[str]] = {}
    for event in introspection.events():
        for row in introspection.consumers(event):
            name = event.__name__ + (" ⏲" if isinstance(row, DelayedEvent) else "")
            names = publications.setdefault((introspection.publisher(event), row.service), [])
            names += [name] if name not in names else []
    nodes = [f'    {name}["{name}"]' for name in dict.fromkeys(name for pair in publications for name in pair)]
    events = [
        f'    {publisher} -- "{"<br/>".join(names)}" --> {consumer}'
        for (publisher, consumer), names in publications.items()
    ]
    invocations = [(row.service, *name.split(".")) for row in ROWS for name in row.invokes]
    edges = [f'    {edges} -. "asks {file}" .-> {service}' for edges, service, file in invocations]
    return "\n".join(["```mermaid", "flowchart LR", *nodes, *events, *edges, "```"])


def _sections() -> Iterator[tuple[str, str]]:
    waiting = "Woken by a bus event, they wait by sending their message to their own queue again."
    yield "Calls of the API", _routes()
    yield "Consumers of the bus", _consumers(timers=False)
    yield "Timers", f"{waiting}\n\n{_consumers(timers=True)}"
    yield "Streams", _streams()
    yield "The clock", _schedules()
    yield "Internal calls and the authorizer", _internal()
    yield "Tables", _tables_section()


def _routes() -> str:
    rows = [
        (
            f"`{row.route_key}`",
            f"`{row.function}`",
            str(row.access),
            introspection.purpose(row),
            introspection.describe_grants(row),
        )
        for row in ROWS
        if isinstance(row, Route)
    ]
    return introspection.markdown_table(("call", "function", "who may", "what for", "what it may do"), rows)


def _consumers(*, timers: bool) -> str:
    rows = [
        (
            ", ".join(one.__name__ for one in row.events),
            f"`{row.function}`",
            introspection.purpose(row),
            introspection.describe_grants(row),
        )
        for row in ROWS
        if isinstance(row, Subscription) and isinstance(row, DelayedEvent) == timers
    ]
    return introspection.markdown_table(("bus event", "function", "what for", "what it may do"), rows)


def _streams() -> str:
    rows = [
        (", ".join(table.name for table in row.tables), f"`{row.function}`", introspection.purpose(row))
        for row in ROWS
        if isinstance(row, Stream)
    ]
    return introspection.markdown_table(("tables", "function", "what for"), rows)


def _schedules() -> str:
    rows = [
        (
            f"every {row.every // timedelta(minutes=1)} minutes",
            f"`{row.function}`",
            introspection.purpose(row),
            introspection.describe_grants(row),
        )
        for row in ROWS
        if isinstance(row, Schedule)
    ]
    return introspection.markdown_table(("when", "function", "what for", "what it may do"), rows)


def _internal() -> str:
    rows = []
    for row in ROWS:
        if isinstance(row, Invocable | Authorizer):
            invokers = [f"`{one.function}`" for one in ROWS if row.function in one.invokes]
            invoked_by = "the gateway" if isinstance(row, Authorizer) else ", ".join(invokers) or "the operator"
            rows.append(
                (f"`{row.function}`", invoked_by, introspection.purpose(row), introspection.describe_grants(row))
            )
    return introspection.markdown_table(("function", "asked by", "what for", "what it may do"), rows)


def _tables_section() -> str:
    rows = [
        (
            table.name,
            ", ".join(f"{one.name} ({one.pk}{f', {one.sk}' if one.sk else ''})" for one in table.indexes) or "none",
            "yes" if table.stream else "no",
            table.ttl or "none",
        )
        for table in TABLES
    ]
    return introspection.markdown_table(("table", "indexes (keys)", "its stream is read", "expires by"), rows)
