"""Pages against a plain list: whatever comes and goes between two of them, nothing that stayed is missed or doubled."""

import itertools
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common import store
from common.cursor import BadToken, Listing, decode, encode
from common.store import Delete, Put
from tests.support.one_table import TABLE, one_table

LISTING = Listing(TABLE, "by_user", "user_id", "created_at")
OWNERS = (f"owner-{n}" for n in itertools.count())
SETTINGS = settings(max_examples=25, deadline=None, derandomize=True, database=None)


@pytest.fixture(scope="module", autouse=True)
def table() -> Iterator[None]:
    with one_table():
        yield


class Shelf:
    """A list as it should be: numbers, the highest first."""

    def __init__(self) -> None:
        self.owner = next(OWNERS)
        self.numbers: set[int] = set()

    def add(self, number: int) -> None:
        self.numbers.add(number)
        placed = {"user_id": self.owner, "created_at": f"{number:04}"}
        store.write(Put(TABLE, {"pk": f"{self.owner}/{number}", "sk": "x", "n": number} | placed))

    def remove(self, number: int) -> None:
        self.numbers.discard(number)
        store.write(Delete(TABLE, {"pk": f"{self.owner}/{number}", "sk": "x"}))

    def page(self, token: str | None, limit: int) -> tuple[list[int], str | None, str | None]:
        page = LISTING.page(self.owner, limit=limit, token=token)
        return [item["n"] for item in page.items], page.next_token, page.previous_token


CHANGE = st.tuples(st.booleans(), st.integers(0, 20))


@SETTINGS
@given(
    numbers=st.sets(st.integers(0, 20), max_size=10),
    limit=st.integers(1, 4),
    changes=st.lists(st.lists(CHANGE, max_size=2), max_size=6),
)
def test_what_stayed_is_shown_once_and_in_order(
    numbers: set[int], limit: int, changes: list[list[tuple[bool, int]]]
) -> None:
    shelf, shown, stayed = Shelf(), list[int](), set(numbers)
    for number in numbers:
        shelf.add(number)
    token, rounds = None, 0

    while rounds == 0 or token:
        page, token, _ = shelf.page(token, limit)
        shown += page
        for comes, number in changes[rounds] if rounds < len(changes) else []:
            stayed.discard(number)
            (shelf.add if comes else shelf.remove)(number)
        rounds += 1

    assert shown == sorted(set(shown), reverse=True)
    assert stayed <= set(shown)


@SETTINGS
@given(
    numbers=st.sets(st.integers(0, 20), max_size=9), limit=st.integers(1, 4), steps=st.lists(st.booleans(), max_size=8)
)
def test_to_and_fro_over_a_list_at_rest_is_the_list(numbers: set[int], limit: int, steps: list[bool]) -> None:
    shelf, ordered = Shelf(), sorted(numbers, reverse=True)
    for number in numbers:
        shelf.add(number)
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
    numbers=st.sets(st.integers(0, 20), min_size=1, max_size=8),
    changes=st.lists(CHANGE, max_size=8),
    steps=st.lists(st.booleans(), min_size=1, max_size=8),
)
def test_nobody_is_stranded(numbers: set[int], changes: list[tuple[bool, int]], steps: list[bool]) -> None:
    """Wherever one is, empty pages included: going on to the end and back from there shows all that there is."""
    shelf, token = Shelf(), None
    for number in numbers:
        shelf.add(number)
    for forward, change in itertools.zip_longest(steps, changes):
        _, onward, back = shelf.page(token, 2)
        token = (onward if forward else back) or token
        if change:
            comes, number = change
            (shelf.add if comes else shelf.remove)(number)

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
