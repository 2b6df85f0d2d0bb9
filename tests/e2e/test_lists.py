"""Every list of the API, walked both ways while items come and go; its tokens are good for nothing else.

A call that takes page tokens and has no maker in `tests.support.lists` makes these red.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from local.people import until
from tests.support.house import House
from tests.support.lists import MAKERS, Made, Planted, lists

EVERY_LIST = pytest.mark.parametrize("call", sorted(lists()))
TOKENS = ("next_token", "previous_token")
OTHERS = 3  # lists whose tokens are tried on each


@pytest.fixture(scope="session")
def filled() -> dict[str, Planted | Made]:
    return {}


@pytest.fixture
def shelf(call: str, house: House, filled: dict[str, Planted | Made]) -> Iterator[Planted | Made]:
    assert call in MAKERS, f"{call} is a list: say in tests/support/lists.py how items come and go in it"
    if call not in filled:
        filled[call] = MAKERS[call](house, call)
    filled[call].fill()
    yield filled[call]
    filled[call].clear()


def page(shelf: Planted | Made, limit: int = 2, **token: str) -> dict[str, Any]:
    query = "&".join(f"{name}={value}" for name, value in ({"limit": limit} | token).items())
    found: dict[str, Any] = shelf.by.must("GET", f"{shelf.address}{'&' if '?' in shelf.address else '?'}{query}")
    return found


def ids(shelf: Planted | Made, found: dict[str, Any]) -> list[str]:
    return [one[shelf.name if isinstance(shelf, Planted) else "id"] for one in found["items"]]


def everything(shelf: Planted | Made) -> list[str]:
    found = page(shelf, 100)
    shown = ids(shelf, found)
    while found["next_token"]:
        found = page(shelf, 100, next_token=found["next_token"])
        shown += ids(shelf, found)
    return shown


def last(shelf: Planted | Made) -> dict[str, Any]:
    found = page(shelf)
    while found["next_token"]:
        found = page(shelf, next_token=found["next_token"])
    return found


@EVERY_LIST
@pytest.mark.parametrize("way", ["next_token", "previous_token"])
def test_what_stayed_is_shown_once_and_in_order_while_items_come_and_go(shelf: Planted | Made, way: str) -> None:
    before = everything(shelf)
    found = page(shelf) if way == "next_token" else last(shelf)
    shown, changes = ids(shelf, found), iter([(-1, 6.5), (1.5,)])

    while found[way]:
        for place in next(changes, ()):
            shelf.add(place)
            shelf.remove()
        found = page(shelf, **{way: found[way]})
        shown = shown + ids(shelf, found) if way == "next_token" else ids(shelf, found) + shown

    assert next(changes, None) is None, "the list was too short to change on the way"
    assert len(shown) == len(set(shown))
    after = set(everything(shelf))
    stayed = [one for one in before if one in after]
    assert len(stayed) >= 3
    assert [one for one in shown if one in stayed] == stayed


@EVERY_LIST
def test_going_back_gives_the_same_page(shelf: Planted | Made) -> None:
    def walk() -> list[tuple[Any, Any]] | None:
        before, pairs, found = everything(shelf), [], page(shelf)
        assert found["previous_token"] is None
        while found["next_token"]:
            following = page(shelf, next_token=found["next_token"])
            again = page(shelf, previous_token=following["previous_token"])
            first = found["previous_token"] is None
            pairs.append(((ids(shelf, again), again["previous_token"] is None), (ids(shelf, found), first)))
            found = following
        return pairs if everything(shelf) == before else None  # what another test began may still arrive

    pairs = until(walk, "a walk during which nothing comes or goes")
    assert len(pairs) >= 3
    assert [again for again, _ in pairs] == [found for _, found in pairs]


@EVERY_LIST
def test_a_token_is_good_for_its_own_list_and_whole_only(shelf: Planted | Made, call: str, house: House) -> None:
    token = page(shelf)["next_token"]
    joint = "&" if "?" in shelf.address else "?"
    first = "A" if token[0] != "A" else "B"
    refused = [f"{first}{token[1:]}", token[:-4], f"{token}AAAA", "invented"]

    answers = [shelf.by.call("GET", f"{shelf.address}{joint}{name}={one}") for one in refused for name in TOKENS]
    both = shelf.by.call("GET", f"{shelf.address}{joint}next_token={token}&previous_token={token}")
    if shelf.foreign:
        by, address = shelf.foreign
        answers += [by.call("GET", f"{address}{'&' if '?' in address else '?'}next_token={token}")]
    for other in [one for one in sorted(MAKERS) if one in lists() and one != call][:OTHERS]:
        there = MAKERS[other](house, other)
        answers += [there.by.call("GET", f"{there.address}{'&' if '?' in there.address else '?'}next_token={token}")]

    assert {(one.status, one.json["type"]) for one in answers} == {(400, "/problems/bad-token")}
    assert (both.status, both.json["type"]) == (422, "/problems/invalid")
