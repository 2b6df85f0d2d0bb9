"""Lists in pages: both directions, over items that come and go, with tokens that cannot be made up."""

import base64
from collections.abc import Iterator
from typing import Any

import pytest

from common import store
from common.pagination.paginator import IndexPaginator, Page
from common.pagination.tokens import InvalidPageToken, decode, encode
from common.store import Delete, Put
from tests.support.system.one_table import TABLE, bookings_table

NEWEST_FIRST = IndexPaginator(TABLE, "by_user", "user_id", "created_at")
OLDEST_FIRST = IndexPaginator(TABLE, "by_user", "user_id", "created_at", newest_first=False)


@pytest.fixture(autouse=True)
def table() -> Iterator[None]:
    with bookings_table():
        yield


def add(*numbers: int, owner: str = "u1") -> None:
    for number in numbers:
        item = {"pk": f"{owner}-{number}", "sk": "booking", "user_id": owner, "created_at": f"{number:04}", "n": number}
        store.write(Put(TABLE, item))


def remove(*numbers: int) -> None:
    for number in numbers:
        store.write(Delete(TABLE, {"pk": f"u1-{number}", "sk": "booking"}))


def page(token: str | None = None, limit: int = 2, listing: IndexPaginator = NEWEST_FIRST, owner: str = "u1") -> Page:
    return listing.page(owner, limit=limit, token=token)


def item_numbers(one: Page) -> list[int]:
    return [item["n"] for item in one.items]


def test_empty_list_has_no_tokens() -> None:
    assert page() == Page([], None, None)


def test_next_tokens_lead_to_the_last_page() -> None:
    add(1, 2, 3, 4, 5)

    first = page()
    second = page(first.next_token)
    third = page(second.next_token)

    assert [item_numbers(one) for one in (first, second, third)] == [[5, 4], [3, 2], [1]]
    assert (first.previous_token, third.next_token) == (None, None)


def test_short_index_pages_are_completed_without_overreading(monkeypatch: pytest.MonkeyPatch) -> None:
    add(1, 2, 3, 4, 5)
    limits: list[int] = []
    original_query = store.query

    def one_by_one(*named: Any, limit: int, **how: Any) -> Any:
        limits.append(limit)
        return original_query(*named, limit=1, **how)

    monkeypatch.setattr(store, "query", one_by_one)
    first = page()

    assert (item_numbers(first), limits) == ([5, 4], [3, 2, 1])


def test_exactly_full_last_page_has_no_next_token() -> None:
    add(1, 2)

    assert (item_numbers(page()), page().next_token) == ([2, 1], None)


def test_previous_tokens_lead_to_the_first_page() -> None:
    add(1, 2, 3, 4, 5)
    third = page(page(page().next_token).next_token)

    second = page(third.previous_token)
    first = page(second.previous_token)

    assert [item_numbers(one) for one in (second, first)] == [[3, 2], [5, 4]]
    assert first.previous_token is None
    assert item_numbers(page(first.next_token)) == [3, 2]


def test_list_can_be_sorted_oldest_first() -> None:
    add(1, 2, 3)
    first = page(listing=OLDEST_FIRST)

    assert (item_numbers(first), item_numbers(page(first.next_token, listing=OLDEST_FIRST))) == ([1, 2], [3])


def test_list_excludes_items_of_other_owners() -> None:
    add(1, 2)
    add(3, 4, owner="u2")

    assert item_numbers(page(limit=100)) == [2, 1]


def test_page_items_are_read_whole_from_the_table() -> None:
    add(1)

    assert page().items == [{"pk": "u1-1", "sk": "booking", "user_id": "u1", "created_at": "0001", "n": 1}]


def test_items_added_between_pages_shift_nothing() -> None:
    add(1, 2, 3, 4)
    first = page()
    add(5, 6)

    second = page(first.next_token)

    assert item_numbers(second) == [2, 1]
    assert item_numbers(page(second.previous_token)) == [4, 3]
    assert item_numbers(page(page(second.previous_token).previous_token)) == [6, 5]


def test_items_removed_between_pages_shift_nothing() -> None:
    add(1, 2, 3, 4, 5, 6)
    first = page()
    remove(5, 4)  # where the first page ended, and the next would begin

    assert item_numbers(page(first.next_token)) == [3, 2]


def test_items_with_equal_timestamps_appear_exactly_once() -> None:
    for n in range(5):
        store.write(Put(TABLE, {"pk": f"p{n}", "sk": "booking", "user_id": "u1", "created_at": "same", "n": n}))

    first = page()
    second = page(first.next_token)
    third = page(second.next_token)

    assert sorted(item_numbers(first) + item_numbers(second) + item_numbers(third)) == [0, 1, 2, 3, 4]


def test_emptied_last_page_has_a_previous_token() -> None:
    add(1, 2, 3, 4)
    first = page()
    remove(1, 2)

    empty = page(first.next_token)

    assert (item_numbers(empty), empty.next_token) == ([], None)
    assert empty.previous_token is not None
    assert item_numbers(page(empty.previous_token)) == [4, 3]


def test_emptied_first_page_has_a_next_token() -> None:
    add(1, 2, 3, 4)
    second = page(page().next_token)
    remove(3, 4)

    empty = page(second.previous_token)

    assert (item_numbers(empty), empty.previous_token) == ([], None)
    assert empty.next_token is not None
    assert item_numbers(page(empty.next_token)) == [2, 1]


def test_list_longer_than_one_batch_is_complete() -> None:
    add(*range(105))

    assert len(page(limit=100).items) == 100
    assert len(page(page(limit=100).next_token, limit=100).items) == 5


def test_limit_can_change_between_pages() -> None:
    add(1, 2, 3, 4, 5)

    assert item_numbers(page(page(limit=1).next_token, limit=3)) == [4, 3, 2]


def valid_token() -> str:
    add(1, 2, 3)
    token = page().next_token
    assert token is not None
    return token


def test_token_of_another_user_is_rejected() -> None:
    with pytest.raises(InvalidPageToken):
        page(valid_token(), owner="u2")


@pytest.mark.parametrize(
    "other", [IndexPaginator(TABLE, "other", "user_id", "created_at"), IndexPaginator("events", "by_user", "u", "c")]
)
def test_token_of_another_list_is_rejected(other: IndexPaginator) -> None:
    with pytest.raises(InvalidPageToken):
        page(valid_token(), listing=other)


def test_token_with_any_changed_character_is_rejected() -> None:
    token = valid_token()

    for at in range(len(token)):
        other = "A" if token[at] != "A" else "B"
        with pytest.raises(InvalidPageToken):
            page(token[:at] + other + token[at + 1 :])


@pytest.mark.parametrize("length", [0, 1, 2, 3, 20, 21, 22, 23, 24, 50])
def test_truncated_token_is_rejected(length: int) -> None:
    token = valid_token()

    with pytest.raises(InvalidPageToken):
        decode(token[:length], "bookings/by_user/u1")


FORGED = [
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


@pytest.mark.parametrize("token", FORGED)
def test_forged_token_is_rejected(token: str) -> None:
    with pytest.raises(InvalidPageToken):
        page(token)


def test_unsigned_position_is_rejected() -> None:
    body = b'{"at":{"created_at":"0002","pk":"u2-1","sk":"booking","user_id":"u2"},"forward":true}'

    with pytest.raises(InvalidPageToken):
        page(base64.urlsafe_b64encode(b"\x00" * 16 + body).decode())


def test_token_fits_into_a_query_parameter() -> None:
    position = dict.fromkeys(("pk", "sk", "user_id", "created_at"), "x" * 36)

    token = encode({"forward": True, "at": position}, "bookings/by_user/u1")

    assert len(token) <= 1024
    assert token.replace("-", "").replace("_", "").isalnum()
    assert decode(token, "bookings/by_user/u1") == {"forward": True, "at": position}
