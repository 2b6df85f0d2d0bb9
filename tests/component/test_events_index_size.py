"""The search with 10,000 events: how large, how long to make, to load and to ask."""

import random
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from common import clock, env
from events.core.catalogue import Search
from events.core.index import Index
from events.core.search import Filters
from tests.support.catalogue import EPOCH, an_event

EVENTS = 10_000
MOST_MEGABYTES = 40
# Measured far below on a quiet machine (see docs/adr); here, that no search looks at everything in vain.
P95_SECONDS, BUILD_SECONDS, CHANGE_SECONDS, LOAD_SECONDS = 0.25, 60.0, 5.0, 2.0
SYLLABLES = [a + b for a in "bcdfglmnprst" for b in ("a", "e", "io", "u", "ür")]


@pytest.fixture(autouse=True)
def signed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(env, "secret", lambda _: "key")
    clock.use(lambda: EPOCH)
    yield
    clock.use()


def took(act: Callable[[], Any]) -> float:
    """Seconds of work; those in which other processes had the machine do not count."""
    began = time.process_time()
    act()
    return time.process_time() - began


def drawn(draw: random.Random, number: int, words: list[str]) -> dict[str, Any]:
    """An event whose words are as common as words are: few often, most seldom."""

    def text(length: int) -> str:
        return " ".join(words[int(len(words) * draw.random() ** 3)] for _ in range(length))

    fields = {"name": text(4).title(), "venue": text(2), "city": text(1), "description": text(40)}
    return an_event(number, category=f"Category {number % 12}", price=draw.randrange(20_000), **fields)


def test_ten_thousand_events_are_made_loaded_and_searched_in_time(
    record_property: Callable[[str, object], None],
) -> None:
    draw = random.Random(20260301)
    words = ["".join(draw.choices(SYLLABLES, k=draw.randint(2, 4))) for _ in range(8_000)]
    events = [drawn(draw, number, words) for number in range(EVENTS)]
    index = Index.empty()

    build = took(lambda: index.update(events, ()))
    content = index.content()
    change = took(lambda: changed(content, events[:10]))
    with tempfile.NamedTemporaryFile() as file:
        load = took(lambda: loaded_from(Path(file.name), content))
        loaded = Index.at(Path(file.name))
    times = sorted(took(partial(query.page, loaded, 20, None)) for query in queries(draw, words))
    p95 = times[int(len(times) * 0.95)]

    told = {"megabytes": len(content) / 1e6, "build": build, "change": change, "load": load, "p95": p95}
    told["p50"] = times[len(times) // 2]
    for name, value in told.items():
        record_property(name, round(value, 5))
    assert told["megabytes"] < MOST_MEGABYTES
    assert p95 < P95_SECONDS
    assert build < BUILD_SECONDS
    assert change < CHANGE_SECONDS
    assert load < LOAD_SECONDS


def loaded_from(file: Path, content: bytes) -> Index:
    """What a reader does, but for reading S3."""
    file.write_bytes(content)
    return Index.at(file)


def changed(content: bytes, events: list[dict[str, Any]]) -> bytes:
    """What a builder does with a burst of ten changes, but for reading and writing S3."""
    index = Index.of(content)
    index.update(events, ())
    return index.content()


def queries(draw: random.Random, words: list[str]) -> Iterator[Search]:
    """Two beginnings of words with filters and sorts of every kind, some of one letter."""
    for number in range(400):
        chosen = [words[int(len(words) * draw.random() ** 3)] for _ in range(2)]
        length = 1 if number % 20 == 0 else draw.randint(2, 5)
        yield Search(
            Filters(
                q=" ".join(word[:length] for word in chosen),
                category=f"Category {draw.randrange(12)}" if number % 5 == 0 else None,
                price_max=draw.randrange(20_000) if number % 3 == 0 else None,
                available=number % 2 == 0,
            ),
            sort=draw.choice(("start", "-start", "relevance")),
        )
