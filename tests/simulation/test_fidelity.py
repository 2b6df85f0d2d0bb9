"""The in-memory tables respond like the emulator's: random sequences of operations run on both."""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from common import dynamodb, env
from common.store import ConditionCheck, ConditionFailed, Delete, Item, Put, Update, Write
from common.writes import item_key
from infra.resource_types import Index, Table
from local.stack import Ports, Stack
from tests.support.system.dynamodb_expressions import InvalidRequest
from tests.support.system.in_memory_dynamodb import InMemoryTables, TokenReused
from tests.support.system.moto_resources import table_definition

SEQUENCES, STEPS = 320, 24
TEST_TABLE = Table("play", (Index("by_owner", "owner", "born_at"), Index("by_code", "code")))
pytestmark = pytest.mark.e2e

CONDITIONS = (
    None,
    "attribute_not_exists(#pk)",
    "attribute_exists(#pk)",
    "#n >= :small",
    "#n < :small OR attribute_not_exists(#n)",
    "#n BETWEEN :small AND :large",
    "#n IN (:small, :large) AND NOT #n = :large",
    "#n <> :small",
    "#text = :text",
    "begins_with(#text, :start) AND attribute_exists(#list)",
    "contains(#tags, :text)",
    "size(#list) > :one",
    "#n <= :large AND (#text = :text OR #text = :start)",
    "#version = :one",
    "#flag = :yes",
    "#n = :text",
    "#map.#n = :small",
    "#list[0] = :text",
)
UPDATES = (
    "SET #n = :small",
    "SET #n = #n + :one",
    "SET #n = #n - :small, #text = :text",
    "SET #n = if_not_exists(#n, :large) + :one",
    "SET #list = list_append(#list, :more)",
    "SET #list = list_append(if_not_exists(#list, :none), :more), #version = if_not_exists(#version, :zero) + :one",
    "SET #flag = :yes REMOVE #text, #list",
    "SET #map = :map",
    "SET #map.#n = :large",
    "SET #text = #missing",
    "REMOVE #n, #nothing",
    "ADD #n :large",
    "ADD #n :large, #version :one",
    "ADD #tags :tags",
    "DELETE #tags :tags",
    "SET #n = :small ADD #version :one",
)
VALUES: dict[str, Any] = {
    "zero": 0, "one": 1, "small": 3, "large": 9, "text": "aé", "start": "a", "yes": True, "none": [],
    "more": ["aé", 3], "map": {"n": 3, "deep": {"list": [1, "x"]}}, "tags": {"aé", "b"},
}  # fmt: skip


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    stack = Stack(Ports.find_free(), tmp_path_factory.mktemp("emulator"), with_parent=True)
    try:
        stack.launch()
        client = stack.client("dynamodb")
        client.create_table(**table_definition(TEST_TABLE))
        env.use({"TABLE_PLAY": "test-play"}, lambda _: client)
        yield stack
    finally:
        env.use()
        stack.stop()


class RandomOperations:
    """A random sequence of operations on ten keys of its own."""

    def __init__(self, number: int) -> None:
        self.draw = random.Random(number)
        self.prefix = f"s{number}"
        self.tokens = [f"token-{number}-{at}" for at in range(3)]

    def key(self) -> dict[str, str]:
        return {"pk": f"{self.prefix}-{self.draw.randint(0, 1)}", "sk": self.draw.choice("abcde")}

    def item(self) -> Item:
        optional = {
            "n": self.draw.randint(-2, 9), "text": self.draw.choice(("a", "aé", "b")), "list": ["aé", 1],
            "tags": {"aé"}, "flag": self.draw.random() < 0.5, "version": 1, "nothing": None,
            "owner": f"{self.prefix}-o", "born_at": f"t{self.draw.randint(0, 5)}",
        }  # fmt: skip
        return self.key() | {name: value for name, value in optional.items() if self.draw.random() < 0.7}

    def single_write(self) -> Write:
        condition = None if self.draw.random() < 0.4 else self.draw.choice(CONDITIONS)
        kind = self.draw.choice((Put, Put, Update, Update, Update, Delete))
        if kind is Put:
            return Put("play", self.item(), condition=condition, values=VALUES)
        if kind is Delete:
            return Delete("play", self.key(), condition=condition, values=VALUES)
        return Update("play", self.key(), self.draw.choice(UPDATES), condition=condition, values=VALUES)

    def transaction(self) -> list[Write]:
        writes = {self._item_key(one): one for one in (self.single_write() for _ in range(self.draw.randint(1, 4)))}
        condition_check = ConditionCheck("play", self.key(), condition=self.draw.choice(CONDITIONS[1:]), values=VALUES)
        if self.draw.random() < 0.4:
            writes.setdefault((condition_check.key["pk"], condition_check.key["sk"]), condition_check)
        return list(writes.values())

    def step(self) -> tuple[str, Callable[[Any], Any]]:
        """The operation's description, and a function that runs it on either tables."""
        kind = self.draw.choice(("write", "write", "write", "transact", "transact", "get", "batch", "query", "index"))
        if kind == "write":
            one = self.single_write()
            return f"write {one}", lambda tables: tables.write(one)
        if kind == "transact":
            writes, token = (
                self.transaction(),
                self.draw.choice(self.tokens) if self.draw.random() < 0.2 else self._fresh_token(),
            )
            return f"transact {writes} {token}", lambda tables: tables.transact(writes, token)
        if kind == "get":
            key = self.key()
            return f"get {key}", lambda tables: tables.get("play", key, consistent=True)
        if kind == "batch":
            keys = list({tuple(one.items()): one for one in (self.key() for _ in range(4))}.values())
            return f"batch {keys}", lambda tables: _sort_batch(tables.batch_get("play", keys))
        return self._query(index=kind == "index")

    def _query(self, *, index: bool) -> tuple[str, Callable[[Any], Any]]:
        limit, forward = self.draw.choice((None, 1, 2, 3)), self.draw.random() < 0.5
        partition_key, sort_key = ("owner", "born_at") if index else ("pk", "sk")
        sort_condition = self.draw.choice(("", f" AND #{sort_key} >= :from", f" AND #{sort_key} BETWEEN :from AND :to"))
        sort_condition = sort_condition or self.draw.choice(("", f" AND begins_with(#{sort_key}, :start)"))
        partition = f"{self.prefix}-{'o' if index else self.draw.randint(0, 1)}"
        values = {
            "partition": partition,
            "from": "b" if not index else "t1",
            "to": "d" if not index else "t4",
            "start": "t",
        }
        condition = f"#{partition_key} = :partition{sort_condition}"

        def pages(tables: Any) -> Any:
            options: dict[str, Any] = {"index": "by_owner" if index else None, "limit": limit, "forward": forward}
            found, start = list[Any](), None
            for _ in range(12):
                page, start = tables.query("play", condition, values, start=start, **options)
                found.append([_normalise(one) for one in page])
                if start is None:
                    break
            return _flatten_pages(found, index=index)

        return f"query {condition} {values} {limit} {forward}", pages

    def _fresh_token(self) -> str:
        return f"{self.prefix}-{self.draw.random()}"

    def _item_key(self, one: Write) -> tuple[str, str]:
        key = item_key(one)
        return str(key["pk"]), str(key["sk"])


def _flatten_pages(pages: list[list[Any]], *, index: bool) -> Any:
    # Unspecified: the order of items with equal index keys, and whether an empty page follows a full one.
    flat = [one for page in pages for one in page]
    if index:
        return [one["born_at"] for one in flat], sorted(map(repr, flat))
    return flat


def _normalise(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _normalise(value[name]) for name in sorted(value) if value[name] is not None}
    if isinstance(value, list | tuple):
        return [_normalise(one) for one in value]
    return sorted(value) if isinstance(value, set | frozenset) else value


def _sort_batch(response: tuple[list[Item], Any]) -> Any:
    return sorted((_normalise(one) for one in response[0]), key=repr), list(response[1])


def _outcome(operation: Callable[[Any], Any], tables: Any) -> Any:
    try:
        return "done", _normalise(operation(tables))
    except ConditionFailed as failed:
        return "failed", failed.failed_indexes, [_normalise(old) for old in failed.old_items]
    except (InvalidRequest, TokenReused) as error:
        return "rejected", type(error).__name__
    except ClientError as error:
        return "rejected", _error_name(error.response)


def _error_name(response: Any) -> str:
    code = response["Error"]["Code"]
    if code == "IdempotentParameterMismatchException":
        return "TokenReused"
    reasons = {reason.get("Code") for reason in response.get("CancellationReasons", [])}
    known = code in ("ValidationException", "TransactionCanceledException") and reasons <= {"None", "ValidationError"}
    return "InvalidRequest" if known else code


def test_random_operations_match_the_emulator(emulator: Stack) -> None:
    outcomes: Counter[str] = Counter()
    for number in range(SEQUENCES):
        operations, simulated = RandomOperations(number), InMemoryTables((TEST_TABLE,))
        for at in range(STEPS):
            description, operation = operations.step()
            simulated.update_indexes()

            ours, emulated = _outcome(operation, simulated), _outcome(operation, dynamodb)

            assert ours == emulated, f"sequence {number}, step {at}: {description}"
            outcomes[f"{description.split()[0]} {ours[0]}"] += 1
    for kind in ("write done", "write failed", "transact done", "transact failed"):
        assert outcomes[kind] > 200, outcomes
    for kind in ("write rejected", "transact rejected"):
        assert outcomes[kind] > 50, outcomes
