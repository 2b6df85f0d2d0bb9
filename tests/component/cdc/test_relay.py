"""From the tables' streams to the bus: nothing lost, nothing sent twice per delivery, nothing blocked."""

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from cdc.consumers.publish_outbox import handler
from common import correlation, env, log, outbox
from common.bus.booking import BookingExpired, BookingOrdered
from common.bus.events import EventPublished
from common.bus.user import UserUpdated
from common.outbox import event_entry, new_item
from common.store import Item, marshal
from tests.support.faults.aws_errors import error_response, scripted_responses
from tests.support.system.log_capture import capture_logs
from tests.support.system.system import environment

NOW = "2026-05-01T12:00:00.000Z"
SECRET = "anna@example.org"


class FakeEventBus:
    """An event bus that rejects entries: `codes` holds error codes by position among all entries received."""

    def __init__(self) -> None:
        self.calls: list[list[dict[str, Any]]] = []
        self.codes: dict[int, str] = {}

    def __call__(self, params: Any, **_: Any) -> Any:
        entries = json.loads(params["body"])["Entries"]
        first = len(self.entries)
        self.calls.append(entries)
        codes = [self.codes.get(first + index) for index in range(len(entries))]
        results = [{"ErrorCode": code, "ErrorMessage": "x"} if code else {"EventId": "e"} for code in codes]
        return SimpleNamespace(status_code=200), {
            "FailedEntryCount": len(codes) - codes.count(None),
            "Entries": results,
        }

    @property
    def entries(self) -> list[dict[str, Any]]:
        return [one for call in self.calls for one in call]

    @property
    def published(self) -> list[str]:
        """The entries received, as booking id and wire name."""
        details = [(json.loads(one["Detail"]), one["DetailType"]) for one in self.entries]
        return [f"{detail['booking_id']} {name}" for detail, name in details]


@pytest.fixture
def bus() -> Iterator[FakeEventBus]:
    fake = FakeEventBus()
    with environment({"BUS_NAME": "ticketing"}):
        env.clear_cache()
        log.metrics.clear_metrics()
        env.client("events").meta.events.register("before-call.eventbridge.PutEvents", fake)
        yield fake
        env.clear_cache()


def a_booking(name: str = "b1", **fields: Any) -> Item:
    item = {"pk": name, "sk": "booking", "id": name, "user_id": "u1", "event_id": "v1", "quantity": 2, "prices": 100}
    with correlation.scope("c1", "r1"):
        new = new_item(
            item | {"currency": "EUR", "pay_before": NOW}, actor="buyer", publish=[event_entry(BookingOrdered)]
        )
    return new | fields


def stream_record(number: int, new: Item | None, old: Item | None = None) -> dict[str, Any]:
    change: dict[str, Any] = {"SequenceNumber": str(number)}
    change |= ({"NewImage": marshal(new)} if new else {}) | ({"OldImage": marshal(old)} if old else {})
    return {"eventName": "MODIFY", "eventSource": "aws:dynamodb", "dynamodb": change}


def relay(*records: dict[str, Any]) -> list[str]:
    """Handle the records. Returns the sequence numbers reported as failed."""
    return [one["itemIdentifier"] for one in handler({"Records": list(records)})["batchItemFailures"]]


def records_of_bookings(numbers: Sequence[int]) -> list[dict[str, Any]]:
    return [stream_record(number, a_booking(f"b{number}")) for number in numbers]


def parked_count(capsys: pytest.CaptureFixture[str]) -> int:
    metrics = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"_aws"' in line]
    return sum(len(one.get("RecordsParked", [])) for one in metrics)


def test_outbox_of_new_item_is_published_with_envelope(bus: FakeEventBus) -> None:
    item = a_booking()

    assert relay(stream_record(1, item)) == []

    (sent,) = bus.entries
    assert (sent["EventBusName"], sent["Source"], sent["DetailType"]) == (
        "ticketing",
        "ticketing.booking",
        "BookingOrdered.v1",
    )
    detail = json.loads(sent["Detail"])
    assert BookingOrdered.model_validate(detail) == outbox.outbox_events(item)[0]
    assert (detail["correlation_id"], detail["causation_id"], detail["booking_id"]) == ("c1", "r1", "b1")


def test_attributes_outside_event_schema_are_not_published(bus: FakeEventBus) -> None:
    relay(stream_record(1, a_booking(secret=SECRET, qr_code="x")))

    assert SECRET not in str(bus.entries)
    assert "outbox" not in bus.entries[0]["Detail"]


def test_outbox_is_published_once_despite_later_changes(bus: FakeEventBus) -> None:
    first = a_booking()
    later = first | {"version": 2, "note": "x"}

    assert (
        relay(stream_record(1, first), stream_record(2, later, first), stream_record(3, later | {"version": 3}, later))
        == []
    )

    assert len(bus.entries) == 1


def test_each_version_publishes_its_events_in_order(bus: FakeEventBus) -> None:
    first = a_booking()
    ended = {"bus_event": "BookingExpired.v1", "correlation": "c1", "cause": "t1"}
    second = first | {"version": 2, "outbox": [ended], "outbox_version": 2}

    relay(stream_record(1, first), stream_record(2, second, first))

    assert bus.published == ["b1 BookingOrdered.v1", "b1 BookingExpired.v1"]
    assert len({json.loads(one["Detail"])["bus_event_id"] for one in bus.entries}) == 2


def test_redelivered_record_keeps_its_event_ids(bus: FakeEventBus) -> None:
    relay(stream_record(1, a_booking()))
    relay(stream_record(1, a_booking()))

    one, other = (json.loads(sent["Detail"])["bus_event_id"] for sent in bus.entries)
    assert one == other


IGNORED_RECORDS: dict[str, dict[str, Any]] = {
    "removed": stream_record(1, None, a_booking()),
    "removed, keys only": stream_record(1, None),
    "without outbox": stream_record(1, {"pk": "v1#u1", "sk": "limit", "held": 2}),
    "without change of it": stream_record(1, a_booking(held=3), a_booking()),
}


@pytest.mark.parametrize("name", IGNORED_RECORDS)
def test_record_without_new_outbox_publishes_nothing(bus: FakeEventBus, name: str) -> None:
    assert relay(IGNORED_RECORDS[name]) == []

    assert bus.calls == []


POISONED_ITEMS: dict[str, Item] = {
    "an unknown name": a_booking("bad", outbox=[{"bus_event": "Gone.v9"}]),
    "no name": a_booking("bad", outbox=[{}]),
    "no list": a_booking("bad", outbox="x"),
    "a field missing": {name: value for name, value in a_booking("bad").items() if name != "currency"},
    "no id": {name: value for name, value in a_booking("bad").items() if name != "id"},
    "a field wrong": a_booking("bad", quantity=SECRET),
}


@pytest.mark.parametrize("name", POISONED_ITEMS)
def test_poisoned_record_is_parked_and_others_are_published(
    bus: FakeEventBus, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    with capture_logs() as lines:
        assert (
            relay(
                stream_record(1, a_booking("b1")),
                stream_record(2, POISONED_ITEMS[name]),
                stream_record(3, a_booking("b3")),
            )
            == []
        )

    assert bus.published == ["b1 BookingOrdered.v1", "b3 BookingOrdered.v1"]
    assert parked_count(capsys) == 1
    (line,) = lines.with_message("parked")
    assert (line.levelname, vars(line)["sequence_number"], vars(line)["item"]["pk"]) == ("ERROR", "2", {"S": "bad"})


def test_record_with_unreadable_number_is_parked(bus: FakeEventBus, capsys: pytest.CaptureFixture[str]) -> None:
    broken = stream_record(1, a_booking())
    broken["dynamodb"]["NewImage"]["quantity"] = {"N": "1.5"}

    assert relay(broken, stream_record(2, a_booking("b2"))) == []

    assert (bus.published, parked_count(capsys)) == (["b2 BookingOrdered.v1"], 1)


def test_parked_content_is_not_logged(bus: FakeEventBus) -> None:
    outbox_entry = {"bus_event": UserUpdated.wire_name(), "correlation": "c1", "cause": "r1"}
    person = {"pk": "u1", "sk": "user", "id": "u1", "first_name": SECRET, "version": 1, "updated_at": NOW}

    with capture_logs() as lines:
        relay(stream_record(1, person | {"outbox": [outbox_entry], "outbox_version": 1}))

    assert len(lines.with_message("parked")) == 1
    assert SECRET not in lines.text()


@pytest.mark.parametrize("code", ["MalformedDetail", "InvalidArgument"])
def test_entry_with_invalid_content_is_parked_not_retried(
    bus: FakeEventBus, capsys: pytest.CaptureFixture[str], code: str
) -> None:
    bus.codes = {1: code}

    with capture_logs() as lines:
        assert relay(*records_of_bookings([1, 2, 3])) == []

    assert (len(bus.entries), parked_count(capsys)) == (3, 1)
    (line,) = lines.with_message("parked")
    assert (vars(line)["reason"], vars(line)["sequence_number"]) == (code, "2")
    assert vars(line)["item"]["bus_event_id"] == {"S": json.loads(bus.entries[1]["Detail"])["bus_event_id"]}


RETRYABLE_CODES = [
    "ThrottlingException", "InternalFailure", "InternalException", "ServiceUnavailable", "AccessDeniedException",
    "NotAuthorizedForSourceException", "NotAuthorizedForDetailTypeException", "InvalidAccountIdException",
    "RedactionFailure", "ACodeThatNobodyKnows",
]  # fmt: skip


@pytest.mark.parametrize("code", RETRYABLE_CODES)
def test_retryable_entry_and_all_later_records_are_retried(
    bus: FakeEventBus, capsys: pytest.CaptureFixture[str], code: str
) -> None:
    bus.codes = {1: code, 3: code}

    assert relay(*records_of_bookings([7, 8, 9, 10])) == ["8"]

    assert parked_count(capsys) == 0


def test_no_batch_is_sent_after_retryable_entry(bus: FakeEventBus) -> None:
    bus.codes = {4: "ThrottlingException"}

    assert relay(*records_of_bookings(range(1, 26))) == ["5"]

    assert [len(call) for call in bus.calls] == [10]


def test_retryable_and_invalid_entry_together_lose_nothing(
    bus: FakeEventBus, capsys: pytest.CaptureFixture[str]
) -> None:
    bus.codes = {0: "MalformedDetail", 2: "ThrottlingException"}

    assert relay(*records_of_bookings([1, 2, 3, 4])) == ["3"]

    assert parked_count(capsys) == 1


def test_retried_stream_ends_complete_and_in_order(bus: FakeEventBus) -> None:
    """As Lambda does, redeliver everything from the lowest reported number on."""
    records = records_of_bookings(range(1, 31))
    bus.codes = {3: "ThrottlingException", 13: "InternalFailure", 40: "ThrottlingException"}
    restart_at, attempts = [0], 0

    while restart_at and attempts < 10:
        attempts += 1
        reported = relay(*[one for one in records if int(one["dynamodb"]["SequenceNumber"]) >= restart_at[0]])
        restart_at = [int(number) for number in reported]

    accepted = [one for index, one in enumerate(bus.published) if index not in bus.codes]
    first_times = list(dict.fromkeys(accepted))
    assert attempts == 4
    assert set(first_times) == {f"b{n} BookingOrdered.v1" for n in range(1, 31)}


def test_entries_are_sent_in_batches_of_ten(bus: FakeEventBus) -> None:
    assert relay(*records_of_bookings(range(1, 24))) == []

    assert [len(call) for call in bus.calls] == [10, 10, 3]
    assert bus.published == [f"b{n} BookingOrdered.v1" for n in range(1, 24)]


def an_event(name: str, types: int) -> Item:
    kind = {"name": "n" * 120, "prices": 1, "currency": "EUR", "capacity": 9, "status": "ON_SALE"}
    terms: Item = {
        "venue": "v",
        "city": "c",
        "zone": "Europe/Berlin",
        "starts_at": NOW,
        "ends_at": NOW,
        "status": "PUBLISHED",
    }
    terms |= {"terms_version": 1, "organiser_id": "o", "max_per_user": 4, "hold_seconds": 600, "name": name}
    item = {"pk": name, "sk": "event", "id": name, "types": [kind | {"id": f"t{n}"} for n in range(types)]}
    return new_item(item | terms, actor="organiser", publish=[event_entry(EventPublished)])


def entry_bytes(call: list[dict[str, Any]]) -> int:
    return sum(len(one[part].encode()) for one in call for part in ("Source", "DetailType", "Detail"))


def test_a_call_stays_below_256_kib(bus: FakeEventBus) -> None:
    records = [stream_record(n, an_event(f"v{n}", types=300)) for n in range(1, 12)]

    assert relay(*records) == []

    assert len(bus.entries) == 11
    assert max(len(call) for call in bus.calls) < 10
    assert all(entry_bytes(call) <= 256 * 1024 for call in bus.calls)


def test_oversized_event_is_parked(bus: FakeEventBus, capsys: pytest.CaptureFixture[str]) -> None:
    records = [
        stream_record(1, an_event("v1", types=2)),
        stream_record(2, an_event("big", types=1800)),
        stream_record(3, an_event("v3", 2)),
    ]

    assert relay(*records) == []

    assert [json.loads(one["Detail"])["event_id"] for one in bus.entries] == ["v1", "v3"]
    assert parked_count(capsys) == 1


@pytest.mark.parametrize("code", ["ThrottlingException", "InternalException", "AccessDeniedException"])
def test_failed_put_events_call_retries_whole_batch(bus: FakeEventBus, code: str) -> None:
    with (
        scripted_responses("events", "PutEvents", None, error_response(code)) as calls,
        pytest.raises(ClientError, match=code),
    ):
        relay(*records_of_bookings(range(1, 24)))

    assert (len(calls.calls), len(bus.calls)) == (2, 1)

    assert relay(*records_of_bookings(range(1, 24))) == []
    assert bus.published[10:] == [f"b{n} BookingOrdered.v1" for n in range(1, 24)]


def test_access_line_reports_counts(bus: FakeEventBus) -> None:
    bus.codes = {1: "MalformedDetail"}

    with capture_logs() as lines:
        relay(*records_of_bookings([1, 2, 3]), stream_record(4, None))

    (line,) = lines.with_message("handled")
    fields = vars(line)
    assert (fields["records"], fields["published"], fields["retried"]) == (4, 2, 0)


def test_events_of_one_transition_share_its_record(bus: FakeEventBus) -> None:
    event_types = (BookingOrdered, BookingExpired)
    outbox_entries = [
        {"bus_event": event_type.wire_name(), "correlation": "c1", "cause": "r1"} for event_type in event_types
    ]
    bus.codes = {1: "ThrottlingException"}

    assert relay(stream_record(5, a_booking(outbox=outbox_entries))) == ["5"]

    assert datetime.fromisoformat(json.loads(bus.entries[0]["Detail"])["occurred_at"]).tzinfo == UTC
