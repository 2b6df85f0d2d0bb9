"""The search against a plain model of it: what is found, in which order, on which page, whatever comes and goes."""

import string
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common import clock, env
from events.core.catalogue import Search
from events.core.index import Index
from events.core.search import Filters, fold, words
from tests.support.catalogue import EPOCH, an_event

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
    Filters,
    q=st.none() | TEXT | st.text(max_size=20),
    category=st.none() | st.sampled_from(("theatre", "JAZZ", "jaz")),
    city=st.none() | CITY,
    price_max=st.none() | st.integers(0, 3) | st.just(10**30),
    available=st.booleans(),
)
SORT = st.sampled_from(("start", "-start", "relevance"))


@pytest.fixture(autouse=True, scope="module")
def signed() -> Iterator[None]:
    """Tokens need a key, and this is no test of it."""
    patch = pytest.MonkeyPatch()
    patch.setattr(env, "secret", lambda _: "key")
    clock.use(lambda: EPOCH)
    yield
    clock.use()
    patch.undo()


def an_index(events: list[dict[str, Any]]) -> Index:
    index = Index.empty()
    index.update(events, ())
    return index


def numbered(events: list[dict[str, Any]], first: int = 0) -> list[dict[str, Any]]:
    return [an_event(first + at, **event) for at, event in enumerate(events)]


def rank(filters: Filters, event: dict[str, Any]) -> int:
    """How well the event fits, from 0; 4 if not at all."""
    asked, name = words(filters.q or ""), words(event["name"])
    short = name + words(f"{event['venue']} {event['city']} {event['category']}")
    if all(word in name for word in asked):
        return 0
    for at, there in enumerate((name, short, short + words(event["description"])), start=1):
        if all(any(one.startswith(word) for one in there) for word in asked):
            return at
    return 4


def fits(filters: Filters, event: dict[str, Any]) -> bool:
    return (
        rank(filters, event) < 4
        and (filters.category is None or fold(filters.category) == fold(event["category"]))
        and (filters.city is None or fold(filters.city) == fold(event["city"]))
        and (filters.price_max is None or event["types"][0]["prices"] <= filters.price_max)
        and (not filters.available or event["types"][0]["status"] == "ON_SALE")
    )


def order(search: Search, event: dict[str, Any]) -> tuple[int, str, str]:
    by_rank = search.sort == "relevance"
    return (rank(search.filters, event) if by_rank else 0, event["starts_at"], event["id"])


def model(search: Search, events: list[dict[str, Any]]) -> list[str]:
    """The ids that must be found, in their order."""
    found = [event for event in events if fits(search.filters, event)]
    return [one["id"] for one in sorted(found, key=lambda e: order(search, e), reverse=search.sort == "-start")]


def walked(search: Search, index: Index, limit: int, token: str | None = None, *, back: bool = False) -> list[str]:
    """The ids of all pages in one direction, in the list's order; and the token of the last page's other direction."""
    ids: list[str] = []
    while True:
        page = search.page(index, limit, token)
        assert len(page.items) <= limit
        here = [one["id"] for one in page.items]
        ids = here + ids if back else ids + here
        token = page.previous_token if back else page.next_token
        if token is None:
            return ids


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(st.lists(EVENT, max_size=8), FILTERS, SORT, st.integers(1, 4))
def test_it_finds_what_the_model_finds_in_both_directions(
    drawn: list[dict[str, Any]], filters: Filters, sort: Any, limit: int
) -> None:
    events, search = numbered(drawn), Search(filters, sort=sort)
    index, expected = an_index(events), model(Search(filters, sort=sort), events)

    assert walked(search, index, limit) == expected
    if len(expected) > limit:
        second = search.page(index, limit, search.page(index, limit, None).next_token)
        assert walked(search, index, limit, second.previous_token, back=True) == expected[:limit]


@settings(max_examples=150, deadline=None, derandomize=True, database=None)
@given(
    st.lists(EVENT, min_size=2, max_size=8),
    st.lists(EVENT, max_size=4),
    st.data(),
    SORT,
    st.integers(1, 3),
    st.sampled_from(("", "a", "ab")),
)
def test_pages_lose_and_repeat_nothing_of_what_stays(
    drawn: list[dict[str, Any]], coming: list[dict[str, Any]], data: st.DataObject, sort: Any, limit: int, q: str
) -> None:
    events, search = numbered(drawn), Search(Filters(q=q), sort=sort)
    going = data.draw(st.sets(st.sampled_from([one["id"] for one in events])))
    index, before = an_index(events), model(search, events)
    page = search.page(index, limit, None)
    read = [one["id"] for one in page.items]

    added = numbered(coming, first=100)
    index.update(added, going)
    stays = [id for id in before if id not in going]

    if page.next_token:
        rest = walked(search, index, limit, page.next_token)
        assert [id for id in read + rest if id in stays] == stays
        back = search.page(index, 100, page.next_token)
        if back.previous_token:
            again = walked(search, index, limit, back.previous_token, back=True)
            assert [id for id in again + rest if id in stays] == stays
        assert len(set(read + rest)) == len(read + rest)
    else:
        assert read == before


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(
    st.text(alphabet=st.characters(codec="utf-8"), max_size=200) | st.text(string.punctuation + " aORND", max_size=60)
)
def test_no_text_whatever_upsets_the_index(q: str) -> None:
    index = an_index([an_event(1)])

    for sort in ("start", "relevance"):
        Search(Filters(q=q, city=q, category=q), sort=sort).page(index, 5, None)


def test_as_many_words_as_a_query_can_hold_are_looked_up() -> None:
    q = " ".join(dict.fromkeys(f"{a}{b}" for a in string.ascii_lowercase for b in "abcd"))[:200]
    index = an_index([an_event(1, name=q[:100], description=q[100:] + q[98:102])])

    assert len(Search(Filters(q=q), sort="relevance").page(index, 5, None).items) <= 1
    assert len(Search(Filters(q=q[:99]), sort="relevance").page(index, 5, None).items) == 1
