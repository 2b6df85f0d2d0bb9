"""The records of a person, an answer at a time: none is left out, none comes twice, and no answer is too large."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest

from common import store
from common.export import RecordSource, export_records
from common.rpc.export import ExportedRecord, ExportUserRequest
from common.store import Item, Key, Write

INDEXED = RecordSource("things", frozenset({"thing"}), index="by_user", owner="user_id", hidden=("secret",))
PROFILE = RecordSource("things", frozenset({"profile"}))


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
        matching = [one for one in self.items if (one["sk"] == "thing") == bool(index)]
        names = [{"pk": one["pk"], "sk": one["sk"], "user_id": "me"} if index else one for one in matching]
        offset, count = names.index(dict(start)) + 1 if start else 0, limit or len(names)
        page = names[offset : offset + count]
        return page, page[-1] if len(names) > offset + count else None

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


def all_pages(*sources: RecordSource) -> list[tuple[ExportedRecord, ...]]:
    pages = [export_records(ExportUserRequest(user_id="me"), *sources)]
    while pages[-1].next_token:
        pages.append(export_records(ExportUserRequest(user_id="me", token=pages[-1].next_token), *sources))
    return [one.records for one in pages]


def thing(number: int, **more: Any) -> Item:
    return {"pk": f"{number:04}", "sk": "thing", "id": number, "user_id": "me"} | more


@pytest.mark.parametrize("number", [0, 1, 24, 25, 26, 50, 51])
def test_every_record_is_exported_once(things: Things, number: int) -> None:
    things.items = [thing(one) for one in range(number)]

    assert [one.data["id"] for records in all_pages(INDEXED) for one in records] == list(range(number))


def test_large_records_are_split_over_pages(things: Things) -> None:
    things.items = [thing(one, words="x" * 390_000) for one in range(9)]

    pages = all_pages(INDEXED)

    assert [one.data["id"] for records in pages for one in records] == list(range(9))
    assert max(sum(len(one.model_dump_json()) for one in records) for records in pages) < 1_500_000


def test_sources_are_exported_in_order(things: Things) -> None:
    things.items = [{"pk": "me", "sk": "profile", "id": "me"}, thing(7), {"pk": "me", "sk": "other#1", "id": "other"}]

    assert [[one.kind for one in records] for records in all_pages(PROFILE, INDEXED)] == [["profile"], ["thing"]]


def test_export_omits_hidden_attributes_and_lists_sets(things: Things) -> None:
    things.items = [thing(7, secret="s", outbox=[], roles={"b", "a"}, deep={"more": {"d", "c"}})]

    ((record,),) = all_pages(INDEXED)

    assert record.data == {"id": 7, "user_id": "me", "roles": ["a", "b"], "deep": {"more": ["c", "d"]}}


def test_export_skips_items_deleted_meanwhile(things: Things) -> None:
    class Gone(Things):
        def batch_get(self, table: str, keys: Sequence[Key]) -> tuple[list[Item], Sequence[Key]]:
            return super().batch_get(table, keys[1:])

    store.use(Gone([thing(1), thing(2)]))

    assert [one.data["id"] for records in all_pages(INDEXED) for one in records] == [2]
