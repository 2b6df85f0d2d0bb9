"""Publish the outboxes in stream records to the bus: lose nothing, and let no bad record block a shard."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from common import env, log
from common.bus import BusEvent
from common.outbox import outbox_events
from common.store import unmarshal

_MAX_ENTRIES, _MAX_BYTES = 10, 256 * 1024  # limits of one PutEvents call
# The entry itself is invalid and a retry cannot help; any other code may be temporary or repairable.
# https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEventsResultEntry.html
_PERMANENT_ERRORS = {"InvalidArgument", "MalformedDetail"}


@dataclass(frozen=True)
class BusEntry:
    """One bus event as an entry for PutEvents, with the sequence number of its stream record."""

    sequence_number: str
    bus_event_id: str
    request_entry: dict[str, str]

    @classmethod
    def from_event(cls, sequence_number: str, event: BusEvent) -> "BusEntry":
        fields = {"Source": event.source, "DetailType": event.wire_name(), "Detail": event.model_dump_json()}
        return cls(sequence_number, event.bus_event_id, fields | {"EventBusName": env.setting("BUS_NAME")})

    @property
    def size(self) -> int:
        """Bytes, as EventBridge counts them."""
        return sum(len(self.request_entry[part].encode()) for part in ("Source", "DetailType", "Detail"))


def relay(records: list[dict[str, Any]]) -> tuple[dict[str, Any], list[str]]:
    """Publish what is new in the records. Returns counts, and the sequence number to retry from (at most one).

    An unreadable record and an entry rejected for its content are parked: counted by a metric with an alarm
    and logged by id, so that the shard continues. After a batch with an entry to retry, no further batch is
    sent: an event can only overtake an older one of its item within a batch of ten.
    """
    entries = [one for record in records for one in _new_entries(record)]
    published, retried = 0, set[str]()
    for batch in _batches(entries):
        accepted, retried = _put_events(batch)
        published += accepted
        if retried:
            break
    # Lambda redelivers every record from the first failed one on.
    sequence_numbers = [record["dynamodb"]["SequenceNumber"] for record in records]
    failed = [number for number in sequence_numbers if number in retried][:1]
    return {"records": len(records), "published": published, "retried": len(failed)}, failed


def republish(images: Sequence[Mapping[str, Any]]) -> tuple[int, int]:
    """Publish the outboxes of these item images. Returns how many events the bus accepted and how many it did not."""
    entries = [
        BusEntry.from_event(str(index), event)
        for index, image in enumerate(images)
        for event in outbox_events(dict(image))
    ]
    accepted = sum(_put_events(batch)[0] for batch in _batches(entries))
    return accepted, len(entries) - accepted


def _new_entries(record: dict[str, Any]) -> Iterator[BusEntry]:
    change, sequence_number = record["dynamodb"], record["dynamodb"]["SequenceNumber"]
    new, old = change.get("NewImage"), change.get("OldImage") or {}
    if not new or new.get("outbox_version") == old.get("outbox_version"):
        return
    try:
        entries = [BusEntry.from_event(sequence_number, event) for event in outbox_events(unmarshal(new))]
    except Exception as error:  # noqa: BLE001 - a retry would fail the same way
        # The type only: the message may contain personal data of the item.
        _park(f"unreadable: {type(error).__name__}", sequence_number, new)
        return
    for entry in entries:
        if entry.size > _MAX_BYTES:
            _park("too large", sequence_number, new)
        else:
            yield entry


def _batches(entries: list[BusEntry]) -> Iterator[list[BusEntry]]:
    batch: list[BusEntry] = []
    for entry in entries:
        if len(batch) == _MAX_ENTRIES or sum(queued.size for queued in batch) + entry.size > _MAX_BYTES:
            yield batch
            batch = []
        batch.append(entry)
    if batch:
        yield batch


def _put_events(batch: list[BusEntry]) -> tuple[int, set[str]]:
    """The number of accepted entries, and the sequence numbers of those to retry."""
    response = env.client("events").put_events(Entries=[entry.request_entry for entry in batch])
    results = [(entry, result.get("ErrorCode")) for entry, result in zip(batch, response["Entries"], strict=True)]
    for entry, code in results:
        if code in _PERMANENT_ERRORS:
            _park(code, entry.sequence_number, {"bus_event_id": {"S": entry.bus_event_id}})
    retried = {entry.sequence_number for entry, code in results if code and code not in _PERMANENT_ERRORS}
    return sum(not code for _, code in results), retried


def _park(reason: str, sequence_number: str, image: dict[str, Any]) -> None:
    identifiers = {name: image[name] for name in ("pk", "sk", "version", "bus_event_id") if name in image}
    log.count("RecordsParked")
    log.logger.error("parked", extra={"reason": reason, "sequence_number": sequence_number, "item": identifiers})
