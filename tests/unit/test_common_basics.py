"""The small words of common: states, problems, ids, times, settings and journeys."""

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum

import pytest

from common import clock, correlation, env, ids, log, problems
from common.bus import registry
from common.problems import DomainError, Unprocessable
from common.statemachine import StateMachine
from tests.support.system.log_capture import capture_logs
from tests.support.system.system import environment


class Light(StrEnum):
    RED = "RED"
    GREEN = "GREEN"
    DARK = "DARK"


class Turn(StrEnum):
    GO = "go"
    STOP = "stop"
    BREAK = "break"


TABLE = {
    (Light.RED, Turn.GO): Light.GREEN,
    (Light.GREEN, Turn.STOP): Light.RED,
    (Light.RED, Turn.BREAK): Light.DARK,
    (Light.GREEN, Turn.BREAK): Light.DARK,
}


@pytest.fixture
def lights() -> StateMachine[Light, Turn]:
    return StateMachine(TABLE)


@pytest.fixture(autouse=True)
def reset_overrides() -> Iterator[None]:
    yield
    clock.use()
    ids.use()
    env.clear_cache()


def test_trigger_has_its_sources_and_target(lights: StateMachine[Light, Turn]) -> None:
    assert lights.sources(Turn.BREAK) == (Light.RED, Light.GREEN)
    assert (lights.target(Turn.GO), lights.target(Turn.BREAK)) == (Light.GREEN, Light.DARK)


def test_only_listed_transitions_are_allowed(lights: StateMachine[Light, Turn]) -> None:
    allowed = {(light, turn) for light in Light for turn in Turn if lights.allows(light, turn)}

    assert allowed == set(lights.table) == set(TABLE)


def test_trigger_with_two_targets_raises() -> None:
    with pytest.raises(ValueError, match="two states"):
        StateMachine({(Light.RED, Turn.GO): Light.GREEN, (Light.GREEN, Turn.GO): Light.DARK})


def test_state_machine_renders_mermaid(lights: StateMachine[Light, Turn]) -> None:
    assert lights.mermaid().splitlines() == [
        "stateDiagram-v2",
        "    RED --> GREEN: go",
        "    GREEN --> RED: stop",
        "    RED --> DARK: break",
        "    GREEN --> DARK: break",
    ]


def all_subclasses(kind: type[DomainError]) -> list[type[DomainError]]:
    return [kind, *(one for child in kind.__subclasses__() for one in all_subclasses(child))]


COMMON_PROBLEMS = [one for one in all_subclasses(DomainError) if one.__module__.startswith("common.")]


@pytest.mark.parametrize("kind", COMMON_PROBLEMS, ids=lambda kind: kind.__name__)
def test_every_problem_has_slug_title_and_status(kind: type[DomainError]) -> None:
    assert kind.slug().replace("-", "").isalpha()
    assert kind.slug() == kind.slug().lower()
    assert len(kind.title()) > 10
    assert kind.title()[0].isupper()
    assert 400 <= kind.status <= 503


@pytest.mark.parametrize(
    ("name", "slug"), [("SoldOut", "sold-out"), ("Gone", "gone"), ("IllegalTransition", "illegal-transition")]
)
def test_slug_derives_from_the_class_name(name: str, slug: str) -> None:
    kind: type[DomainError] = type(name, (DomainError,), {"__doc__": "X."})

    assert kind.slug() == slug


def test_detail_defaults_to_the_title() -> None:
    sentence = "It was there and is over."

    assert problems.Gone().to_document() == {
        "type": "/problems/gone",
        "title": sentence,
        "status": 410,
        "detail": sentence,
    }


def test_detail_names_one_error_or_counts_many() -> None:
    assert str(Unprocessable.from_errors([("/qty", "too small")])) == "/qty: too small"
    assert str(Unprocessable.from_errors([("", "must be an object")])) == "must be an object"
    assert str(Unprocessable.from_errors([("/a", "x"), ("/b", "y")])) == "2 fields are wrong."


def test_derived_ids_are_uuid5_and_new_are_uuid4() -> None:
    assert uuid.UUID(ids.derive("a", 1)).version == 5
    assert uuid.UUID(ids.new()).version == 4
    assert ids.derive("a", 1) == ids.derive("a", "1") != ids.derive("a1")
    assert len({ids.new() for _ in range(100)}) == 100


def test_derived_ids_never_change() -> None:
    """Bus events are recognised by them for as long as queues and logs live."""
    old = "79b6fa51-2240-552b-95e7-02cd420b7195"

    assert ids.derive("ticketing.booking", "b1", "booking", 1, "BookingOrdered.v1") == old


def test_id_source_can_be_overridden() -> None:
    ids.use(lambda: "x")

    assert ids.new() == "x"


def test_iso_times_sort_as_text_and_parse() -> None:
    early = datetime(2026, 1, 1, 23, 30, 0, 999_999, tzinfo=timezone(timedelta(hours=1)))
    late = datetime(2026, 1, 1, 22, 31, tzinfo=UTC)

    assert clock.iso(early) == "2026-01-01T22:30:00.999Z" < clock.iso(late)
    assert clock.parse(clock.iso(late)) == late


def test_now_is_utc_with_milliseconds() -> None:
    assert clock.now().tzinfo == UTC
    clock.use(lambda: datetime(2026, 1, 1, 0, 0, 0, 123_456, tzinfo=UTC))
    assert clock.now().microsecond == 123_000
    assert clock.parse(clock.iso(clock.now())) == clock.now()


def test_missing_grant_is_named() -> None:
    with environment({}, hidden_prefixes="TABLE_"), pytest.raises(env.NotGranted, match="TABLE_BOOKINGS"):
        env.table("bookings")


def test_table_names_come_from_the_environment() -> None:
    with environment({"TABLE_BOOKINGS": "test-bookings"}):
        assert env.table("bookings") == "test-bookings"


def test_clients_are_cached_per_service() -> None:
    assert env.client("dynamodb") is env.client("dynamodb") is not env.client("sqs")


def test_correlation_scope_ends_even_on_an_error() -> None:
    with correlation.scope("c1", "m1"):
        with pytest.raises(ZeroDivisionError), correlation.scope("c1", "m2"):
            _ = 1 // int(correlation.current().operation == "m1")
        assert correlation.current() == correlation.CorrelationContext("c1", "m1")

    assert correlation.current() == correlation.CorrelationContext("none", "none")


def test_flush_writes_metrics_once(capsys: pytest.CaptureFixture[str]) -> None:
    log.metrics.clear_metrics()
    log.count("PlacesHeld", 2)
    log.seconds("HoldLateness", 1.5)
    log.flush()
    log.flush()

    (line,) = capsys.readouterr().out.splitlines()
    assert '"PlacesHeld":[2.0]' in line.replace(" ", "")
    assert '"HoldLateness":[1.5]' in line.replace(" ", "")


def test_access_line_has_level_and_fields() -> None:
    with capture_logs() as lines:
        log.access("error", status=500)

    assert [(one.levelname, vars(one)["status"]) for one in lines.records] == [("ERROR", 500)]


@pytest.mark.parametrize("name", sorted(registry()))
def test_bus_event_has_names_source_and_entity(name: str) -> None:
    kind = registry()[name]

    assert name == f"{kind.__name__}.v{kind.revision}" == kind.wire_name()
    assert kind.source.startswith("ticketing.")
    assert f"{kind.entity}_id" in kind.model_fields
    assert kind.__doc__
    assert kind.snake_name().replace("_", "") == kind.__name__.lower()
    assert kind.model_config["frozen"] is True
