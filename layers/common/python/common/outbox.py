"""Publishing: a write that changes a state sets, on the same item, the bus events it causes.

`version` counts the transitions, `logs` keeps each (its place is its version), `outbox` holds the
bus events of the latest, and `operation` the request or message that made it. Nothing else may
write these. The stream carries the item to cdc, which publishes from it.
"""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from common import clock, ids, trace
from common.bus import BusEvent, registry
from common.statemachine import S, StateMachine, T
from common.store import ConditionFailed, Item, Key, Update

Event = TypeVar("Event", bound=BusEvent)


def entry(event: type[BusEvent], **extra: Any) -> dict[str, Any]:
    """A bus event to be: its wire name, its journey (unless its item has one), and only what the item does not hold."""
    now = trace.current()
    return {"bus_event": event.wire_name(), "correlation": now.correlation_id, "cause": now.operation} | extra


def born(
    item: Item, *, actor: str, publish: Sequence[dict[str, Any]] = (), trigger: str = "create", followed: bool = False
) -> Item:
    """A new item with its first version, its first log entry and what it publishes.

    What is `followed` is one journey to its end: all that is ever told of it carries the correlation id of now.
    """
    moment, now = clock.iso(clock.now()), trace.current()
    stamps = {"version": 1, "operation": now.operation, "created_at": moment, "updated_at": moment}
    stamps |= {"correlation_id": now.correlation_id} if followed else {}
    outbox = {"outbox": list(publish), "outbox_version": 1} if publish else {}
    return stamps | item | outbox | {"logs": [_log(trigger, actor, moment)]}


def change(  # noqa: PLR0913 - keywords, read at the call
    table: str,
    key: Key,
    *,
    trigger: str,
    actor: str,
    sets: Mapping[str, Any] | None = None,
    removes: Sequence[str] = (),
    publish: Sequence[dict[str, Any]] = (),
    condition: str = "attribute_exists(#pk)",
    values: Mapping[str, Any] | None = None,
    log: bool = True,
) -> Update:
    """The update that sets attributes, counts the version, logs it and publishes.

    What is edited over and over is not logged: the log would outgrow the item.
    """
    moment = (sets or {}).get("updated_at") or clock.iso(clock.now())
    fixed = {"updated_at": moment, "operation": trace.current().operation} | dict(sets or {})
    fixed |= {"outbox": list(publish)} if publish else {}
    parts = [f"#{name} = :{name}" for name in fixed]
    parts += ["#version = #version + :one"] + (["#logs = list_append(#logs, :log)"] if log else [])
    parts += ["#outbox_version = #version + :one"] if publish else []
    expression = f"SET {', '.join(parts)}" + (f" REMOVE {', '.join('#' + name for name in removes)}" if removes else "")
    filled = fixed | {"one": 1} | ({"log": [_log(trigger, actor, moment)]} if log else {})
    twice = {name for name, value in (values or {}).items() if filled.get(name, value) != value}
    if twice:
        raise ValueError(f"{sorted(twice)} would stand for two values in one update")
    filled |= values or {}
    return Update(table, key, expression, condition=condition, values=filled)


def transition(  # noqa: PLR0913 - keywords, read at the call
    table: str,
    key: Key,
    machine: StateMachine[S, T],
    trigger: T,
    *,
    actor: str,
    sets: Mapping[str, Any] | None = None,
    publish: Sequence[dict[str, Any]] = (),
    also: str | None = None,
    values: Mapping[str, Any] | None = None,
    removes: Sequence[str] = (),
) -> Update:
    """The update that moves `status` by the machine's table, from its sources only, and `also`."""
    sources = {f"from{at}": str(state) for at, state in enumerate(machine.sources(trigger))}
    target = str(machine.target(trigger))
    # Each state has its stamp, but CREATED's would be `created_at`: that is the item's birth and a key of indexes.
    moment = clock.iso(clock.now())
    stamp = {"updated_at": moment} | ({} if target == "CREATED" else {f"{target.lower()}_at": moment})
    condition = f"#status IN ({', '.join(':' + name for name in sources)})" + (f" AND {also}" if also else "")
    return change(
        table,
        key,
        trigger=str(trigger),
        actor=actor,
        sets={"status": target} | stamp | dict(sets or {}),
        removes=removes,
        publish=publish,
        condition=condition,
        values=dict(values or {}) | sources,
    )


def mine(failure: ConditionFailed, at: int = 0) -> Item | None:
    """The item, if the write that now fails had already been made by this very operation.

    The SDK may repeat a write whose reply was lost, and a queue may deliver a message twice: both
    find their own operation there, and are done.
    """
    old = failure.old[at] if at < len(failure.old) else None
    return old if old and old.get("operation") == trace.current().operation else None


def published(image: Item) -> list[BusEvent]:
    """The bus events of an item's latest transition, in their order."""
    return [_envelope(registry()[said["bus_event"]], said, image) for said in image.get("outbox", [])]


def bus_event_id(event: type[BusEvent], item: Mapping[str, Any], version: int) -> str:
    """The id of the bus event with which that version of the item was told."""
    return ids.derive(event.source, item["pk"], item["sk"], version, event.wire_name())


def _envelope(event: type[Event], said: Mapping[str, Any], image: Item) -> Event:
    envelope = {
        "bus_event_id": bus_event_id(event, image, image["outbox_version"]),
        "occurred_at": image["updated_at"],
        "correlation_id": image.get("correlation_id") or said["correlation"],
        "causation_id": said["cause"],
        f"{event.entity}_id": image["id"],
    }
    # An entry's own words are no fields of the event: an item may have an attribute of that name.
    extra = {name: value for name, value in said.items() if name not in ("bus_event", "correlation", "cause")}
    return event.model_validate(dict(image) | envelope | extra)


def _log(trigger: str, actor: str, moment: str) -> dict[str, str]:
    return {"did": trigger, "by": actor, "at": moment}
