"""The search index in S3: concurrent builders, readers and their refresh."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from common import env, store
from common.bus.booking import AvailabilityChanged, CapacityChanged
from common.bus.events import EventCancelled, EventChanged, EventPublished, EventTerms
from events.core import index_builder, index_storage
from events.core.index_storage import SnapshotConflict
from events.core.search_index import SCHEMA_VERSION, SearchIndex
from infra import topology
from tests.support.fixtures.event_items import EPOCH, event_item
from tests.support.fixtures.movable_clock import MovableClock, movable_clock
from tests.support.system.log_capture import capture_logs
from tests.support.system.moto_resources import aws_client, physical_name
from tests.support.system.system import System, eventbridge_event, row, sqs_batch
from tools.docs.examples import example

pytestmark = pytest.mark.moto

SNAPSHOT = {"Bucket": physical_name(topology.SEARCH), "Key": topology.SEARCH.key}


@pytest.fixture(autouse=True)
def manual_clock() -> Iterator[MovableClock]:
    with movable_clock(EPOCH) as running:
        yield running


def put_items(*events: dict[str, Any]) -> None:
    """Put the items into the table, replacing existing ones."""
    for event in events:
        aws_client("dynamodb").put_item(TableName=physical_name(topology.EVENTS), Item=store.marshal(event))


def deliver_changes(system: System, *events: dict[str, Any], kind: type[EventTerms] = EventChanged) -> None:
    """Deliver one bus event per event in one batch."""
    bus_events = [example(kind).model_copy(update={"event_id": event["id"]}) for event in events]
    response = system.invoke("events.build_index", sqs_batch(*map(eventbridge_event, bus_events)))
    assert response == {"batchItemFailures": []}


def search(system: System, **query: str) -> list[str]:
    response = system.http("GET /v1/events", query=query)
    assert response.status == 200, response.text
    return [one["name"] for one in response.json["items"]]


def snapshot_count() -> int:
    """The number of snapshots written so far."""
    return len(aws_client("s3").list_object_versions(Bucket=SNAPSHOT["Bucket"]).get("Versions", []))


# -- building ----------------------------------------------------------------------------------------


def test_search_without_index_returns_nothing(system: System) -> None:
    put_items(event_item(1))

    assert search(system) == []


def test_published_event_is_found_once_indexed(system: System) -> None:
    put_items(one := event_item(1, name="Élan"))

    deliver_changes(system, one, kind=EventPublished)

    assert search(system, q="elan") == ["Élan"]


def test_batch_of_changes_writes_one_snapshot(system: System) -> None:
    events = [event_item(number) for number in range(1, 31)]
    put_items(*events)

    deliver_changes(system, *events, *events)

    assert (len(search(system, limit="100")), snapshot_count()) == (30, 1)


def test_already_indexed_change_writes_nothing(system: System) -> None:
    put_items(one := event_item(1))
    deliver_changes(system, one)

    deliver_changes(system, one, kind=EventPublished)

    assert snapshot_count() == 1


def test_first_change_indexes_all_listed_events(system: System) -> None:
    put_items(event_item(1), event_item(2))

    deliver_changes(system, event_item(1))

    assert search(system) == ["Event 1", "Event 2"]


def test_change_replaces_event_and_its_words(system: System, manual_clock: MovableClock) -> None:
    put_items(event_item(1, name="Old Bells"), event_item(2))
    deliver_changes(system, event_item(1))
    assert search(system, q="bells") == ["Old Bells"]

    put_items(one := event_item(1, name="New Drums", version=3))
    deliver_changes(system, one)
    manual_clock.advance(seconds=5)

    assert search(system, q="drums") == ["New Drums"]
    assert search(system, q="bells") == []


@pytest.mark.parametrize("status", ["CANCELLED", "ENDED", "DRAFT"])
def test_unpublished_event_is_removed_from_index(system: System, manual_clock: MovableClock, status: str) -> None:
    put_items(event_item(1), event_item(2))
    deliver_changes(system, event_item(1))

    put_items(one := event_item(1, status=status, version=3))
    deliver_changes(system, one)
    manual_clock.advance(seconds=5)

    assert search(system) == ["Event 2"]


def test_change_of_unknown_event_is_ignored(system: System) -> None:
    deliver_changes(system, event_item(1))

    assert search(system) == []


@pytest.mark.parametrize("rubbish", [b"", b"no database", b"SQLite format 3\0" + bytes(200)])
def test_corrupt_snapshot_is_rebuilt(system: System, rubbish: bytes) -> None:
    put_items(event_item(1), event_item(2))
    aws_client("s3").put_object(**SNAPSHOT, Body=rubbish)

    with capture_logs() as lines:
        deliver_changes(system, event_item(1))

    assert search(system) == ["Event 1", "Event 2"]
    assert len(lines.with_message("search snapshot is unusable and will be rebuilt")) == 1


def test_snapshot_of_another_schema_version_is_rebuilt(system: System) -> None:
    put_items(event_item(1))
    index = SearchIndex.empty()
    index._database.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    aws_client("s3").put_object(**SNAPSHOT, Body=index.to_bytes())

    deliver_changes(system, event_item(1))

    assert search(system) == ["Event 1"]


def test_operator_can_rebuild_the_index(system: System) -> None:
    put_items(event_item(1), event_item(2, status="CANCELLED"))
    aws_client("s3").put_object(**SNAPSHOT, Body=b"rubbish")

    assert system.invoke("events.rebuild_index", {}) == {"events": 1}
    assert search(system) == ["Event 1"]


def test_rebuild_keeps_events_missing_from_the_table_index(system: System) -> None:
    late = {name: value for name, value in event_item(1).items() if name != "listed"}
    put_items(late, event_item(2))
    deliver_changes(system, late, event_item(2))

    assert system.invoke("events.rebuild_index", {}) == {"events": 2}


# -- several builders --------------------------------------------------------------------------------


def before_next_write(monkeypatch: pytest.MonkeyPatch, act: Callable[[], None], *, times: int = 1) -> None:
    """Run `act` between a builder's read and its write."""
    pending, write = [act] * times, index_storage.replace

    def replace(index: SearchIndex, etag: str | None) -> None:
        if pending:
            pending.pop()()
        write(index, etag)

    monkeypatch.setattr(index_storage, "replace", replace)


@pytest.mark.parametrize("first", [True, False], ids=["the first snapshot", "a later one"])
def test_concurrent_builders_lose_no_changes(
    system: System, monkeypatch: pytest.MonkeyPatch, manual_clock: MovableClock, first: bool
) -> None:
    if not first:
        put_items(event_item(3))
        deliver_changes(system, event_item(3))
    mine, theirs = (
        {name: value for name, value in event_item(number).items() if name != "listed"} for number in (1, 2)
    )
    put_items(mine, theirs)

    before_next_write(monkeypatch, lambda: deliver_changes(system, theirs))
    deliver_changes(system, mine)

    manual_clock.advance(seconds=5)
    assert search(system) == ["Event 1", "Event 2", *([] if first else ["Event 3"])]


def test_unconditional_write_would_lose_a_change(
    system: System, monkeypatch: pytest.MonkeyPatch, manual_clock: MovableClock
) -> None:
    """The negative control of the test above."""
    put_items(event_item(3))
    deliver_changes(system, event_item(3))
    put_items(event_item(1), event_item(2))
    monkeypatch.setattr(
        index_storage, "replace", lambda index, etag: env.client("s3").put_object(**SNAPSHOT, Body=index.to_bytes())
    )

    before_next_write(monkeypatch, lambda: deliver_changes(system, event_item(2)))
    deliver_changes(system, event_item(1))

    manual_clock.advance(seconds=5)
    assert search(system) == ["Event 1", "Event 3"]


def test_builder_fails_the_record_after_repeated_conflicts(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    put_items(event_item(1))

    def conflict(*_: Any) -> None:
        raise SnapshotConflict

    monkeypatch.setattr(index_storage, "replace", conflict)
    monkeypatch.setattr(index_builder, "backoff", lambda _: None)

    response = system.invoke("events.build_index", sqs_batch(eventbridge_event(example(EventPublished))))

    assert len(response["batchItemFailures"]) == 1


@pytest.mark.parametrize("code", ["PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey"])
def test_every_s3_conflict_code_is_a_snapshot_conflict(system: System, code: str) -> None:
    with system.as_function(row("events.build_index")), s3_error("PutObject", code), pytest.raises(SnapshotConflict):
        index_storage.replace(SearchIndex.empty(), '"etag"')


@contextmanager
def s3_error(operation: str, code: str) -> Iterator[None]:
    """Within the block, the S3 operation fails with this error code."""

    def fail(**_: Any) -> None:
        raise ClientError({"Error": {"Code": code}}, operation)

    events = env.client("s3").meta.events
    events.register_first(f"before-call.s3.{operation}", fail)
    yield
    events.unregister(f"before-call.s3.{operation}", fail)


# -- reading -----------------------------------------------------------------------------------------


def test_reader_refreshes_at_most_every_five_seconds(system: System, manual_clock: MovableClock) -> None:
    put_items(event_item(1), event_item(2))
    deliver_changes(system, event_item(1))
    etags: list[str] = []
    record_etag = lambda params, **_: etags.append(params["headers"].get("If-None-Match", ""))  # noqa: E731
    assert search(system) == ["Event 1", "Event 2"]
    env.client("s3").meta.events.register("before-call.s3.GetObject", record_etag)
    put_items(cancelled := event_item(1, status="CANCELLED", version=3))
    deliver_changes(system, cancelled)
    etags.clear()

    manual_clock.advance(seconds=4.9)
    assert search(system) == ["Event 1", "Event 2"]
    assert etags == []
    manual_clock.advance(seconds=0.1)
    assert search(system) == search(system) == ["Event 2"]
    manual_clock.advance(seconds=5)
    assert search(system) == ["Event 2"]

    assert len(etags) == 2
    assert all(etags)


def test_search_does_not_read_the_table(system: System) -> None:
    put_items(event_item(1))
    deliver_changes(system, event_item(1))

    assert "TABLE_EVENTS" not in system.environment(row("events.list_events"))
    assert search(system, q="event", sort="relevance") == ["Event 1"]


@pytest.mark.parametrize("code", ["SlowDown", "AccessDenied", "InternalError"])
def test_stale_index_is_used_when_refresh_fails(system: System, manual_clock: MovableClock, code: str) -> None:
    put_items(event_item(1))
    deliver_changes(system, event_item(1))
    assert search(system) == ["Event 1"]
    manual_clock.advance(seconds=5)

    with capture_logs() as lines, s3_error("GetObject", code):
        assert search(system) == ["Event 1"]

    assert len(lines.with_message("search snapshot could not be refreshed")) == 1


def test_corrupt_newer_snapshot_is_ignored(system: System, manual_clock: MovableClock) -> None:
    put_items(event_item(1))
    deliver_changes(system, event_item(1))
    assert search(system) == ["Event 1"]
    aws_client("s3").put_object(**SNAPSHOT, Body=b"rubbish")
    manual_clock.advance(seconds=5)

    assert search(system) == ["Event 1"]


def test_search_without_readable_index_is_unavailable(system: System) -> None:
    aws_client("s3").put_object(**SNAPSHOT, Body=b"rubbish")

    response = system.http("GET /v1/events")

    assert (response.status, response.problem, response.headers["retry-after"]) == (503, "service-unavailable", "1")


def test_loaded_index_survives_snapshot_deletion(system: System, manual_clock: MovableClock) -> None:
    put_items(event_item(1))
    deliver_changes(system, event_item(1))
    assert search(system) == ["Event 1"]
    aws_client("s3").delete_object(**SNAPSHOT)
    manual_clock.advance(seconds=5)

    assert search(system) == ["Event 1"]


# -- searching ---------------------------------------------------------------------------------------


def test_available_filter_excludes_events_not_on_sale(system: System) -> None:
    put_items(event_item(1, on_sale="PAUSED"), event_item(2), event_item(3, on_sale="CLOSED"))
    deliver_changes(system, event_item(1))

    assert search(system, available="true") == ["Event 2"]
    assert search(system, available="false") == search(system) == ["Event 1", "Event 2", "Event 3"]


def deliver_availability(system: System, event: dict[str, Any], availability: str, minute: int) -> None:
    """Deliver the availability of the event's only type, changed at this minute after `EPOCH`."""
    fields = {"event_id": event["id"], "event_type_id": event["types"][0]["id"], "availability": availability}
    bus_event = example(AvailabilityChanged).model_copy(
        update=fields | {"changed_at": EPOCH + timedelta(minutes=minute)}
    )
    assert system.invoke("events.build_index", sqs_batch(eventbridge_event(bus_event))) == {"batchItemFailures": []}
    index_storage.clear_cache()


@pytest.mark.parametrize(
    ("availability", "is_found"),
    [
        ("available", True),
        ("few_left", True),
        ("all_held", False),
        ("sold_out", False),
        ("paused", False),
        ("not_on_sale_yet", False),
        ("ended", False),
    ],
)
def test_available_filter_follows_booking_availability(system: System, availability: str, is_found: bool) -> None:
    put_items(one := event_item(1))
    deliver_changes(system, one)

    deliver_availability(system, one, "sold_out" if is_found else "available", 1)
    deliver_availability(system, one, availability, 2)

    assert (search(system, available="true"), search(system)) == (["Event 1"] if is_found else [], ["Event 1"])


def test_older_availability_does_not_replace_newer(system: System) -> None:
    put_items(one := event_item(1))
    deliver_changes(system, one)

    deliver_availability(system, one, "sold_out", 2)
    deliver_availability(system, one, "available", 1)

    assert search(system, available="true") == []


def test_rebuilt_index_keeps_availability(system: System) -> None:
    put_items(one := event_item(1))
    deliver_availability(system, one, "sold_out", 1)

    system.invoke("events.rebuild_index", {})
    index_storage.clear_cache()

    assert (search(system, available="true"), search(system)) == ([], ["Event 1"])


def test_paused_type_is_unavailable_despite_booking(system: System) -> None:
    put_items(one := event_item(1, on_sale="PAUSED"))
    deliver_changes(system, one)

    deliver_availability(system, one, "available", 1)

    assert search(system, available="true") == []


def test_new_capacity_is_shown_in_search_results(system: System) -> None:
    put_items(one := event_item(1))
    deliver_changes(system, one)
    fields = {"event_id": one["id"], "event_type_id": one["types"][0]["id"], "capacity": 77}

    system.invoke(
        "events.build_index", sqs_batch(eventbridge_event(example(CapacityChanged).model_copy(update=fields)))
    )
    index_storage.clear_cache()

    assert system.http("GET /v1/events").json["items"][0]["types"][0]["capacity"] == 77


def test_event_cancelled_removes_event_from_search(system: System, manual_clock: MovableClock) -> None:
    put_items(event_item(1), event_item(2))
    deliver_changes(system, event_item(1))

    put_items(one := event_item(1, status="CANCELLED", version=3))
    deliver_changes(system, one, kind=EventCancelled)
    manual_clock.advance(seconds=5)

    assert search(system) == ["Event 2"]


def test_closed_type_is_ignored_by_price_filter(system: System) -> None:
    put_items(event_item(1, on_sale="CLOSED"), event_item(2))
    deliver_changes(system, event_item(1))

    assert search(system, price_max="4500") == ["Event 2"]


def test_relevance_ranks_names_before_places_before_descriptions(system: System) -> None:
    put_items(
        event_item(1, description="about art"),
        event_item(2, venue="Art House"),
        event_item(3, name="Artichokes"),
        event_item(4, name="The art of noise"),
        event_item(5, name="Art"),
    )
    deliver_changes(system, event_item(1))

    assert search(system, q="art", sort="relevance") == ["The art of noise", "Art", "Artichokes", "Event 2", "Event 1"]
    assert search(system, q="art") == ["Event 1", "Event 2", "Artichokes", "The art of noise", "Art"]
    assert search(system, sort="relevance") == search(system)


@pytest.mark.parametrize(
    "q", ['"', '""', "a* OR b", "NEAR(", "name:x", "-x ^y", "\\", "';--", "🎸", "\x00", "%", "x" * 200, "{name} : a"]
)
def test_query_syntax_is_treated_as_text(system: System, q: str) -> None:
    put_items(event_item(1))
    deliver_changes(system, event_item(1))

    for sort in ("start", "relevance"):
        assert system.http("GET /v1/events", query={"q": q, "sort": sort}).status == 200


@pytest.mark.parametrize("price_max", [str(2**63 - 1), str(2**63), "9" * 40])
def test_price_filter_accepts_very_large_prices(system: System, price_max: str) -> None:
    put_items(event_item(1))
    deliver_changes(system, event_item(1))

    assert search(system, price_max=price_max) == ["Event 1"]


def test_two_page_tokens_at_once_are_rejected(system: System) -> None:
    response = system.http("GET /v1/events", query={"next_token": "a", "previous_token": "b"})

    assert (response.status, response.problem) == (422, "unprocessable")
