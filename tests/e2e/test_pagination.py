"""Every list of the API, paged in both directions during changes; its tokens work for no other list.

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
    assert call in LIST_CASES, (
        f"{call} is a list: say in tests/support/fixtures/pagination_cases.py how items come and go in it"
    )
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
    shown_ids = ids(pagination_case, body)
    while body["next_token"]:
        body = page(pagination_case, 100, next_token=body["next_token"])
        shown_ids += ids(pagination_case, body)
    return shown_ids


def last_page(pagination_case: SeededList | ApiList) -> dict[str, Any]:
    body = page(pagination_case)
    while body["next_token"]:
        body = page(pagination_case, next_token=body["next_token"])
    return body


@EVERY_LIST
@pytest.mark.parametrize("way", ["next_token", "previous_token"])
def test_unchanged_items_appear_once_while_list_changes(pagination_case: SeededList | ApiList, way: str) -> None:
    before = all_ids(pagination_case)
    body = page(pagination_case) if way == "next_token" else last_page(pagination_case)
    shown_ids, changes = ids(pagination_case, body), iter([(-1, 6.5), (1.5,)])

    while body[way]:
        for place in next(changes, ()):
            pagination_case.add(place)
            pagination_case.remove()
        body = page(pagination_case, **{way: body[way]})
        shown_ids = (
            shown_ids + ids(pagination_case, body) if way == "next_token" else ids(pagination_case, body) + shown_ids
        )

    assert next(changes, None) is None, "the list was too short to change on the way"
    assert len(shown_ids) == len(set(shown_ids))
    after = set(all_ids(pagination_case))
    stayed = [one for one in before if one in after]
    assert len(stayed) >= 3
    assert [one for one in shown_ids if one in stayed] == stayed


@EVERY_LIST
def test_previous_token_returns_the_same_page(pagination_case: SeededList | ApiList) -> None:
    def walk() -> list[tuple[Any, Any]] | None:
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

    pairs = wait_for(walk, "a walk during which nothing comes or goes")
    assert len(pairs) >= 3
    assert [again for again, _ in pairs] == [body for _, body in pairs]


@EVERY_LIST
def test_token_is_valid_whole_and_for_its_list(
    pagination_case: SeededList | ApiList, call: str, e2e: E2EFixture
) -> None:
    token = page(pagination_case)["next_token"]
    joint = "&" if "?" in pagination_case.address else "?"
    first = "A" if token[0] != "A" else "B"
    refused = [f"{first}{token[1:]}", token[:-4], f"{token}AAAA", "invented"]

    responses = [
        pagination_case.client.request("GET", f"{pagination_case.address}{joint}{name}={one}")
        for one in refused
        for name in TOKENS
    ]
    both = pagination_case.client.request(
        "GET", f"{pagination_case.address}{joint}next_token={token}&previous_token={token}"
    )
    if pagination_case.foreign:
        by, address = pagination_case.foreign
        responses += [by.request("GET", f"{address}{'&' if '?' in address else '?'}next_token={token}")]
    for other in [one for one in sorted(LIST_CASES) if one in paginated_routes() and one != call][:OTHER_LISTS_TRIED]:
        there = LIST_CASES[other](e2e, other)
        responses += [
            there.client.request("GET", f"{there.address}{'&' if '?' in there.address else '?'}next_token={token}")
        ]

    assert {(one.status, one.json["type"]) for one in responses} == {(400, "/problems/invalid-page-token")}
    assert (both.status, both.json["type"]) == (422, "/problems/unprocessable")
