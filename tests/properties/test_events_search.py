"""The search against a plain model: results, order and pages, while events are added and removed."""

import string
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common import clock, env
from events.core.event_search import EventQuery
from events.core.search_filters import SearchFilters, fold, tokenize
from events.core.search_index import SearchIndex
from tests.support.fixtures.event_items import EPOCH, event_item

WORDS = (
    "a",
    "ab",
    "Äbc",
    "straße",
    "STRASSE",
    "ｂａ",
    "İb",
    "東京",
    "b_a",
    "ab-ba",
    "1a",
    "ﬁn",
    "Ødø",
    "💥",
    "𝒶b",
    "ḁ",
)
TEXT = st.lists(st.sampled_from(WORDS), max_size=3).map(" ".join)
NAME = TEXT.filter(bool)
CITY = st.sampled_from(("Zürich", "zurich", "Zürich Nord", "Łódź"))
EVENT = st.fixed_dictionaries(
    {
        "hours": st.integers(0, 4),
        "name": NAME,
        "description": TEXT,
        "venue": NAME,
        "category": st.sampled_from(("Théâtre", "Jazz")),
        "city": CITY,
        "price": st.integers(0, 3),
        "on_sale": st.sampled_from(("ON_SALE", "PAUSED")),
    }
)
FILTERS = st.builds(
    SearchFilters,
    q=st.none() | TEXT | st.text(max_size=20),
    category=st.none() | st.sampled_from(("theatre", "JAZZ", "jaz")),
    city=st.none() | CITY,
    price_max=st.none() | st.integers(0, 3) | st.just(10**30),
    available=st.booleans(),
)
SORT = st.sampled_from(("start", "-start", "relevance"))


@pytest.fixture(autouse=True, scope="module")
def token_key() -> Iterator[None]:
    """Page tokens need a signing key; which one does not matter here."""
    patch = pytest.MonkeyPatch()
    patch.setattr(env, "secret", lambda _: "key")
    clock.use(lambda: EPOCH)
    yield
    clock.use()
    patch.undo()


def build_index(events: list[dict[str, Any]]) -> SearchIndex:
    index = SearchIndex.empty()
    index.update(events, ())
    return index


def number_events(events: list[dict[str, Any]], first: int = 0) -> list[dict[str, Any]]:
    return [event_item(first + at, **event) for at, event in enumerate(events)]


def expected_rank(filters: SearchFilters, event: dict[str, Any]) -> int:
    """The relevance of the event: 0 is best, 4 is no match."""
    terms, name = tokenize(filters.q or ""), tokenize(event["name"])
    short_texts = name + tokenize(f"{event['venue']} {event['city']} {event['category']}")
    if all(word in name for word in terms):
        return 0
    for at, there in enumerate((name, short_texts, short_texts + tokenize(event["description"])), start=1):
        if all(any(one.startswith(word) for one in there) for word in terms):
            return at
    return 4


def matches(filters: SearchFilters, event: dict[str, Any]) -> bool:
    return (
        expected_rank(filters, event) < 4
        and (filters.category is None or fold(filters.category) == fold(event["category"]))
        and (filters.city is None or fold(filters.city) == fold(event["city"]))
        and (filters.price_max is None or event["types"][0]["prices"] <= filters.price_max)
        and (not filters.available or event["types"][0]["status"] == "ON_SALE")
    )


def sort_key(search: EventQuery, event: dict[str, Any]) -> tuple[int, str, str]:
    by_rank = search.sort == "relevance"
    return (expected_rank(search.filters, event) if by_rank else 0, event["starts_at"], event["id"])


def expected_ids(search: EventQuery, events: list[dict[str, Any]]) -> list[str]:
    """The ids of the expected results, in order."""
    matching = [event for event in events if matches(search.filters, event)]
    return [one["id"] for one in sorted(matching, key=lambda e: sort_key(search, e), reverse=search.sort == "-start")]


def walk_pages(
    search: EventQuery, index: SearchIndex, limit: int, token: str | None = None, *, backward: bool = False
) -> list[str]:
    """Return the ids on all pages from the token in one direction, in list order."""
    ids: list[str] = []
    while True:
        page = search.page(index, limit, token)
        assert len(page.items) <= limit
        page_ids = [one["id"] for one in page.items]
        ids = page_ids + ids if backward else ids + page_ids
        token = page.previous_token if backward else page.next_token
        if token is None:
            return ids


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(st.lists(EVENT, max_size=8), FILTERS, SORT, st.integers(1, 4))
def test_search_matches_the_model_in_both_directions(
    drawn: list[dict[str, Any]], filters: SearchFilters, sort: Any, limit: int
) -> None:
    events, search = number_events(drawn), EventQuery(filters, sort=sort)
    index, expected = build_index(events), expected_ids(EventQuery(filters, sort=sort), events)

    assert walk_pages(search, index, limit) == expected
    if len(expected) > limit:
        second = search.page(index, limit, search.page(index, limit, None).next_token)
        assert walk_pages(search, index, limit, second.previous_token, backward=True) == expected[:limit]


@settings(max_examples=150, deadline=None, derandomize=True, database=None)
@given(
    st.lists(EVENT, min_size=2, max_size=8),
    st.lists(EVENT, max_size=4),
    st.data(),
    SORT,
    st.integers(1, 3),
    st.sampled_from(("", "a", "ab")),
)
def test_pages_neither_lose_nor_repeat_remaining_events(
    drawn: list[dict[str, Any]], coming: list[dict[str, Any]], data: st.DataObject, sort: Any, limit: int, q: str
) -> None:
    events, search = number_events(drawn), EventQuery(SearchFilters(q=q), sort=sort)
    going = data.draw(st.sets(st.sampled_from([one["id"] for one in events])))
    index, before = build_index(events), expected_ids(search, events)
    page = search.page(index, limit, None)
    read = [one["id"] for one in page.items]

    added = number_events(coming, first=100)
    index.update(added, going)
    stays = [id for id in before if id not in going]

    if page.next_token:
        rest = walk_pages(search, index, limit, page.next_token)
        assert [id for id in read + rest if id in stays] == stays
        previous = search.page(index, 100, page.next_token)
        if previous.previous_token:
            previous_ids = walk_pages(search, index, limit, previous.previous_token, backward=True)
            assert [id for id in previous_ids + rest if id in stays] == stays
        assert len(set(read + rest)) == len(read + rest)
    else:
        assert read == before


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(
    st.text(alphabet=st.characters(codec="utf-8"), max_size=200) | st.text(string.punctuation + " aORND", max_size=60)
)
def test_any_text_is_a_valid_query(q: str) -> None:
    index = build_index([event_item(1)])

    for sort in ("start", "relevance"):
        EventQuery(SearchFilters(q=q, city=q, category=q), sort=sort).page(index, 5, None)


def test_query_with_maximum_words_succeeds() -> None:
    q = " ".join(dict.fromkeys(f"{a}{b}" for a in string.ascii_lowercase for b in "abcd"))[:200]
    index = build_index([event_item(1, name=q[:100], description=q[100:] + q[98:102])])

    assert len(EventQuery(SearchFilters(q=q), sort="relevance").page(index, 5, None).items) <= 1
    assert len(EventQuery(SearchFilters(q=q[:99]), sort="relevance").page(index, 5, None).items) == 1
