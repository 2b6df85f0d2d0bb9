"""The search index in S3: built from the table, by several at once, and read by those who search."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from common import clock, env, store
from common.bus.booking import AvailabilityChanged, CapacityChanged
from common.bus.events import EventCancelled, EventChanged, EventPublished, EventTerms
from events.core import indexing, snapshot
from events.core.index import LAYOUT, Index
from events.core.snapshot import Overtaken
from infra import topology
from tests.support.catalogue import EPOCH, an_event
from tests.support.cloud import aws, physical
from tests.support.lines import logged
from tests.support.system import System, batch, eventbridge, row
from tools.docs.examples import example

pytestmark = pytest.mark.moto

WHERE = {"Bucket": physical(topology.SEARCH), "Key": topology.SEARCH.key}


class Watch:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = EPOCH

    def forward(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture(autouse=True)
def watch() -> Iterator[Watch]:
    running = Watch()
    clock.use(lambda: running.now)
    yield running
    clock.use()


def stored(*events: dict[str, Any]) -> None:
    """Put the items into the table, whatever is there."""
    for event in events:
        aws("dynamodb").put_item(TableName=physical(topology.EVENTS), Item=store.marshal(event))


def told(system: System, *events: dict[str, Any], kind: type[EventTerms] = EventChanged) -> None:
    """The bus brings the events' news in one batch."""
    news = [example(kind).model_copy(update={"event_id": event["id"]}) for event in events]
    answer = system.invoke("events.build_index", batch(*map(eventbridge, news)))
    assert answer == {"batchItemFailures": []}


def found(system: System, **query: str) -> list[str]:
    answer = system.http("GET /v1/events", query=query)
    assert answer.status == 200, answer.text
    return [one["name"] for one in answer.json["items"]]


def versions() -> int:
    """How many snapshots were ever written."""
    return len(aws("s3").list_object_versions(Bucket=WHERE["Bucket"]).get("Versions", []))


# -- building ----------------------------------------------------------------------------------------


def test_without_an_index_nothing_is_found_and_nothing_breaks(system: System) -> None:
    stored(an_event(1))

    assert found(system) == []


def test_a_published_event_is_found_once_the_index_has_it(system: System) -> None:
    stored(one := an_event(1, name="Élan"))

    told(system, one, kind=EventPublished)

    assert found(system, q="elan") == ["Élan"]


def test_a_burst_is_one_new_snapshot(system: System) -> None:
    events = [an_event(number) for number in range(1, 31)]
    stored(*events)

    told(system, *events, *events)

    assert (len(found(system, limit="100")), versions()) == (30, 1)


def test_news_that_are_known_already_write_nothing(system: System) -> None:
    stored(one := an_event(1))
    told(system, one)

    told(system, one, kind=EventPublished)

    assert versions() == 1


def test_the_first_news_bring_in_all_that_is_listed(system: System) -> None:
    stored(an_event(1), an_event(2))

    told(system, an_event(1))

    assert found(system) == ["Event 1", "Event 2"]


def test_a_change_replaces_what_was_there_words_included(system: System, watch: Watch) -> None:
    stored(an_event(1, name="Old Bells"), an_event(2))
    told(system, an_event(1))
    assert found(system, q="bells") == ["Old Bells"]

    stored(one := an_event(1, name="New Drums", version=3))
    told(system, one)
    watch.forward(5)

    assert found(system, q="drums") == ["New Drums"]
    assert found(system, q="bells") == []


@pytest.mark.parametrize("status", ["CANCELLED", "ENDED", "DRAFT"])
def test_what_is_not_published_any_more_is_not_found(system: System, watch: Watch, status: str) -> None:
    stored(an_event(1), an_event(2))
    told(system, an_event(1))

    stored(one := an_event(1, status=status, version=3))
    told(system, one)
    watch.forward(5)

    assert found(system) == ["Event 2"]


def test_news_of_an_event_that_is_not_there_are_harmless(system: System) -> None:
    told(system, an_event(1))

    assert found(system) == []


@pytest.mark.parametrize("rubbish", [b"", b"no database", b"SQLite format 3\0" + bytes(200)])
def test_a_broken_snapshot_is_built_anew(system: System, rubbish: bytes) -> None:
    stored(an_event(1), an_event(2))
    aws("s3").put_object(**WHERE, Body=rubbish)

    with logged() as lines:
        told(system, an_event(1))

    assert found(system) == ["Event 1", "Event 2"]
    assert len(lines.said("the snapshot is built anew")) == 1


def test_a_snapshot_of_another_layout_is_built_anew(system: System) -> None:
    stored(an_event(1))
    index = Index.empty()
    index._database.execute(f"PRAGMA user_version = {LAYOUT + 1}")
    aws("s3").put_object(**WHERE, Body=index.content())

    told(system, an_event(1))

    assert found(system) == ["Event 1"]


def test_an_operator_can_make_it_anew(system: System) -> None:
    stored(an_event(1), an_event(2, status="CANCELLED"))
    aws("s3").put_object(**WHERE, Body=b"rubbish")

    assert system.invoke("events.rebuild_index", {}) == {"events": 1}
    assert found(system) == ["Event 1"]


def test_made_anew_it_keeps_what_the_list_of_the_table_does_not_show_yet(system: System) -> None:
    late = {name: value for name, value in an_event(1).items() if name != "listed"}
    stored(late, an_event(2))
    told(system, late, an_event(2))

    assert system.invoke("events.rebuild_index", {}) == {"events": 2}


# -- several builders --------------------------------------------------------------------------------


def meanwhile(monkeypatch: pytest.MonkeyPatch, act: Callable[[], None], *, times: int = 1) -> None:
    """Let `act` happen after a builder has read and before it writes."""
    left, write = [act] * times, snapshot.replace

    def replace(index: Index, etag: str | None) -> None:
        if left:
            left.pop()()
        write(index, etag)

    monkeypatch.setattr(snapshot, "replace", replace)


@pytest.mark.parametrize("first", [True, False], ids=["the first snapshot", "a later one"])
def test_two_builders_lose_nothing_of_each_other(
    system: System, monkeypatch: pytest.MonkeyPatch, watch: Watch, first: bool
) -> None:
    if not first:
        stored(an_event(3))
        told(system, an_event(3))
    mine, theirs = ({name: value for name, value in an_event(number).items() if name != "listed"} for number in (1, 2))
    stored(mine, theirs)

    meanwhile(monkeypatch, lambda: told(system, theirs))
    told(system, mine)

    watch.forward(5)
    assert found(system) == ["Event 1", "Event 2", *([] if first else ["Event 3"])]


def test_without_the_condition_one_of_them_would_be_lost(
    system: System, monkeypatch: pytest.MonkeyPatch, watch: Watch
) -> None:
    """The control."""
    stored(an_event(3))
    told(system, an_event(3))
    stored(an_event(1), an_event(2))
    monkeypatch.setattr(
        snapshot, "replace", lambda index, etag: env.client("s3").put_object(**WHERE, Body=index.content())
    )

    meanwhile(monkeypatch, lambda: told(system, an_event(2)))
    told(system, an_event(1))

    watch.forward(5)
    assert found(system) == ["Event 1", "Event 3"]


def test_who_is_overtaken_again_and_again_lets_the_queue_repeat_it(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored(an_event(1))

    def overtaken(*_: Any) -> None:
        raise Overtaken

    monkeypatch.setattr(snapshot, "replace", overtaken)
    monkeypatch.setattr(indexing, "pause", lambda _: None)

    answer = system.invoke("events.build_index", batch(eventbridge(example(EventPublished))))

    assert len(answer["batchItemFailures"]) == 1


@pytest.mark.parametrize("code", ["PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey"])
def test_each_way_s3_has_to_say_so_is_understood(system: System, code: str) -> None:
    with system.acting(row("events.build_index")), refusing("PutObject", code), pytest.raises(Overtaken):
        snapshot.replace(Index.empty(), '"etag"')


@contextmanager
def refusing(operation: str, code: str) -> Iterator[None]:
    """Within the block, S3 answers the operation with this error."""

    def refuse(**_: Any) -> None:
        raise ClientError({"Error": {"Code": code}}, operation)

    events = env.client("s3").meta.events
    events.register_first(f"before-call.s3.{operation}", refuse)
    yield
    events.unregister(f"before-call.s3.{operation}", refuse)


# -- reading -----------------------------------------------------------------------------------------


def test_a_reader_looks_for_a_newer_one_at_most_every_five_seconds(system: System, watch: Watch) -> None:
    stored(an_event(1), an_event(2))
    told(system, an_event(1))
    asked: list[str] = []
    watched = lambda params, **_: asked.append(params["headers"].get("If-None-Match", ""))  # noqa: E731
    assert found(system) == ["Event 1", "Event 2"]
    env.client("s3").meta.events.register("before-call.s3.GetObject", watched)
    stored(gone := an_event(1, status="CANCELLED", version=3))
    told(system, gone)
    asked.clear()

    watch.forward(4.9)
    assert found(system) == ["Event 1", "Event 2"]
    assert asked == []
    watch.forward(0.1)
    assert found(system) == found(system) == ["Event 2"]
    watch.forward(5)
    assert found(system) == ["Event 2"]

    assert len(asked) == 2
    assert all(asked)


def test_a_search_reads_no_table(system: System) -> None:
    stored(an_event(1))
    told(system, an_event(1))

    assert "TABLE_EVENTS" not in system.environment(row("events.list_events"))
    assert found(system, q="event", sort="relevance") == ["Event 1"]


@pytest.mark.parametrize("code", ["SlowDown", "AccessDenied", "InternalError"])
def test_one_that_cannot_be_renewed_is_better_than_none(system: System, watch: Watch, code: str) -> None:
    stored(an_event(1))
    told(system, an_event(1))
    assert found(system) == ["Event 1"]
    watch.forward(5)

    with logged() as lines, refusing("GetObject", code):
        assert found(system) == ["Event 1"]

    assert len(lines.said("the snapshot cannot be renewed")) == 1


def test_a_broken_newer_one_is_not_taken(system: System, watch: Watch) -> None:
    stored(an_event(1))
    told(system, an_event(1))
    assert found(system) == ["Event 1"]
    aws("s3").put_object(**WHERE, Body=b"rubbish")
    watch.forward(5)

    assert found(system) == ["Event 1"]


def test_where_no_index_can_be_read_the_search_is_busy(system: System) -> None:
    aws("s3").put_object(**WHERE, Body=b"rubbish")

    answer = system.http("GET /v1/events")

    assert (answer.status, answer.problem, answer.headers["retry-after"]) == (503, "busy", "1")


def test_a_deleted_one_is_not_missed_by_those_who_have_it(system: System, watch: Watch) -> None:
    stored(an_event(1))
    told(system, an_event(1))
    assert found(system) == ["Event 1"]
    aws("s3").delete_object(**WHERE)
    watch.forward(5)

    assert found(system) == ["Event 1"]


# -- what the list has beside the filters of its own test ---------------------------------------------


def test_only_available_leaves_out_what_has_nothing_on_sale(system: System) -> None:
    stored(an_event(1, on_sale="PAUSED"), an_event(2), an_event(3, on_sale="CLOSED"))
    told(system, an_event(1))

    assert found(system, available="true") == ["Event 2"]
    assert found(system, available="false") == found(system) == ["Event 1", "Event 2", "Event 3"]


def said(system: System, event: dict[str, Any], word: str, minute: int) -> None:
    """Booking says this of the event's only type."""
    of = {"event_id": event["id"], "event_type_id": event["types"][0]["id"], "word": word}
    message = example(AvailabilityChanged).model_copy(update=of | {"changed_at": EPOCH + timedelta(minutes=minute)})
    assert system.invoke("events.build_index", batch(eventbridge(message))) == {"batchItemFailures": []}
    snapshot.forget()


@pytest.mark.parametrize(
    ("word", "there"),
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
def test_only_available_follows_bookings_word(system: System, word: str, there: bool) -> None:
    stored(one := an_event(1))
    told(system, one)

    said(system, one, "sold_out" if there else "available", 1)
    said(system, one, word, 2)

    assert (found(system, available="true"), found(system)) == (["Event 1"] if there else [], ["Event 1"])


def test_the_newest_word_counts_however_late_an_older_one_comes(system: System) -> None:
    stored(one := an_event(1))
    told(system, one)

    said(system, one, "sold_out", 2)
    said(system, one, "available", 1)

    assert found(system, available="true") == []


def test_an_index_made_anew_remembers_the_words(system: System) -> None:
    stored(one := an_event(1))
    said(system, one, "sold_out", 1)

    system.invoke("events.rebuild_index", {})
    snapshot.forget()

    assert (found(system, available="true"), found(system)) == ([], ["Event 1"])


def test_a_type_that_is_not_on_sale_is_not_available_whatever_booking_says(system: System) -> None:
    stored(one := an_event(1, on_sale="PAUSED"))
    told(system, one)

    said(system, one, "available", 1)

    assert found(system, available="true") == []


def test_a_new_capacity_shows_in_the_list(system: System) -> None:
    stored(one := an_event(1))
    told(system, one)
    of = {"event_id": one["id"], "event_type_id": one["types"][0]["id"], "capacity": 77}

    system.invoke("events.build_index", batch(eventbridge(example(CapacityChanged).model_copy(update=of))))
    snapshot.forget()

    assert system.http("GET /v1/events").json["items"][0]["types"][0]["capacity"] == 77


def test_a_cancelled_event_leaves_the_search_by_its_own_message(system: System, watch: Watch) -> None:
    stored(an_event(1), an_event(2))
    told(system, an_event(1))

    stored(one := an_event(1, status="CANCELLED", version=3))
    told(system, one, kind=EventCancelled)
    watch.forward(5)

    assert found(system) == ["Event 2"]


def test_a_closed_type_has_no_price(system: System) -> None:
    stored(an_event(1, on_sale="CLOSED"), an_event(2))
    told(system, an_event(1))

    assert found(system, price_max="4500") == ["Event 2"]


def test_relevance_is_whole_names_then_names_then_the_rest_then_descriptions(system: System) -> None:
    stored(
        an_event(1, description="about art"),
        an_event(2, venue="Art House"),
        an_event(3, name="Artichokes"),
        an_event(4, name="The art of noise"),
        an_event(5, name="Art"),
    )
    told(system, an_event(1))

    assert found(system, q="art", sort="relevance") == ["The art of noise", "Art", "Artichokes", "Event 2", "Event 1"]
    assert found(system, q="art") == ["Event 1", "Event 2", "Artichokes", "The art of noise", "Art"]
    assert found(system, sort="relevance") == found(system)


@pytest.mark.parametrize(
    "q", ['"', '""', "a* OR b", "NEAR(", "name:x", "-x ^y", "\\", "';--", "🎸", "\x00", "%", "x" * 200, "{name} : a"]
)
def test_what_would_be_syntax_is_text(system: System, q: str) -> None:
    stored(an_event(1))
    told(system, an_event(1))

    for sort in ("start", "relevance"):
        assert system.http("GET /v1/events", query={"q": q, "sort": sort}).status == 200


@pytest.mark.parametrize("price_max", [str(2**63 - 1), str(2**63), "9" * 40])
def test_no_price_is_too_large_to_be_compared(system: System, price_max: str) -> None:
    stored(an_event(1))
    told(system, an_event(1))

    assert found(system, price_max=price_max) == ["Event 1"]


def test_two_tokens_at_once_are_refused(system: System) -> None:
    answer = system.http("GET /v1/events", query={"next_token": "a", "previous_token": "b"})

    assert (answer.status, answer.problem) == (422, "invalid")
