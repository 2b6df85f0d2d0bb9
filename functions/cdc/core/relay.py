"""From stream records to the bus: nothing lost, nothing blocked by one bad record."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from common import env, log
from common.bus import BusEvent
from common.outbox import published
from common.store import unmarshal

_ENTRIES, _BYTES = 10, 256 * 1024  # what PutEvents takes at once
# What the entry itself says is wrong, and will be again; any other code may be mended, be it by people.
# https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEventsResultEntry.html
_CONTENT = {"InvalidArgument", "MalformedDetail"}


@dataclass(frozen=True)
class Outgoing:
    """One bus event as an entry for PutEvents, and the stream record that it came from."""

    record: str
    bus_event_id: str
    entry: dict[str, str]

    @classmethod
    def of(cls, record: str, event: BusEvent) -> "Outgoing":
        what = {"Source": event.source, "DetailType": event.wire_name(), "Detail": event.model_dump_json()}
        return cls(record, event.bus_event_id, what | {"EventBusName": env.setting("BUS_NAME")})

    @property
    def size(self) -> int:
        """Bytes, as EventBridge counts them."""
        return sum(len(self.entry[part].encode()) for part in ("Source", "DetailType", "Detail"))


def relay(records: list[dict[str, Any]]) -> tuple[dict[str, Any], list[str]]:
    """Publish what is new in the records. Returns counts, and the number of the record to begin again from.

    A record that cannot be read, and a bus event refused for its content, are parked: counted by an
    alarmed metric and logged by id, so that the shard goes on. With the first that must wait, all wait:
    none overtakes an older one of its item by more than the ten that went together.
    """
    outgoing = [one for record in records for one in _outgoing(record)]
    published, again = 0, set[str]()
    for batch in _batches(outgoing):
        accepted, again = _put(batch)
        published += accepted
        if again:
            break
    # A stream is read in order: from the first failed record on, all come again.
    numbers = [record["dynamodb"]["SequenceNumber"] for record in records]
    failed = [number for number in numbers if number in again][:1]
    return {"records": len(records), "published": published, "again": len(failed)}, failed


def again(images: Sequence[Mapping[str, Any]]) -> tuple[int, int]:
    """Publish what these images of items say. Returns how many the bus took, and how many it did not."""
    outgoing = [Outgoing.of(str(at), event) for at, image in enumerate(images) for event in published(dict(image))]
    taken = sum(_put(batch)[0] for batch in _batches(outgoing))
    return taken, len(outgoing) - taken


def _outgoing(record: dict[str, Any]) -> Iterator[Outgoing]:
    change, number = record["dynamodb"], record["dynamodb"]["SequenceNumber"]
    new, old = change.get("NewImage"), change.get("OldImage") or {}
    if not new or new.get("outbox_version") == old.get("outbox_version"):
        return
    try:
        found = [Outgoing.of(number, event) for event in published(unmarshal(new))]
    except Exception as error:  # noqa: BLE001 - whatever is wrong with the item will be wrong again
        # Its type only: the message may repeat what the item holds.
        _park(f"unreadable: {type(error).__name__}", number, new)
        return
    for one in found:
        if one.size > _BYTES:
            _park("too large", number, new)
        else:
            yield one


def _batches(outgoing: list[Outgoing]) -> Iterator[list[Outgoing]]:
    batch: list[Outgoing] = []
    for one in outgoing:
        if len(batch) == _ENTRIES or sum(each.size for each in batch) + one.size > _BYTES:
            yield batch
            batch = []
        batch.append(one)
    if batch:
        yield batch


def _put(batch: list[Outgoing]) -> tuple[int, set[str]]:
    answer = env.client("events").put_events(Entries=[one.entry for one in batch])
    codes = [(one, result.get("ErrorCode")) for one, result in zip(batch, answer["Entries"], strict=True)]
    for one, code in codes:
        if code in _CONTENT:
            _park(code, one.record, {"bus_event_id": {"S": one.bus_event_id}})
    return sum(not code for _, code in codes), {one.record for one, code in codes if code and code not in _CONTENT}


def _park(reason: str, number: str, image: dict[str, Any]) -> None:
    named = {name: image[name] for name in ("pk", "sk", "version", "bus_event_id") if name in image}
    log.count("RecordsParked")
    log.logger.error("parked", extra={"reason": reason, "sequence_number": number, "item": named})
