"""Transactional outbox: a state change and the bus events that it causes are one write to one item (ADR 4).

`version` counts the writes, `logs` records the transitions in order, `outbox` holds the bus events of the latest
publishing write and `outbox_version` its version, `operation` is the id of the request or message that made the
latest write. Only this module writes these attributes. cdc reads them from the table's stream and publishes.
"""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from common import clock, correlation, ids
from common.bus import BusEvent, registry
from common.statemachine import S, StateMachine, T
from common.store import ConditionFailed, Item, Key, Update

Event = TypeVar("Event", bound=BusEvent)


def event_entry(event: type[BusEvent], **extra: Any) -> dict[str, Any]:
    """An outbox entry: wire name, correlation id, cause, and the event's fields that the item does not have.

    A `correlation_id` on the item takes precedence over the entry's own.
    """
    context = correlation.current()
    return {"bus_event": event.wire_name(), "correlation": context.correlation_id, "cause": context.operation} | extra


def new_item(
    item: Item,
    *,
    actor: str,
    publish: Sequence[dict[str, Any]] = (),
    trigger: str = "create",
    keep_correlation: bool = False,
) -> Item:
    """Return the item at version 1, with its first log entry and its outbox.

    With `keep_correlation`, all later bus events of the item carry the current correlation id.
    """
    created_at, context = clock.iso(clock.now()), correlation.current()
    stamps = {"version": 1, "operation": context.operation, "created_at": created_at, "updated_at": created_at}
    stamps |= {"correlation_id": context.correlation_id} if keep_correlation else {}
    outbox = {"outbox": list(publish), "outbox_version": 1} if publish else {}
    return stamps | item | outbox | {"logs": [_log_entry(trigger, actor, created_at)]}


def versioned_update(  # noqa: PLR0913 - keywords, read at the call
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
    """Return the update that sets and removes attributes, increments the version, appends to the log and publishes.

    Pass `log=False` for items that are edited without limit: the log would exceed DynamoDB's 400 KB per item.
    Raises ValueError if `values` binds a name to a second value.
    """
    updated_at = (sets or {}).get("updated_at") or clock.iso(clock.now())
    assignments = {"updated_at": updated_at, "operation": correlation.current().operation} | dict(sets or {})
    assignments |= {"outbox": list(publish)} if publish else {}
    clauses = [f"#{name} = :{name}" for name in assignments]
    clauses += ["#version = #version + :one"] + (["#logs = list_append(#logs, :log)"] if log else [])
    clauses += ["#outbox_version = #version + :one"] if publish else []
    expression = f"SET {', '.join(clauses)}" + (
        f" REMOVE {', '.join('#' + name for name in removes)}" if removes else ""
    )
    all_values = assignments | {"one": 1} | ({"log": [_log_entry(trigger, actor, updated_at)]} if log else {})
    conflicting = {name for name, value in (values or {}).items() if all_values.get(name, value) != value}
    if conflicting:
        raise ValueError(f"{sorted(conflicting)} would stand for two values in one update")
    all_values |= values or {}
    return Update(table, key, expression, condition=condition, values=all_values)


def transition(  # noqa: PLR0913 - keywords, read at the call
    table: str,
    key: Key,
    machine: StateMachine[S, T],
    trigger: T,
    *,
    actor: str,
    sets: Mapping[str, Any] | None = None,
    publish: Sequence[dict[str, Any]] = (),
    extra_condition: str | None = None,
    values: Mapping[str, Any] | None = None,
    removes: Sequence[str] = (),
) -> Update:
    """Return the update that moves `status` to the trigger's target, conditional on one of the trigger's sources.

    `extra_condition` is an additional condition; `values` are its values.
    """
    sources = {f"from{index}": str(state) for index, state in enumerate(machine.sources(trigger))}
    target = str(machine.target(trigger))
    # Every state has a timestamp except CREATED: `created_at` is the item's creation time and an index key.
    updated_at = clock.iso(clock.now())
    timestamps = {"updated_at": updated_at} | ({} if target == "CREATED" else {f"{target.lower()}_at": updated_at})
    condition = f"#status IN ({', '.join(':' + name for name in sources)})" + (
        f" AND {extra_condition}" if extra_condition else ""
    )
    return versioned_update(
        table,
        key,
        trigger=str(trigger),
        actor=actor,
        sets={"status": target} | timestamps | dict(sets or {}),
        removes=removes,
        publish=publish,
        condition=condition,
        values=dict(values or {}) | sources,
    )


def own_write(failure: ConditionFailed, index: int = 0) -> Item | None:
    """Return the stored item if the failed write was already made by the current operation, else None.

    The SDK may repeat a write whose response was lost, and SQS may deliver a message twice. Both find their own
    operation on the item and need not write again. `index` is the position of the write in its transaction.
    """
    item = failure.old_items[index] if index < len(failure.old_items) else None
    return item if item and item.get("operation") == correlation.current().operation else None


def outbox_events(image: Item) -> list[BusEvent]:
    """The bus events in the item's outbox, in publishing order."""
    return [_build_event(registry()[entry["bus_event"]], entry, image) for entry in image.get("outbox", [])]


def bus_event_id(event: type[BusEvent], item: Mapping[str, Any], version: int) -> str:
    """The deterministic id of the bus event that this version of the item published."""
    return ids.derive(event.source, item["pk"], item["sk"], version, event.wire_name())


def _build_event(event: type[Event], entry: Mapping[str, Any], image: Item) -> Event:
    envelope = {
        "bus_event_id": bus_event_id(event, image, image["outbox_version"]),
        "occurred_at": image["updated_at"],
        "correlation_id": image.get("correlation_id") or entry["correlation"],
        "causation_id": entry["cause"],
        f"{event.entity}_id": image["id"],
    }
    # The entry's own keys are not event fields: they would overwrite item attributes of the same name.
    extra = {name: value for name, value in entry.items() if name not in ("bus_event", "correlation", "cause")}
    return event.model_validate(dict(image) | envelope | extra)


def _log_entry(trigger: str, actor: str, at: str) -> dict[str, str]:
    return {"action": trigger, "actor": actor, "at": at}
