"""Pages against a plain list: whatever comes and goes between two of them, nothing that stayed is missed or doubled."""

import itertools
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common import store
from common.pagination.paginator import IndexPaginator, ShardedPaginator
from common.pagination.tokens import InvalidPageToken, decode, encode
from common.store import Delete, Put
from tests.support.system.one_table import TABLE, bookings_table

LISTINGS = st.sampled_from(
    [
        IndexPaginator(TABLE, "by_user", "user_id", "created_at"),
        ShardedPaginator(TABLE, "by_user", "user_id", "created_at", shards=2),
    ]
)
OWNER_IDS = (f"owner-{n}" for n in itertools.count())
SETTINGS = settings(max_examples=25, deadline=None, derandomize=True, database=None)


@pytest.fixture(scope="module", autouse=True)
def table() -> Iterator[None]:
    with bookings_table():
        yield


class ReferenceList:
    """A list as it should be: numbers, the highest first."""

    def __init__(self, listing: IndexPaginator, numbers: set[int]) -> None:
        self.listing, self.owner = listing, next(OWNER_IDS)
        self.numbers: set[int] = set()
        for number in numbers:
            self.add(number)

    def add(self, number: int) -> None:
        self.numbers.add(number)
        key = (
            self.listing.shard_key(self.owner, str(number))
            if isinstance(self.listing, ShardedPaginator)
            else self.owner
        )
        placed = {"user_id": key, "created_at": f"{number:04}"}
        store.write(Put(TABLE, {"pk": f"{self.owner}/{number}", "sk": "x", "n": number} | placed))

    def remove(self, number: int) -> None:
        self.numbers.discard(number)
        store.write(Delete(TABLE, {"pk": f"{self.owner}/{number}", "sk": "x"}))

    def page(self, token: str | None, limit: int) -> tuple[list[int], str | None, str | None]:
        page = self.listing.page(self.owner, limit=limit, token=token)
        return [item["n"] for item in page.items], page.next_token, page.previous_token

    def apply(self, changes: list[tuple[bool, int]]) -> None:
        for comes, number in changes:
            (self.add if comes else self.remove)(number)


CHANGES = st.lists(st.tuples(st.booleans(), st.integers(0, 20)), max_size=2)
DIRECTIONS = st.sampled_from([True, False])


def end_page(reference: ReferenceList, limit: int, *, forward: bool) -> tuple[list[int], str | None, str | None]:
    """The first page, or the last."""
    page, onward, back = reference.page(None, limit)
    while onward and not forward:
        page, onward, back = reference.page(onward, limit)
    return page, onward, back


@SETTINGS
@given(
    listing=LISTINGS,
    numbers=st.sets(st.integers(0, 20), max_size=10),
    limit=st.integers(1, 4),
    forward=DIRECTIONS,
    changes=st.lists(CHANGES, max_size=6),
)
def test_unchanged_items_appear_once_and_in_order(
    listing: IndexPaginator, numbers: set[int], limit: int, forward: bool, changes: list[list[tuple[bool, int]]]
) -> None:
    reference, stayed, coming = ReferenceList(listing, numbers), set(numbers), iter(changes)
    page, *tokens = end_page(reference, limit, forward=forward)
    shown = page

    while token := tokens[0] if forward else tokens[1]:
        change = next(coming, [])
        reference.apply(change)
        stayed -= {number for _, number in change}
        page, *tokens = reference.page(token, limit)
        shown = shown + page if forward else page + shown

    assert shown == sorted(set(shown), reverse=True)
    assert stayed <= set(shown)


@SETTINGS
@given(
    listing=LISTINGS,
    numbers=st.sets(st.integers(0, 20), max_size=9),
    limit=st.integers(1, 4),
    steps=st.lists(st.booleans(), max_size=8),
)
def test_paging_back_and_forth_reproduces_the_list(
    listing: IndexPaginator, numbers: set[int], limit: int, steps: list[bool]
) -> None:
    reference, ordered = ReferenceList(listing, numbers), sorted(numbers, reverse=True)
    page, onward, back = reference.page(None, limit)
    at = 0

    for forward in steps:
        assert page == ordered[at : at + limit]
        assert (onward is not None, back is not None) == (at + limit < len(ordered), at > 0)
        token = onward if forward else back
        if token:
            at += limit if forward else -limit
            page, onward, back = reference.page(token, limit)


@SETTINGS
@given(
    listing=LISTINGS,
    numbers=st.sets(st.integers(5, 15), min_size=5, max_size=9),
    limit=st.integers(1, 3),
    elsewhere=st.lists(st.integers(16, 20) | st.integers(0, 4), max_size=5),
)
def test_previous_page_is_stable_under_changes_elsewhere(
    listing: IndexPaginator, numbers: set[int], limit: int, elsewhere: list[int]
) -> None:
    reference = ReferenceList(listing, numbers)
    page, onward, _ = reference.page(None, limit)

    while onward:
        following, further, back = reference.page(onward, limit)
        reference.apply([(True, number) for number in elsewhere])
        assert reference.page(back, limit)[0] == page
        reference.apply([(False, number) for number in elsewhere])
        page, onward = following, further


@SETTINGS
@given(
    listing=LISTINGS,
    numbers=st.sets(st.integers(0, 20), min_size=1, max_size=8),
    changes=st.lists(CHANGES, max_size=8),
    steps=st.lists(st.booleans(), min_size=1, max_size=8),
)
def test_every_position_reaches_the_whole_list(
    listing: IndexPaginator, numbers: set[int], changes: list[list[tuple[bool, int]]], steps: list[bool]
) -> None:
    """Wherever one is, empty pages included: going on to the end and back from there shows all that there is."""
    reference, token = ReferenceList(listing, numbers), None
    for forward, change in itertools.zip_longest(steps, changes):
        _, onward, back = reference.page(token, 2)
        token = (onward if forward else back) or token
        reference.apply(change or [])

    page, onward, back = reference.page(token, 2)
    while onward:
        page, onward, back = reference.page(onward, 2)
    collected = page
    while back:
        page, _, back = reference.page(back, 2)
        collected = page + collected

    assert collected == sorted(reference.numbers, reverse=True)


@SETTINGS
@given(
    place=st.dictionaries(st.text(max_size=5), st.text(max_size=9), max_size=3),
    scope=st.text(max_size=9),
    cut=st.integers(1, 9),
)
def test_token_is_valid_whole_and_for_its_list(place: dict[str, str], scope: str, cut: int) -> None:
    scope = scope.encode("utf-8", "replace").decode()
    token = encode(place, scope)

    assert decode(token, scope) == place
    for other in (f"{scope}x", f"x{scope}"):
        with pytest.raises(InvalidPageToken):
            decode(token, other)
    with pytest.raises(InvalidPageToken):
        decode(token[:-cut], scope)


@SETTINGS
@given(token=st.text(max_size=80))
def test_random_token_is_rejected(token: str) -> None:
    with pytest.raises(InvalidPageToken):
        decode(token, "list")
