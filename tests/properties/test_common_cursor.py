"""Pages against a plain list: whatever comes and goes between two of them, nothing that stayed is missed or doubled."""

import itertools
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common import store
from common.cursor import BadToken, Listing, Sharded, decode, encode
from common.store import Delete, Put
from tests.support.one_table import TABLE, one_table

LISTINGS = st.sampled_from(
    [Listing(TABLE, "by_user", "user_id", "created_at"), Sharded(TABLE, "by_user", "user_id", "created_at", shards=2)]
)
OWNERS = (f"owner-{n}" for n in itertools.count())
SETTINGS = settings(max_examples=25, deadline=None, derandomize=True, database=None)


@pytest.fixture(scope="module", autouse=True)
def table() -> Iterator[None]:
    with one_table():
        yield


class Shelf:
    """A list as it should be: numbers, the highest first."""

    def __init__(self, listing: Listing, numbers: set[int]) -> None:
        self.listing, self.owner = listing, next(OWNERS)
        self.numbers: set[int] = set()
        for number in numbers:
            self.add(number)

    def add(self, number: int) -> None:
        self.numbers.add(number)
        key = self.listing.key(self.owner, str(number)) if isinstance(self.listing, Sharded) else self.owner
        placed = {"user_id": key, "created_at": f"{number:04}"}
        store.write(Put(TABLE, {"pk": f"{self.owner}/{number}", "sk": "x", "n": number} | placed))

    def remove(self, number: int) -> None:
        self.numbers.discard(number)
        store.write(Delete(TABLE, {"pk": f"{self.owner}/{number}", "sk": "x"}))

    def page(self, token: str | None, limit: int) -> tuple[list[int], str | None, str | None]:
        page = self.listing.page(self.owner, limit=limit, token=token)
        return [item["n"] for item in page.items], page.next_token, page.previous_token

    def change(self, changes: list[tuple[bool, int]]) -> None:
        for comes, number in changes:
            (self.add if comes else self.remove)(number)


CHANGES = st.lists(st.tuples(st.booleans(), st.integers(0, 20)), max_size=2)
WAYS = st.sampled_from([True, False])


def at_an_end(shelf: Shelf, limit: int, *, forward: bool) -> tuple[list[int], str | None, str | None]:
    """The first page, or the last."""
    page, onward, back = shelf.page(None, limit)
    while onward and not forward:
        page, onward, back = shelf.page(onward, limit)
    return page, onward, back


@SETTINGS
@given(
    listing=LISTINGS,
    numbers=st.sets(st.integers(0, 20), max_size=10),
    limit=st.integers(1, 4),
    forward=WAYS,
    changes=st.lists(CHANGES, max_size=6),
)
def test_what_stayed_is_shown_once_and_in_order_in_both_directions(
    listing: Listing, numbers: set[int], limit: int, forward: bool, changes: list[list[tuple[bool, int]]]
) -> None:
    shelf, stayed, coming = Shelf(listing, numbers), set(numbers), iter(changes)
    page, *tokens = at_an_end(shelf, limit, forward=forward)
    shown = page

    while token := tokens[0] if forward else tokens[1]:
        change = next(coming, [])
        shelf.change(change)
        stayed -= {number for _, number in change}
        page, *tokens = shelf.page(token, limit)
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
def test_to_and_fro_over_a_list_at_rest_is_the_list(
    listing: Listing, numbers: set[int], limit: int, steps: list[bool]
) -> None:
    shelf, ordered = Shelf(listing, numbers), sorted(numbers, reverse=True)
    page, onward, back = shelf.page(None, limit)
    at = 0

    for forward in steps:
        assert page == ordered[at : at + limit]
        assert (onward is not None, back is not None) == (at + limit < len(ordered), at > 0)
        token = onward if forward else back
        if token:
            at += limit if forward else -limit
            page, onward, back = shelf.page(token, limit)


@SETTINGS
@given(
    listing=LISTINGS,
    numbers=st.sets(st.integers(5, 15), min_size=5, max_size=9),
    limit=st.integers(1, 3),
    elsewhere=st.lists(st.integers(16, 20) | st.integers(0, 4), max_size=5),
)
def test_going_back_gives_the_same_page_whatever_came_before_and_after_it(
    listing: Listing, numbers: set[int], limit: int, elsewhere: list[int]
) -> None:
    shelf = Shelf(listing, numbers)
    page, onward, _ = shelf.page(None, limit)

    while onward:
        following, further, back = shelf.page(onward, limit)
        shelf.change([(True, number) for number in elsewhere])
        assert shelf.page(back, limit)[0] == page
        shelf.change([(False, number) for number in elsewhere])
        page, onward = following, further


@SETTINGS
@given(
    listing=LISTINGS,
    numbers=st.sets(st.integers(0, 20), min_size=1, max_size=8),
    changes=st.lists(CHANGES, max_size=8),
    steps=st.lists(st.booleans(), min_size=1, max_size=8),
)
def test_nobody_is_stranded(
    listing: Listing, numbers: set[int], changes: list[list[tuple[bool, int]]], steps: list[bool]
) -> None:
    """Wherever one is, empty pages included: going on to the end and back from there shows all that there is."""
    shelf, token = Shelf(listing, numbers), None
    for forward, change in itertools.zip_longest(steps, changes):
        _, onward, back = shelf.page(token, 2)
        token = (onward if forward else back) or token
        shelf.change(change or [])

    page, onward, back = shelf.page(token, 2)
    while onward:
        page, onward, back = shelf.page(onward, 2)
    seen = page
    while back:
        page, _, back = shelf.page(back, 2)
        seen = page + seen

    assert seen == sorted(shelf.numbers, reverse=True)


@SETTINGS
@given(
    place=st.dictionaries(st.text(max_size=5), st.text(max_size=9), max_size=3),
    scope=st.text(max_size=9),
    cut=st.integers(1, 9),
)
def test_a_token_is_good_for_its_own_list_and_whole_only(place: dict[str, str], scope: str, cut: int) -> None:
    scope = scope.encode("utf-8", "replace").decode()
    token = encode(place, scope)

    assert decode(token, scope) == place
    for other in (f"{scope}x", f"x{scope}"):
        with pytest.raises(BadToken):
            decode(token, other)
    with pytest.raises(BadToken):
        decode(token[:-cut], scope)


@SETTINGS
@given(token=st.text(max_size=80))
def test_no_made_up_token_passes(token: str) -> None:
    with pytest.raises(BadToken):
        decode(token, "list")
