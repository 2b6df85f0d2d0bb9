"""Every list of the API, paged in both directions during changes; its tokens are invalid for other lists.

The tests fail for a paginated route without a case in `tests.support.fixtures.pagination_cases`.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from local.actors import wait_for
from tests.support.fixtures.e2e_fixture import E2EFixture
from tests.support.fixtures.pagination_cases import LIST_CASES, ApiList, SeededList, paginated_routes

EVERY_LIST = pytest.mark.parametrize("call", sorted(paginated_routes()))
TOKENS = ("next_token", "previous_token")
OTHER_LISTS_TRIED = 3  # other lists whose tokens are tried on each list


@pytest.fixture(scope="session")
def filled() -> dict[str, SeededList | ApiList]:
    return {}


@pytest.fixture
def pagination_case(
    call: str, e2e: E2EFixture, filled: dict[str, SeededList | ApiList]
) -> Iterator[SeededList | ApiList]:
    assert call in LIST_CASES, f"{call} is a list without a case in tests/support/fixtures/pagination_cases.py"
    if call not in filled:
        filled[call] = LIST_CASES[call](e2e, call)
    filled[call].fill()
    yield filled[call]
    filled[call].clear()


def page(pagination_case: SeededList | ApiList, limit: int = 2, **token: str) -> dict[str, Any]:
    query = "&".join(f"{name}={value}" for name, value in ({"limit": limit} | token).items())
    body: dict[str, Any] = pagination_case.client.request_json(
        "GET", f"{pagination_case.address}{'&' if '?' in pagination_case.address else '?'}{query}"
    )
    return body


def ids(pagination_case: SeededList | ApiList, body: dict[str, Any]) -> list[str]:
    return [one[pagination_case.id_field if isinstance(pagination_case, SeededList) else "id"] for one in body["items"]]


def all_ids(pagination_case: SeededList | ApiList) -> list[str]:
    body = page(pagination_case, 100)
    page_ids = ids(pagination_case, body)
    while body["next_token"]:
        body = page(pagination_case, 100, next_token=body["next_token"])
        page_ids += ids(pagination_case, body)
    return page_ids


def last_page(pagination_case: SeededList | ApiList) -> dict[str, Any]:
    body = page(pagination_case)
    while body["next_token"]:
        body = page(pagination_case, next_token=body["next_token"])
    return body


@EVERY_LIST
@pytest.mark.parametrize("direction", ["next_token", "previous_token"])
def test_unchanged_items_appear_once_while_list_changes(pagination_case: SeededList | ApiList, direction: str) -> None:
    before = all_ids(pagination_case)
    body = page(pagination_case) if direction == "next_token" else last_page(pagination_case)
    page_ids, changes = ids(pagination_case, body), iter([(-1, 6.5), (1.5,)])

    while body[direction]:
        for position in next(changes, ()):
            pagination_case.add(position)
            pagination_case.remove()
        body = page(pagination_case, **{direction: body[direction]})
        page_ids = (
            page_ids + ids(pagination_case, body)
            if direction == "next_token"
            else ids(pagination_case, body) + page_ids
        )

    assert next(changes, None) is None, "the list was too short to change between pages"
    assert len(page_ids) == len(set(page_ids))
    after = set(all_ids(pagination_case))
    unchanged = [one for one in before if one in after]
    assert len(unchanged) >= 3
    assert [one for one in page_ids if one in unchanged] == unchanged


@EVERY_LIST
def test_previous_token_returns_the_same_page(pagination_case: SeededList | ApiList) -> None:
    def traverse() -> list[tuple[Any, Any]] | None:
        before, pairs, body = all_ids(pagination_case), [], page(pagination_case)
        assert body["previous_token"] is None
        while body["next_token"]:
            following = page(pagination_case, next_token=body["next_token"])
            again = page(pagination_case, previous_token=following["previous_token"])
            first = body["previous_token"] is None
            pairs.append(
                ((ids(pagination_case, again), again["previous_token"] is None), (ids(pagination_case, body), first))
            )
            body = following
        return pairs if all_ids(pagination_case) == before else None  # items of other tests may still arrive

    pairs = wait_for(traverse, "a traversal without concurrent changes")
    assert len(pairs) >= 3
    assert [again for again, _ in pairs] == [body for _, body in pairs]


@EVERY_LIST
def test_token_is_valid_whole_and_for_its_list(
    pagination_case: SeededList | ApiList, call: str, e2e: E2EFixture
) -> None:
    token = page(pagination_case)["next_token"]
    separator = "&" if "?" in pagination_case.address else "?"
    other_character = "A" if token[0] != "A" else "B"
    invalid_tokens = [f"{other_character}{token[1:]}", token[:-4], f"{token}AAAA", "invented"]

    responses = [
        pagination_case.client.request("GET", f"{pagination_case.address}{separator}{name}={one}")
        for one in invalid_tokens
        for name in TOKENS
    ]
    both = pagination_case.client.request(
        "GET", f"{pagination_case.address}{separator}next_token={token}&previous_token={token}"
    )
    if pagination_case.foreign:
        by, address = pagination_case.foreign
        responses += [by.request("GET", f"{address}{'&' if '?' in address else '?'}next_token={token}")]
    for other in [one for one in sorted(LIST_CASES) if one in paginated_routes() and one != call][:OTHER_LISTS_TRIED]:
        other_list = LIST_CASES[other](e2e, other)
        responses += [
            other_list.client.request(
                "GET", f"{other_list.address}{'&' if '?' in other_list.address else '?'}next_token={token}"
            )
        ]

    assert {(one.status, one.json["type"]) for one in responses} == {(400, "/problems/invalid-page-token")}
    assert (both.status, both.json["type"]) == (422, "/problems/unprocessable")
