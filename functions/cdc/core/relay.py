"""From stream records to the bus: nothing lost, nothing blocked by one bad record."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from common import env, log
from common.bus import BusEvent
from common.outbox import published
from common.store import unmarshal

_ENTRIES = 10  # PutEvents' limit
_THROTTLED = {"ThrottlingException", "InternalFailure", "InternalException", "ServiceUnavailable"}


@dataclass(frozen=True)
class Outgoing:
    """One bus event and the stream record that it came from."""

    record: str
    event: BusEvent

    def entry(self) -> dict[str, str]:
        return {
            "EventBusName": env.setting("BUS_NAME"),
            "Source": self.event.source,
            "DetailType": self.event.wire_name(),
            "Detail": self.event.model_dump_json(),
        }


def relay(records: list[dict[str, Any]]) -> tuple[dict[str, int], list[str]]:
    """Publish what is new in the records. Returns counts, and the numbers of records to be sent again.

    A record that cannot be read, and a bus event refused for its content, are parked: counted by an
    alarmed metric and logged by id, so that the shard goes on.
    """
    outgoing = [one for record in records for one in _outgoing(record)]
    again: set[str] = set()
    for start in range(0, len(outgoing), _ENTRIES):
        again |= _put(outgoing[start : start + _ENTRIES])
    # A stream is read in order: from the first failed record on, all come again.
    order = [record["dynamodb"]["SequenceNumber"] for record in records if record["dynamodb"]["SequenceNumber"] in again]
    return {"records": len(records), "published": len(outgoing), "again": len(order)}, order[:1]


def _outgoing(record: dict[str, Any]) -> Iterator[Outgoing]:
    change, number = record["dynamodb"], record["dynamodb"]["SequenceNumber"]
    new, old = change.get("NewImage"), change.get("OldImage") or {}
    if not new or new.get("outbox_version") == old.get("outbox_version"):
        return
    try:
        events = published(unmarshal(new))
    except Exception:
        # Whatever is wrong with it, it will be wrong again; the reconciler can rebuild it from the item.
        _park("unreadable", number, new)
        return
    yield from (Outgoing(number, event) for event in events)


def _put(batch: list[Outgoing]) -> set[str]:
    answer = env.client("events").put_events(Entries=[one.entry() for one in batch])
    again: set[str] = set()
    for one, result in zip(batch, answer["Entries"], strict=True):
        code = result.get("ErrorCode")
        if code in _THROTTLED:
            again.add(one.record)
        elif code:
            _park(code, one.record, {"bus_event_id": {"S": one.event.bus_event_id}})
    return again


def _park(reason: str, number: str, image: dict[str, Any]) -> None:
    named = {name: image[name] for name in ("pk", "sk", "version", "bus_event_id") if name in image}
    log.count("RecordsParked")
    log.logger.error("parked", extra={"reason": reason, "sequence_number": number, "item": named}, exc_info=True)
