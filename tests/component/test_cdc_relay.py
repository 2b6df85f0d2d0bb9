"""From the tables' streams to the bus: nothing lost, nothing twice in one go, nothing blocked."""

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from cdc.publish_outbox import handler
from common import env, log, outbox, trace
from common.bus.booking import BookingExpired, BookingOrdered
from common.bus.events import EventPublished
from common.bus.user import UserUpdated
from common.outbox import born, entry
from common.store import Item, marshal
from tests.support.lines import logged
from tests.support.refusals import answering, refused
from tests.support.system import environment

NOW = "2026-05-01T12:00:00.000Z"
SECRET = "anna@example.org"


class Bus:
    """An event bus that refuses entries as it is told to: a code by the entry's place in all that came."""

    def __init__(self) -> None:
        self.calls: list[list[dict[str, Any]]] = []
        self.codes: dict[int, str] = {}

    def __call__(self, params: Any, **_: Any) -> Any:
        entries = json.loads(params["body"])["Entries"]
        first = len(self.entries)
        self.calls.append(entries)
        codes = [self.codes.get(first + at) for at in range(len(entries))]
        results = [{"ErrorCode": code, "ErrorMessage": "x"} if code else {"EventId": "e"} for code in codes]
        return SimpleNamespace(status_code=200), {
            "FailedEntryCount": len(codes) - codes.count(None),
            "Entries": results,
        }

    @property
    def entries(self) -> list[dict[str, Any]]:
        return [one for call in self.calls for one in call]

    @property
    def heard(self) -> list[str]:
        """What was put, by booking and name."""
        told = [(json.loads(one["Detail"]), one["DetailType"]) for one in self.entries]
        return [f"{detail['booking_id']} {name}" for detail, name in told]


@pytest.fixture
def bus() -> Iterator[Bus]:
    made = Bus()
    with environment({"BUS_NAME": "ticketing"}):
        env.forget()
        log.metrics.clear_metrics()
        env.client("events").meta.events.register("before-call.eventbridge.PutEvents", made)
        yield made
        env.forget()


def a_booking(name: str = "b1", **fields: Any) -> Item:
    item = {"pk": name, "sk": "booking", "id": name, "user_id": "u1", "event_id": "v1", "quantity": 2, "prices": 100}
    with trace.following("c1", "r1"):
        new = born(item | {"currency": "EUR", "pay_before": NOW}, actor="buyer", publish=[entry(BookingOrdered)])
    return new | fields


def record(number: int, new: Item | None, old: Item | None = None) -> dict[str, Any]:
    change: dict[str, Any] = {"SequenceNumber": str(number)}
    change |= ({"NewImage": marshal(new)} if new else {}) | ({"OldImage": marshal(old)} if old else {})
    return {"eventName": "MODIFY", "eventSource": "aws:dynamodb", "dynamodb": change}


def relay(*records: dict[str, Any]) -> list[str]:
    """The sequence numbers that are reported."""
    return [one["itemIdentifier"] for one in handler({"Records": list(records)})["batchItemFailures"]]


def streamed(numbers: Sequence[int]) -> list[dict[str, Any]]:
    return [record(number, a_booking(f"b{number}")) for number in numbers]


def parked(capsys: pytest.CaptureFixture[str]) -> int:
    metrics = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"_aws"' in line]
    return sum(len(one.get("RecordsParked", [])) for one in metrics)


def test_a_new_items_outbox_is_published_with_its_envelope(bus: Bus) -> None:
    item = a_booking()

    assert relay(record(1, item)) == []

    (sent,) = bus.entries
    assert (sent["EventBusName"], sent["Source"], sent["DetailType"]) == (
        "ticketing",
        "ticketing.booking",
        "BookingOrdered.v1",
    )
    detail = json.loads(sent["Detail"])
    assert BookingOrdered.model_validate(detail) == outbox.published(item)[0]
    assert (detail["correlation_id"], detail["causation_id"], detail["booking_id"]) == ("c1", "r1", "b1")


def test_what_the_bus_event_does_not_name_stays_in_the_table(bus: Bus) -> None:
    relay(record(1, a_booking(secret=SECRET, qr_code="x")))

    assert SECRET not in str(bus.entries)
    assert "outbox" not in bus.entries[0]["Detail"]


def test_an_outbox_is_published_once_however_often_its_item_changes(bus: Bus) -> None:
    first = a_booking()
    later = first | {"version": 2, "note": "x"}

    assert relay(record(1, first), record(2, later, first), record(3, later | {"version": 3}, later)) == []

    assert len(bus.entries) == 1


def test_each_version_publishes_its_own_in_order(bus: Bus) -> None:
    first = a_booking()
    ended = {"bus_event": "BookingExpired.v1", "correlation": "c1", "cause": "t1"}
    second = first | {"version": 2, "outbox": [ended], "outbox_version": 2}

    relay(record(1, first), record(2, second, first))

    assert bus.heard == ["b1 BookingOrdered.v1", "b1 BookingExpired.v1"]
    assert len({json.loads(one["Detail"])["bus_event_id"] for one in bus.entries}) == 2


def test_a_record_that_comes_again_repeats_its_ids(bus: Bus) -> None:
    relay(record(1, a_booking()))
    relay(record(1, a_booking()))

    one, other = (json.loads(sent["Detail"])["bus_event_id"] for sent in bus.entries)
    assert one == other


IGNORED: dict[str, dict[str, Any]] = {
    "removed": record(1, None, a_booking()),
    "removed, keys only": record(1, None),
    "without outbox": record(1, {"pk": "v1#u1", "sk": "limit", "held": 2}),
    "without change of it": record(1, a_booking(held=3), a_booking()),
}


@pytest.mark.parametrize("name", IGNORED)
def test_nothing_is_published_for_a_record_that_says_nothing_new(bus: Bus, name: str) -> None:
    assert relay(IGNORED[name]) == []

    assert bus.calls == []


POISON: dict[str, Item] = {
    "an unknown name": a_booking("bad", outbox=[{"bus_event": "Gone.v9"}]),
    "no name": a_booking("bad", outbox=[{}]),
    "no list": a_booking("bad", outbox="x"),
    "a field missing": {name: value for name, value in a_booking("bad").items() if name != "currency"},
    "no id": {name: value for name, value in a_booking("bad").items() if name != "id"},
    "a field wrong": a_booking("bad", quantity=SECRET),
}


@pytest.mark.parametrize("name", POISON)
def test_a_poisoned_record_is_parked_and_the_others_go_on(
    bus: Bus, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    with logged() as lines:
        assert relay(record(1, a_booking("b1")), record(2, POISON[name]), record(3, a_booking("b3"))) == []

    assert bus.heard == ["b1 BookingOrdered.v1", "b3 BookingOrdered.v1"]
    assert parked(capsys) == 1
    (line,) = lines.said("parked")
    assert (line.levelname, vars(line)["sequence_number"], vars(line)["item"]["pk"]) == ("ERROR", "2", {"S": "bad"})


def test_a_number_that_cannot_be_read_is_parked_too(bus: Bus, capsys: pytest.CaptureFixture[str]) -> None:
    broken = record(1, a_booking())
    broken["dynamodb"]["NewImage"]["quantity"] = {"N": "1.5"}

    assert relay(broken, record(2, a_booking("b2"))) == []

    assert (bus.heard, parked(capsys)) == (["b2 BookingOrdered.v1"], 1)


def test_what_is_parked_is_not_repeated_in_the_log(bus: Bus) -> None:
    said = {"bus_event": UserUpdated.wire_name(), "correlation": "c1", "cause": "r1"}
    person = {"pk": "u1", "sk": "user", "id": "u1", "first_name": SECRET, "version": 1, "updated_at": NOW}

    with logged() as lines:
        relay(record(1, person | {"outbox": [said], "outbox_version": 1}))

    assert len(lines.said("parked")) == 1
    assert SECRET not in lines.text()


@pytest.mark.parametrize("code", ["MalformedDetail", "InvalidArgument"])
def test_a_refused_entry_is_parked_and_does_not_come_again(
    bus: Bus, capsys: pytest.CaptureFixture[str], code: str
) -> None:
    bus.codes = {1: code}

    with logged() as lines:
        assert relay(*streamed([1, 2, 3])) == []

    assert (len(bus.entries), parked(capsys)) == (3, 1)
    (line,) = lines.said("parked")
    assert (vars(line)["reason"], vars(line)["sequence_number"]) == (code, "2")
    assert vars(line)["item"]["bus_event_id"] == {"S": json.loads(bus.entries[1]["Detail"])["bus_event_id"]}


RETRIED = [
    "ThrottlingException", "InternalFailure", "InternalException", "ServiceUnavailable", "AccessDeniedException",
    "NotAuthorizedForSourceException", "NotAuthorizedForDetailTypeException", "InvalidAccountIdException",
    "RedactionFailure", "ACodeThatNobodyKnows",
]  # fmt: skip


@pytest.mark.parametrize("code", RETRIED)
def test_from_an_entry_that_must_wait_on_all_come_again(
    bus: Bus, capsys: pytest.CaptureFixture[str], code: str
) -> None:
    bus.codes = {1: code, 3: code}

    assert relay(*streamed([7, 8, 9, 10])) == ["8"]

    assert parked(capsys) == 0


def test_nothing_overtakes_an_entry_that_must_wait(bus: Bus) -> None:
    bus.codes = {4: "ThrottlingException"}

    assert relay(*streamed(range(1, 26))) == ["5"]

    assert [len(call) for call in bus.calls] == [10]


def test_a_wait_and_a_refusal_together_lose_nothing(bus: Bus, capsys: pytest.CaptureFixture[str]) -> None:
    bus.codes = {0: "MalformedDetail", 2: "ThrottlingException"}

    assert relay(*streamed([1, 2, 3, 4])) == ["3"]

    assert parked(capsys) == 1


def test_a_stream_that_is_sent_again_from_there_ends_complete_and_in_order(bus: Bus) -> None:
    """What Lambda does with the report: everything from the lowest number comes again."""
    records = streamed(range(1, 31))
    bus.codes = {3: "ThrottlingException", 13: "InternalFailure", 40: "ThrottlingException"}
    told, rounds = [0], 0

    while told and rounds < 10:
        rounds += 1
        reported = relay(*[one for one in records if int(one["dynamodb"]["SequenceNumber"]) >= told[0]])
        told = [int(number) for number in reported]

    accepted = [one for at, one in enumerate(bus.heard) if at not in bus.codes]
    first_times = list(dict.fromkeys(accepted))
    assert rounds == 4
    assert set(first_times) == {f"b{n} BookingOrdered.v1" for n in range(1, 31)}


def test_more_than_ten_go_in_calls_of_ten(bus: Bus) -> None:
    assert relay(*streamed(range(1, 24))) == []

    assert [len(call) for call in bus.calls] == [10, 10, 3]
    assert bus.heard == [f"b{n} BookingOrdered.v1" for n in range(1, 24)]


def an_event(name: str, types: int) -> Item:
    kind = {"name": "n" * 120, "prices": 1, "currency": "EUR", "capacity": 9, "status": "ON_SALE"}
    told: Item = {
        "venue": "v",
        "city": "c",
        "zone": "Europe/Berlin",
        "starts_at": NOW,
        "ends_at": NOW,
        "status": "PUBLISHED",
    }
    told |= {"terms_version": 1, "organiser_id": "o", "max_per_user": 4, "hold_seconds": 600, "name": name}
    item = {"pk": name, "sk": "event", "id": name, "types": [kind | {"id": f"t{n}"} for n in range(types)]}
    return born(item | told, actor="organiser", publish=[entry(EventPublished)])


def size(call: list[dict[str, Any]]) -> int:
    return sum(len(one[part].encode()) for one in call for part in ("Source", "DetailType", "Detail"))


def test_a_call_stays_below_256_kib(bus: Bus) -> None:
    records = [record(n, an_event(f"v{n}", types=300)) for n in range(1, 12)]

    assert relay(*records) == []

    assert len(bus.entries) == 11
    assert max(len(call) for call in bus.calls) < 10
    assert all(size(call) <= 256 * 1024 for call in bus.calls)


def test_a_bus_event_that_no_call_can_carry_is_parked(bus: Bus, capsys: pytest.CaptureFixture[str]) -> None:
    records = [record(1, an_event("v1", types=2)), record(2, an_event("big", types=1800)), record(3, an_event("v3", 2))]

    assert relay(*records) == []

    assert [json.loads(one["Detail"])["event_id"] for one in bus.entries] == ["v1", "v3"]
    assert parked(capsys) == 1


@pytest.mark.parametrize("code", ["ThrottlingException", "InternalException", "AccessDeniedException"])
def test_a_call_that_fails_whole_brings_the_whole_batch_again(bus: Bus, code: str) -> None:
    with answering("events", "PutEvents", None, refused(code)) as calls, pytest.raises(ClientError, match=code):
        relay(*streamed(range(1, 24)))

    assert (len(calls.calls), len(bus.calls)) == (2, 1)

    assert relay(*streamed(range(1, 24))) == []
    assert bus.heard[10:] == [f"b{n} BookingOrdered.v1" for n in range(1, 24)]


def test_one_line_says_what_was_done(bus: Bus) -> None:
    bus.codes = {1: "MalformedDetail"}

    with logged() as lines:
        relay(*streamed([1, 2, 3]), record(4, None))

    (line,) = lines.said("handled")
    told = vars(line)
    assert (told["records"], told["published"], told["again"]) == (4, 2, 0)


def test_the_bus_events_of_one_transition_share_its_record(bus: Bus) -> None:
    kinds = (BookingOrdered, BookingExpired)
    said = [{"bus_event": kind.wire_name(), "correlation": "c1", "cause": "r1"} for kind in kinds]
    bus.codes = {1: "ThrottlingException"}

    assert relay(record(5, a_booking(outbox=said))) == ["5"]

    assert datetime.fromisoformat(json.loads(bus.entries[0]["Detail"])["occurred_at"]).tzinfo == UTC
