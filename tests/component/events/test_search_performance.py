"""The search index with 10,000 events: size, and time to build, change, load and query."""

import random
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from common import clock, env
from events.core.event_search import EventQuery
from events.core.search_filters import SearchFilters
from events.core.search_index import SearchIndex
from tests.support.fixtures.event_items import EPOCH, event_item

EVENTS = 10_000
MAX_MEGABYTES = 40
# Generous: far above what a quiet machine needs (see docs/adr), but below the cost of full scans.
P95_SECONDS, BUILD_SECONDS, CHANGE_SECONDS, LOAD_SECONDS = 0.25, 60.0, 5.0, 2.0
SYLLABLES = [a + b for a in "bcdfglmnprst" for b in ("a", "e", "io", "u", "ür")]


@pytest.fixture(autouse=True)
def token_key(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(env, "secret", lambda _: "key")
    clock.use(lambda: EPOCH)
    yield
    clock.use()


def elapsed_seconds(act: Callable[[], Any]) -> float:
    """Return the CPU seconds of this process, which other processes do not affect."""
    started = time.process_time()
    act()
    return time.process_time() - started


def random_event(draw: random.Random, number: int, words: list[str]) -> dict[str, Any]:
    """An event with a realistic word distribution: few words are frequent, most are rare."""

    def text(length: int) -> str:
        return " ".join(words[int(len(words) * draw.random() ** 3)] for _ in range(length))

    fields = {"name": text(4).title(), "venue": text(2), "city": text(1), "description": text(40)}
    return event_item(number, category=f"Category {number % 12}", price=draw.randrange(20_000), **fields)


def test_ten_thousand_events_stay_within_time_budgets(
    record_property: Callable[[str, object], None],
) -> None:
    draw = random.Random(20260301)
    words = ["".join(draw.choices(SYLLABLES, k=draw.randint(2, 4))) for _ in range(8_000)]
    events = [random_event(draw, number, words) for number in range(EVENTS)]
    index = SearchIndex.empty()

    build = elapsed_seconds(lambda: index.update(events, ()))
    content = index.to_bytes()
    change = elapsed_seconds(lambda: apply_changes(content, events[:10]))
    with tempfile.NamedTemporaryFile() as file:
        load = elapsed_seconds(lambda: open_index(Path(file.name), content))
        loaded = SearchIndex.from_file(Path(file.name))
    times = sorted(elapsed_seconds(partial(query.page, loaded, 20, None)) for query in random_queries(draw, words))
    p95 = times[int(len(times) * 0.95)]

    measurements = {"megabytes": len(content) / 1e6, "build": build, "change": change, "load": load, "p95": p95}
    measurements["p50"] = times[len(times) // 2]
    for name, value in measurements.items():
        record_property(name, round(value, 5))
    assert measurements["megabytes"] < MAX_MEGABYTES
    assert p95 < P95_SECONDS
    assert build < BUILD_SECONDS
    assert change < CHANGE_SECONDS
    assert load < LOAD_SECONDS


def open_index(file: Path, content: bytes) -> SearchIndex:
    """What a reader does, without S3."""
    file.write_bytes(content)
    return SearchIndex.from_file(file)


def apply_changes(content: bytes, events: list[dict[str, Any]]) -> bytes:
    """What a builder does with a batch of changes, without S3."""
    index = SearchIndex.from_bytes(content)
    index.update(events, ())
    return index.to_bytes()


def random_queries(draw: random.Random, words: list[str]) -> Iterator[EventQuery]:
    """Searches for two prefixes, some of one letter, with all kinds of filters and sort orders."""
    for number in range(400):
        chosen = [words[int(len(words) * draw.random() ** 3)] for _ in range(2)]
        length = 1 if number % 20 == 0 else draw.randint(2, 5)
        yield EventQuery(
            SearchFilters(
                q=" ".join(word[:length] for word in chosen),
                category=f"Category {draw.randrange(12)}" if number % 5 == 0 else None,
                price_max=draw.randrange(20_000) if number % 3 == 0 else None,
                available=number % 2 == 0,
            ),
            sort=draw.choice(("start", "-start", "relevance")),
        )
