"""Lists in pages: both directions, over items that come and go, with tokens that cannot be made up."""

import base64
from collections.abc import Iterator
from typing import Any

import pytest

from common import store
from common.cursor import BadToken, Listing, Page, decode, encode
from common.store import Delete, Put
from tests.support.one_table import TABLE, one_table

NEWEST = Listing(TABLE, "by_user", "user_id", "created_at")
OLDEST = Listing(TABLE, "by_user", "user_id", "created_at", newest_first=False)


@pytest.fixture(autouse=True)
def table() -> Iterator[None]:
    with one_table():
        yield


def add(*numbers: int, owner: str = "u1") -> None:
    for number in numbers:
        item = {"pk": f"{owner}-{number}", "sk": "booking", "user_id": owner, "created_at": f"{number:04}", "n": number}
        store.write(Put(TABLE, item))


def remove(*numbers: int) -> None:
    for number in numbers:
        store.write(Delete(TABLE, {"pk": f"u1-{number}", "sk": "booking"}))


def page(token: str | None = None, limit: int = 2, listing: Listing = NEWEST, owner: str = "u1") -> Page:
    return listing.page(owner, limit=limit, token=token)


def shown(one: Page) -> list[int]:
    return [item["n"] for item in one.items]


def test_a_list_of_nothing_has_no_tokens() -> None:
    assert page() == Page([], None, None)


def test_pages_go_on_to_the_end_and_no_further() -> None:
    add(1, 2, 3, 4, 5)

    first = page()
    second = page(first.next_token)
    third = page(second.next_token)

    assert [shown(one) for one in (first, second, third)] == [[5, 4], [3, 2], [1]]
    assert (first.previous_token, third.next_token) == (None, None)


def test_an_index_that_answers_in_parts_is_asked_for_the_rest_and_for_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    add(1, 2, 3, 4, 5)
    asked: list[int] = []
    whole = store.query

    def one_by_one(*named: Any, limit: int, **how: Any) -> Any:
        asked.append(limit)
        return whole(*named, limit=1, **how)

    monkeypatch.setattr(store, "query", one_by_one)
    first = page()

    assert (shown(first), asked) == ([5, 4], [3, 2, 1])


def test_a_list_that_ends_with_its_page_has_no_next() -> None:
    add(1, 2)

    assert (shown(page()), page().next_token) == ([2, 1], None)


def test_pages_go_back_to_the_beginning_and_no_further() -> None:
    add(1, 2, 3, 4, 5)
    third = page(page(page().next_token).next_token)

    second = page(third.previous_token)
    first = page(second.previous_token)

    assert [shown(one) for one in (second, first)] == [[3, 2], [5, 4]]
    assert first.previous_token is None
    assert shown(page(first.next_token)) == [3, 2]


def test_the_oldest_may_come_first() -> None:
    add(1, 2, 3)
    first = page(listing=OLDEST)

    assert (shown(first), shown(page(first.next_token, listing=OLDEST))) == ([1, 2], [3])


def test_items_of_others_are_not_in_it() -> None:
    add(1, 2)
    add(3, 4, owner="u2")

    assert shown(page(limit=100)) == [2, 1]


def test_whole_items_are_read_from_the_table() -> None:
    add(1)

    assert page().items == [{"pk": "u1-1", "sk": "booking", "user_id": "u1", "created_at": "0001", "n": 1}]


def test_what_comes_between_two_pages_moves_nothing() -> None:
    add(1, 2, 3, 4)
    first = page()
    add(5, 6)

    second = page(first.next_token)

    assert shown(second) == [2, 1]
    assert shown(page(second.previous_token)) == [4, 3]
    assert shown(page(page(second.previous_token).previous_token)) == [6, 5]


def test_what_goes_between_two_pages_moves_nothing() -> None:
    add(1, 2, 3, 4, 5, 6)
    first = page()
    remove(5, 4)  # where the first page ended, and the next would begin

    assert shown(page(first.next_token)) == [3, 2]


def test_items_of_the_same_moment_are_neither_lost_nor_doubled() -> None:
    for n in range(5):
        store.write(Put(TABLE, {"pk": f"p{n}", "sk": "booking", "user_id": "u1", "created_at": "same", "n": n}))

    first = page()
    second = page(first.next_token)
    third = page(second.next_token)

    assert sorted(shown(first) + shown(second) + shown(third)) == [0, 1, 2, 3, 4]


def test_from_a_page_that_became_empty_the_way_back_is_open() -> None:
    add(1, 2, 3, 4)
    first = page()
    remove(1, 2)

    empty = page(first.next_token)

    assert (shown(empty), empty.next_token) == ([], None)
    assert empty.previous_token is not None
    assert shown(page(empty.previous_token)) == [4, 3]


def test_from_an_emptied_beginning_the_way_on_is_open() -> None:
    add(1, 2, 3, 4)
    second = page(page().next_token)
    remove(3, 4)

    empty = page(second.previous_token)

    assert (shown(empty), empty.previous_token) == ([], None)
    assert empty.next_token is not None
    assert shown(page(empty.next_token)) == [2, 1]


def test_a_list_longer_than_one_batch_is_read_whole() -> None:
    add(*range(105))

    assert len(page(limit=100).items) == 100
    assert len(page(page(limit=100).next_token, limit=100).items) == 5


def test_the_limit_may_change_from_page_to_page() -> None:
    add(1, 2, 3, 4, 5)

    assert shown(page(page(limit=1).next_token, limit=3)) == [4, 3, 2]


def a_token() -> str:
    add(1, 2, 3)
    token = page().next_token
    assert token is not None
    return token


def test_a_token_of_another_user_is_refused() -> None:
    with pytest.raises(BadToken):
        page(a_token(), owner="u2")


@pytest.mark.parametrize(
    "other", [Listing(TABLE, "other", "user_id", "created_at"), Listing("events", "by_user", "u", "c")]
)
def test_a_token_of_another_list_is_refused(other: Listing) -> None:
    with pytest.raises(BadToken):
        page(a_token(), listing=other)


def test_every_flipped_character_is_noticed() -> None:
    token = a_token()

    for at in range(len(token)):
        other = "A" if token[at] != "A" else "B"
        with pytest.raises(BadToken):
            page(token[:at] + other + token[at + 1 :])


@pytest.mark.parametrize("length", [0, 1, 2, 3, 20, 21, 22, 23, 24, 50])
def test_a_cut_token_is_refused(length: int) -> None:
    token = a_token()

    with pytest.raises(BadToken):
        decode(token[:length], "bookings/by_user/u1")


MADE_UP = [
    "x",
    "ü",
    "😀",
    "a b",
    "=",
    "====",
    "A" * 21,
    "A" * 1024,
    "\x00",
    "\ud800",
    "eyJmb3J3YXJkIjp0cnVlfQ",
    "../..",
]


@pytest.mark.parametrize("token", MADE_UP)
def test_a_token_that_was_made_up_is_refused(token: str) -> None:
    with pytest.raises(BadToken):
        page(token)


def test_a_place_without_our_signature_is_refused() -> None:
    body = b'{"at":{"created_at":"0002","pk":"u2-1","sk":"booking","user_id":"u2"},"forward":true}'

    with pytest.raises(BadToken):
        page(base64.urlsafe_b64encode(b"\x00" * 16 + body).decode())


def test_a_token_fits_into_a_query() -> None:
    place = dict.fromkeys(("pk", "sk", "user_id", "created_at"), "x" * 36)

    token = encode({"forward": True, "at": place}, "bookings/by_user/u1")

    assert len(token) <= 1024
    assert token.replace("-", "").replace("_", "").isalnum()
    assert decode(token, "bookings/by_user/u1") == {"forward": True, "at": place}
