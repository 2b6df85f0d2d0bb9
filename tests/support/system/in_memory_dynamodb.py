"""DynamoDB's tables in memory, behind the store's port: conditions, transactions, indexes and changes.

Equivalent to DynamoDB wherever a service can observe it; `test_fidelity` compares it with the emulator. Faults and
schedules are the callers' concern.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from common.store import ConditionCheck, ConditionFailed, Item, Key, Put, Update, Write
from common.writes import item_key
from infra.resource_types import Table
from tests.support.system import dynamodb_expressions
from tests.support.system.dynamodb_expressions import InvalidRequest, type_code

ItemKey = tuple[str, str]  # pk, sk
_TOKEN_SECONDS = 600.0  # lifetime of a transaction's token
_MAX_WRITES = 100  # writes in a transaction
_ATOMS = frozenset((str, int, bool, type(None)))  # immutable: need no copy


class TokenReused(Exception):
    """DynamoDB's IdempotentParameterMismatchException."""


class ItemChange(NamedTuple):
    """A committed write, as in the table's stream."""

    table: str
    key: ItemKey
    old: Item | None
    new: Item | None

    @property
    def passes_stream_filter(self) -> bool:
        """Whether the filter of cdc's event source mapping matches."""
        return self.new is not None and "outbox_version" in self.new

    def stream_record(self, number: int) -> dict[str, Any]:
        """The stream record for cdc, which reads one attribute of the old image."""
        old = (self.old or {}).get("outbox_version")
        images = {
            "NewImage": _image(self.new or {}),
            "OldImage": {} if old is None else {"outbox_version": _attribute_value(old)},
        }
        return {"dynamodb": images | {"SequenceNumber": str(number)}}


@dataclass
class _TableState:
    """A table: its items, and the writes not yet applied to its indexes."""

    definition: Table
    items: dict[ItemKey, Item] = field(default_factory=dict)
    stale_items: dict[ItemKey, Item | None] = field(default_factory=dict)  # the indexes' versions of items


def plain_copy(value: Any) -> Any:
    """A copy of the value as DynamoDB would return it."""
    if type(value) in _ATOMS:
        return value
    if type(value) is dict or isinstance(value, Mapping):
        # Fast path: most values are plain, and a call for each would take a tenth of a schedule's time.
        return {name: inner if type(inner) in _ATOMS else plain_copy(inner) for name, inner in value.items()}
    if isinstance(value, str):
        return str(value)
    if isinstance(value, list | tuple):
        return [inner if type(inner) in _ATOMS else plain_copy(inner) for inner in value]
    if isinstance(value, set | frozenset):
        if not value:
            raise InvalidRequest("a set must not be empty")
        return {plain_copy(inner) for inner in value}
    if isinstance(value, int):
        return value
    raise InvalidRequest(f"unsupported type: {type(value).__name__}")


class InMemoryTables:
    """All tables of the topology. Reads return copies; stored items are never changed in place."""

    def __init__(self, tables: Iterable[Table]) -> None:
        self._tables = {one.name: _TableState(one) for one in tables}
        self._tokens: dict[str, tuple[float, int]] = {}
        self.changes: list[ItemChange] = []
        self.now = 0.0  # seconds; for the age of tokens only

    # -- the port -------------------------------------------------------------------------------

    def get(self, table: str, key: Key, *, consistent: bool = True) -> Item | None:
        """Always consistent: no service uses eventually consistent reads of items."""
        item = self._tables[table].items.get(_request_key(key))
        return None if item is None else plain_copy(item)

    def batch_get(self, table: str, keys: Sequence[Key]) -> tuple[list[Item], Sequence[Key]]:
        if len({_request_key(one) for one in keys}) != len(keys):
            raise InvalidRequest("duplicate key in a batch")
        items = self._tables[table].items
        return [plain_copy(items[at]) for at in map(_item_key, keys) if at in items], []

    def query(
        self,
        table: str,
        condition: str,
        values: Mapping[str, Any],
        *,
        index: str | None = None,
        limit: int | None = None,
        start: Key | None = None,
        forward: bool = True,
    ) -> tuple[list[Item], Item | None]:
        test, state = dynamodb_expressions.condition(condition), self._tables[table]
        matches = sorted(
            (self._sort_key(state, index, one), one) for one in self._candidates(state, index) if test(one, values)
        )
        if not forward:
            matches.reverse()
        if start is not None:
            after = self._sort_key(state, index, start)
            matches = [one for one in matches if (one[0] > after if forward else one[0] < after)]
        page = [self._projection(state, index, one) for _, one in (matches[:limit] if limit else matches)]
        more = bool(limit) and len(page) == limit
        return page, self._key_attributes(state, index, page[-1]) if more and page else None

    def write(self, one: Write) -> Item:
        key = self._key_of_write(one)
        old = self._tables[one.table].items.get(key)
        if not _condition_holds(one, old):
            raise ConditionFailed([0], [plain_copy(old) if old is not None else None])
        new = self._apply_write(one, old)
        self._commit(one.table, key, old, new)
        return one.item if isinstance(one, Put) else plain_copy(new) if isinstance(one, Update) else {}

    def transact(self, writes: Sequence[Write], token: str) -> None:
        if not 0 < len(writes) <= _MAX_WRITES:
            raise InvalidRequest("a transaction has 1 to 100 writes")
        fingerprint = hash(repr([_fingerprint(one) for one in writes]))
        earlier = self._tokens.get(token)
        if earlier and self.now - earlier[0] < _TOKEN_SECONDS:
            if earlier[1] != fingerprint:
                raise TokenReused(token)
            return
        keys = [(one.table, self._key_of_write(one)) for one in writes]
        if len(set(keys)) != len(keys):
            raise InvalidRequest("a transaction has several writes to one item")
        old_items = [self._tables[table].items.get(key) for table, key in keys]
        failed = [at for at, one in enumerate(writes) if not _condition_holds(one, old_items[at])]
        if failed:
            raise ConditionFailed(
                failed, [plain_copy(old) if at in failed and old else None for at, old in enumerate(old_items)]
            )
        new_items = [self._apply_write(one, old) for one, old in zip(writes, old_items, strict=True)]
        for one, (table, key), old, new in zip(writes, keys, old_items, new_items, strict=True):
            if not isinstance(one, ConditionCheck):
                self._commit(table, key, old, new)
        self._tokens[token] = self.now, fingerprint

    # -- for tests and simulations -------------------------------------------------------------

    def items(self, table: str) -> list[Item]:
        """All items in key order; read-only."""
        stored = self._tables[table].items
        return [stored[key] for key in sorted(stored)]

    def snapshot(self) -> dict[str, dict[ItemKey, Item]]:
        """All items, for `restore`."""
        return {name: dict(one.items) for name, one in self._tables.items()}

    def restore(self, snapshot: Mapping[str, Mapping[ItemKey, Item]]) -> None:
        """Restore a snapshot; tables missing from it become empty."""
        for name, table in self._tables.items():
            table.items = dict(snapshot.get(name, {}))
            table.stale_items.clear()

    def update_indexes(self) -> None:
        """Apply all writes to all indexes."""
        for state in self._tables.values():
            state.stale_items.clear()

    def expire(self, now: int) -> None:
        """Delete the items past their TTL."""
        for name, state in self._tables.items():
            ttl = state.definition.ttl
            for key, item in list(state.items.items()) if ttl else []:
                if ttl and item.get(ttl, now) < now:
                    self._commit(name, key, item, None)

    # -- internal ------------------------------------------------------------------------------------

    def _candidates(self, state: _TableState, index: str | None) -> Iterable[Item]:
        if index is None:
            return state.items.values()
        keys = _index_keys(state.definition, index)
        stale = [one for one in state.stale_items.values() if one is not None]
        fresh = [one for key, one in state.items.items() if key not in state.stale_items]
        return [one for one in (*fresh, *stale) if all(name in one for name in keys)]

    def _sort_key(self, state: _TableState, index: str | None, one: Mapping[str, Any]) -> tuple[Any, ...]:
        sort = _index_keys(state.definition, index)[1:] if index else ()
        return (*(one[name] for name in sort), *_item_key(one))

    def _key_attributes(self, state: _TableState, index: str | None, one: Item) -> Item:
        names = {"pk", "sk"} | set(_index_keys(state.definition, index) if index else ())
        return {name: plain_copy(one[name]) for name in sorted(names)}

    def _projection(self, state: _TableState, index: str | None, one: Item) -> Item:
        return plain_copy(one) if index is None else self._key_attributes(state, index, one)

    def _key_of_write(self, one: Write) -> ItemKey:
        return _request_key(item_key(one))

    def _apply_write(self, one: Write, old: Item | None) -> Item | None:
        if isinstance(one, ConditionCheck):
            return old
        if isinstance(one, Put):
            new = plain_copy({name: value for name, value in one.item.items() if value is not None})
        elif isinstance(one, Update):
            new = _apply_update(one, old)
        else:
            return None
        for name in {"pk", "sk"} | {
            key for index in self._tables[one.table].definition.indexes for key in _index_attributes(index)
        }:
            if name in new and not (isinstance(new[name], str) and new[name]):
                raise InvalidRequest(f"the key {name} must be a non-empty string")
        return dict(new)

    def _commit(self, table: str, key: ItemKey, old: Item | None, new: Item | None) -> None:
        state = self._tables[table]
        state.stale_items.setdefault(key, old)
        if new is None:
            state.items.pop(key, None)
        else:
            state.items[key] = new
        if state.definition.stream and old != new:
            self.changes.append(ItemChange(table, key, old, new))


def _image(item: Item) -> dict[str, Any]:
    return {name: _attribute_value(value) for name, value in item.items()}


def _attribute_value(value: Any) -> dict[str, Any]:
    return {type_code(value): _SERIALIZERS[type(value)](value)}


_SERIALIZERS: dict[type, Callable[[Any], Any]] = {
    str: str,
    bool: bool,
    int: str,
    dict: _image,
    list: lambda value: [_attribute_value(one) for one in value],
    set: sorted,
    type(None): lambda _: True,
}


def _item_key(key: Mapping[str, Any]) -> ItemKey:
    return str(key["pk"]), str(key["sk"])


def _request_key(key: Mapping[str, Any]) -> ItemKey:
    """The item key of a request's key."""
    if not (key["pk"] and key["sk"]):
        raise InvalidRequest("a key's attributes must be non-empty strings")
    return _item_key(key)


def _index_attributes(index: Any) -> tuple[str, ...]:
    return (index.pk, index.sk) if index.sk else (index.pk,)


def _index_keys(table: Table, index: str) -> tuple[str, ...]:
    return _index_attributes(next(one for one in table.indexes if one.name == index))


def _condition_holds(one: Write, old: Item | None) -> bool:
    return one.condition is None or dynamodb_expressions.condition(one.condition)(old or {}, one.values)


def _apply_update(one: Update, old: Item | None) -> Item:
    before = old if old is not None else {"pk": str(one.key["pk"]), "sk": str(one.key["sk"])}
    new: Item = plain_copy(before)
    values = {name: plain_copy(value) for name, value in one.values.items()}
    for action in dynamodb_expressions.update(one.expression):
        action(before, new, values)
    if (new["pk"], new["sk"]) != (before["pk"], before["sk"]):
        raise InvalidRequest("an update must not change the key")
    return new


def _fingerprint(one: Write) -> tuple[Any, ...]:
    return (type(one).__name__, one.table, one.condition, sorted(one.values.items(), key=lambda pair: pair[0]),
            getattr(one, "expression", None), getattr(one, "item", None) or dict(getattr(one, "key", {})))  # fmt: skip
