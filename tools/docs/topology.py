"""docs/topology.md: the page of the system as tables, and its picture."""

from collections.abc import Iterator

from infra.topology import ROWS, TABLES
from infra.vocabulary import Authorizer, Call, Every, On, Route, Stream, Timer
from tools.docs import read
from tools.docs.drawing import drawing

__all__ = ["drawing", "page", "picture"]


def page() -> str:
    """The whole file."""
    intro = "From `infra/topology.py`: what wakes each function, who may call it, and all that it may do."
    tables = [f"## {title}\n\n{text}" for title, text in _tables()]
    head = ["# Topology", read.NOTICE, intro, "![The services and the bus](topology.svg)", picture()]
    return "\n\n".join([*head, *tables]) + "\n"


def picture() -> str:
    """The services, and which bus events go from one to the other, for mermaid."""
    told: dict[tuple[str, str], list[str]] = {}
    for event in read.events():
        for row in read.listeners(event):
            name = event.__name__ + (" ⏲" if isinstance(row, Timer) else "")
            names = told.setdefault((read.publisher(event), row.service), [])
            names += [name] if name not in names else []
    nodes = [f'    {name}["{name}"]' for name in dict.fromkeys(name for pair in told for name in pair)]
    events = [f'    {said} -- "{"<br/>".join(names)}" --> {heard}' for (said, heard), names in told.items()]
    asked = [(row.service, *name.split(".")) for row in ROWS for name in row.calls]
    asks = [f'    {asks} -. "asks {file}" .-> {service}' for asks, service, file in asked]
    return "\n".join(["```mermaid", "flowchart LR", *nodes, *events, *asks, "```"])


def _tables() -> Iterator[tuple[str, str]]:
    waiting = "Woken by a bus event, they wait by sending their message to their own queue again."
    yield "Calls of the API", _routes()
    yield "Consumers of the bus", _consumers(timers=False)
    yield "Timers", f"{waiting}\n\n{_consumers(timers=True)}"
    yield "Streams", _streams()
    yield "The clock", _clock()
    yield "Internal calls and the authorizer", _internal()
    yield "Tables", _owned()


def _routes() -> str:
    rows = [
        (f"`{row.call}`", f"`{row.function}`", str(row.who), read.purpose(row), read.grants(row))
        for row in ROWS
        if isinstance(row, Route)
    ]
    return read.table(("call", "function", "who may", "what for", "what it may do"), rows)


def _consumers(*, timers: bool) -> str:
    rows = [
        (", ".join(one.__name__ for one in row.events), f"`{row.function}`", read.purpose(row), read.grants(row))
        for row in ROWS
        if isinstance(row, On) and isinstance(row, Timer) == timers
    ]
    return read.table(("bus event", "function", "what for", "what it may do"), rows)


def _streams() -> str:
    rows = [
        (", ".join(table.name for table in row.tables), f"`{row.function}`", read.purpose(row))
        for row in ROWS
        if isinstance(row, Stream)
    ]
    return read.table(("tables", "function", "what for"), rows)


def _clock() -> str:
    rows = [
        (f"every {row.minutes} minutes", f"`{row.function}`", read.purpose(row), read.grants(row))
        for row in ROWS
        if isinstance(row, Every)
    ]
    return read.table(("when", "function", "what for", "what it may do"), rows)


def _internal() -> str:
    rows = []
    for row in ROWS:
        if isinstance(row, Call | Authorizer):
            asked = [f"`{one.function}`" for one in ROWS if row.function in one.calls]
            by = "the gateway" if isinstance(row, Authorizer) else ", ".join(asked) or "the operator"
            rows.append((f"`{row.function}`", by, read.purpose(row), read.grants(row)))
    return read.table(("function", "asked by", "what for", "what it may do"), rows)


def _owned() -> str:
    rows = [
        (
            table.name,
            ", ".join(f"{one.name} ({one.pk}{f', {one.sk}' if one.sk else ''})" for one in table.indexes) or "none",
            "yes" if table.stream else "no",
            table.ttl or "none",
        )
        for table in TABLES
    ]
    return read.table(("table", "indexes (keys)", "its stream is read", "expires by"), rows)
