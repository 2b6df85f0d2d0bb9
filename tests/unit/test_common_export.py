"""The records of a person, an answer at a time: none is left out, none comes twice, and no answer is too large."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest

from common import store
from common.calls.export import ExportUser, Record
from common.export import Source, exported
from common.store import Item, Key, Write

ONE = Source("things", frozenset({"thing"}), index="by_user", owner="user_id", hidden=("secret",))
OWN = Source("things", frozenset({"profile"}))


class Things:
    """Tables that answer keys by an index and items by their keys, each call within DynamoDB's own limits."""

    def __init__(self, items: Sequence[Item]) -> None:
        self.items = items

    def query(
        self,
        table: str,
        condition: str,
        values: Mapping[str, Any],
        *,
        index: str | None,
        limit: int | None,
        start: Key | None,
        forward: bool,
    ) -> tuple[list[Item], Item | None]:
        wanted = [one for one in self.items if (one["sk"] == "thing") == bool(index)]
        names = [{"pk": one["pk"], "sk": one["sk"], "user_id": "me"} if index else one for one in wanted]
        begin, most = names.index(dict(start)) + 1 if start else 0, limit or len(names)
        found = names[begin : begin + most]
        return found, found[-1] if len(names) > begin + most else None

    def batch_get(self, table: str, keys: Sequence[Key]) -> tuple[list[Item], Sequence[Key]]:
        return [one for one in self.items if {"pk": one["pk"], "sk": one["sk"]} in keys], []

    def get(self, table: str, key: Key, *, consistent: bool) -> Item | None:
        raise NotImplementedError

    def write(self, one: Write) -> Item:
        raise NotImplementedError

    def transact(self, writes: Sequence[Write], token: str) -> None:
        raise NotImplementedError


@pytest.fixture
def things() -> Iterator[Things]:
    tables = Things([])
    store.use(tables)
    yield tables
    store.use()


def answers(*sources: Source) -> list[tuple[Record, ...]]:
    found = [exported(ExportUser(user_id="me"), *sources)]
    while found[-1].next:
        found.append(exported(ExportUser(user_id="me", token=found[-1].next), *sources))
    return [one.records for one in found]


def thing(number: int, **more: Any) -> Item:
    return {"pk": f"{number:04}", "sk": "thing", "id": number, "user_id": "me"} | more


@pytest.mark.parametrize("number", [0, 1, 24, 25, 26, 50, 51])
def test_every_record_is_told_once(things: Things, number: int) -> None:
    things.items = [thing(one) for one in range(number)]

    assert [one.data["id"] for records in answers(ONE) for one in records] == list(range(number))


def test_large_records_are_spread_over_answers(things: Things) -> None:
    things.items = [thing(one, words="x" * 390_000) for one in range(9)]

    found = answers(ONE)

    assert [one.data["id"] for records in found for one in records] == list(range(9))
    assert max(sum(len(one.model_dump_json()) for one in records) for records in found) < 1_500_000


def test_sources_follow_one_another(things: Things) -> None:
    things.items = [{"pk": "me", "sk": "profile", "id": "me"}, thing(7), {"pk": "me", "sk": "other#1", "id": "other"}]

    assert [[one.kind for one in records] for records in answers(OWN, ONE)] == [["profile"], ["thing"]]


def test_what_is_hidden_is_not_told_and_sets_are_lists(things: Things) -> None:
    things.items = [thing(7, secret="s", outbox=[], roles={"b", "a"}, deep={"more": {"d", "c"}})]

    ((record,),) = answers(ONE)

    assert record.data == {"id": 7, "user_id": "me", "roles": ["a", "b"], "deep": {"more": ["c", "d"]}}


def test_what_went_meanwhile_is_left_out(things: Things) -> None:
    class Gone(Things):
        def batch_get(self, table: str, keys: Sequence[Key]) -> tuple[list[Item], Sequence[Key]]:
            return super().batch_get(table, keys[1:])

    store.use(Gone([thing(1), thing(2)]))

    assert [one.data["id"] for records in answers(ONE) for one in records] == [2]
