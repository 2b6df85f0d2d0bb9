"""DynamoDB's tables in memory, behind the store's port: conditions, transactions, indexes and changes.

Faithful where the services could tell the difference; `test_fidelity` compares it with the emulator.
Nothing here knows of time, faults or schedules: whoever stands before it does.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from common.store import Check, ConditionFailed, Item, Key, Put, Update, Write
from common.writes import place as written_at
from infra.vocabulary import Table
from tests.support import expressions
from tests.support.expressions import Invalid, kind

Place = tuple[str, str]  # pk, sk
_TOKENS_KEPT = 600.0  # seconds in which a transaction's token is remembered
_MOST = 100  # writes in a transaction
_ATOMS = frozenset((str, int, bool, type(None)))  # what is its own copy


class TokenReused(Exception):
    """DynamoDB's IdempotentParameterMismatchException."""


class Change(NamedTuple):
    """One committed write, as the table's stream has it."""

    table: str
    place: Place
    old: Item | None
    new: Item | None

    @property
    def passes(self) -> bool:
        """Whether the filter of cdc's mapping lets it pass."""
        return self.new is not None and "outbox_version" in self.new

    def record(self, number: int) -> dict[str, Any]:
        """As cdc gets it; of what was before it reads one attribute."""
        old = (self.old or {}).get("outbox_version")
        images = {
            "NewImage": _image(self.new or {}),
            "OldImage": {} if old is None else {"outbox_version": _typed(old)},
        }
        return {"dynamodb": images | {"SequenceNumber": str(number)}}


@dataclass
class _Kept:
    """One table: its items, and what its indexes have not heard of yet."""

    made: Table
    items: dict[Place, Item] = field(default_factory=dict)
    unheard: dict[Place, Item | None] = field(default_factory=dict)  # as they were when the indexes last looked


def plain(value: Any) -> Any:
    """A copy of the value as DynamoDB would give it back."""
    if type(value) in _ATOMS:
        return value
    if type(value) is dict or isinstance(value, Mapping):
        # Most of what is kept is plain already: a call for each of it would be a tenth of a schedule's time.
        return {name: inner if type(inner) in _ATOMS else plain(inner) for name, inner in value.items()}
    if isinstance(value, str):
        return str(value)
    if isinstance(value, list | tuple):
        return [inner if type(inner) in _ATOMS else plain(inner) for inner in value]
    if isinstance(value, set | frozenset):
        if not value:
            raise Invalid("a set is never empty")
        return {plain(inner) for inner in value}
    if isinstance(value, int):
        return value
    raise Invalid(f"no such type: {type(value).__name__}")


class Tables:
    """All tables of the topology. What is given out are copies; what is kept is never changed in place."""

    def __init__(self, tables: Iterable[Table]) -> None:
        self._tables = {one.name: _Kept(one) for one in tables}
        self._tokens: dict[str, tuple[float, int]] = {}
        self.changes: list[Change] = []
        self.now = 0.0  # seconds; only the age of tokens depends on it

    # -- the port -------------------------------------------------------------------------------

    def get(self, table: str, key: Key, *, consistent: bool = True) -> Item | None:
        """Never stale: none of the services reads an item so."""
        found = self._tables[table].items.get(_named(key))
        return None if found is None else plain(found)

    def batch_get(self, table: str, keys: Sequence[Key]) -> tuple[list[Item], Sequence[Key]]:
        if len({_named(one) for one in keys}) != len(keys):
            raise Invalid("a key twice in one batch")
        items = self._tables[table].items
        return [plain(items[at]) for at in map(_place, keys) if at in items], []

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
        test, kept = expressions.condition(condition), self._tables[table]
        found = sorted((self._order(kept, index, one), one) for one in self._seen(kept, index) if test(one, values))
        if not forward:
            found.reverse()
        if start is not None:
            after = self._order(kept, index, start)
            found = [one for one in found if (one[0] > after if forward else one[0] < after)]
        page = [self._shown(kept, index, one) for _, one in (found[:limit] if limit else found)]
        more = bool(limit) and len(page) == limit
        return page, self._where(kept, index, page[-1]) if more and page else None

    def write(self, one: Write) -> Item:
        place = self._place_of(one)
        old = self._tables[one.table].items.get(place)
        if not _holds(one, old):
            raise ConditionFailed([0], [plain(old) if old is not None else None])
        new = self._written(one, old)
        self._commit(one.table, place, old, new)
        return one.item if isinstance(one, Put) else plain(new) if isinstance(one, Update) else {}

    def transact(self, writes: Sequence[Write], token: str) -> None:
        if not 0 < len(writes) <= _MOST:
            raise Invalid("a transaction has 1 to 100 writes")
        asked = hash(repr([_asked(one) for one in writes]))
        known = self._tokens.get(token)
        if known and self.now - known[0] < _TOKENS_KEPT:
            if known[1] != asked:
                raise TokenReused(token)
            return
        places = [(one.table, self._place_of(one)) for one in writes]
        if len(set(places)) != len(places):
            raise Invalid("a transaction writes an item once")
        olds = [self._tables[table].items.get(place) for table, place in places]
        failed = [at for at, one in enumerate(writes) if not _holds(one, olds[at])]
        if failed:
            raise ConditionFailed(failed, [plain(old) if at in failed and old else None for at, old in enumerate(olds)])
        news = [self._written(one, old) for one, old in zip(writes, olds, strict=True)]
        for one, (table, place), old, new in zip(writes, places, olds, news, strict=True):
            if not isinstance(one, Check):
                self._commit(table, place, old, new)
        self._tokens[token] = self.now, asked

    # -- for whoever stands before it -------------------------------------------------------------

    def items(self, table: str) -> list[Item]:
        """All items, in the order of their keys; not to be changed."""
        kept = self._tables[table].items
        return [kept[place] for place in sorted(kept)]

    def kept(self) -> dict[str, dict[Place, Item]]:
        """All items, for `put_back`."""
        return {name: dict(one.items) for name, one in self._tables.items()}

    def put_back(self, kept: Mapping[str, Mapping[Place, Item]]) -> None:
        """As it was when it was kept; a table that is not named is empty."""
        for name, table in self._tables.items():
            table.items = dict(kept.get(name, {}))
            table.unheard.clear()

    def catch_up(self) -> None:
        """Let every index hear of all that was written."""
        for kept in self._tables.values():
            kept.unheard.clear()

    def expire(self, now: int) -> None:
        """Delete what outlived its TTL, as DynamoDB does in its own time."""
        for name, kept in self._tables.items():
            ttl = kept.made.ttl
            for place, item in list(kept.items.items()) if ttl else []:
                if ttl and item.get(ttl, now) < now:
                    self._commit(name, place, item, None)

    # -- within ------------------------------------------------------------------------------------

    def _seen(self, kept: _Kept, index: str | None) -> Iterable[Item]:
        if index is None:
            return kept.items.values()
        keys = _keys(kept.made, index)
        stale = [one for one in kept.unheard.values() if one is not None]
        fresh = [one for place, one in kept.items.items() if place not in kept.unheard]
        return [one for one in (*fresh, *stale) if all(name in one for name in keys)]

    def _order(self, kept: _Kept, index: str | None, one: Mapping[str, Any]) -> tuple[Any, ...]:
        sort = _keys(kept.made, index)[1:] if index else ()
        return (*(one[name] for name in sort), *_place(one))

    def _where(self, kept: _Kept, index: str | None, one: Item) -> Item:
        names = {"pk", "sk"} | set(_keys(kept.made, index) if index else ())
        return {name: plain(one[name]) for name in sorted(names)}

    def _shown(self, kept: _Kept, index: str | None, one: Item) -> Item:
        return plain(one) if index is None else self._where(kept, index, one)

    def _place_of(self, one: Write) -> Place:
        return _named(written_at(one))

    def _written(self, one: Write, old: Item | None) -> Item | None:
        if isinstance(one, Check):
            return old
        if isinstance(one, Put):
            new = plain({name: value for name, value in one.item.items() if value is not None})
        elif isinstance(one, Update):
            new = _updated(one, old)
        else:
            return None
        for name in {"pk", "sk"} | {key for index in self._tables[one.table].made.indexes for key in _names(index)}:
            if name in new and not (isinstance(new[name], str) and new[name]):
                raise Invalid(f"the key {name} must be text that is not empty")
        return dict(new)

    def _commit(self, table: str, place: Place, old: Item | None, new: Item | None) -> None:
        kept = self._tables[table]
        kept.unheard.setdefault(place, old)
        if new is None:
            kept.items.pop(place, None)
        else:
            kept.items[place] = new
        if kept.made.stream and old != new:
            self.changes.append(Change(table, place, old, new))


def _image(item: Item) -> dict[str, Any]:
    return {name: _typed(value) for name, value in item.items()}


def _typed(value: Any) -> dict[str, Any]:
    return {kind(value): _WRITTEN[type(value)](value)}


_WRITTEN: dict[type, Callable[[Any], Any]] = {
    str: str,
    bool: bool,
    int: str,
    dict: _image,
    list: lambda value: [_typed(one) for one in value],
    set: sorted,
    type(None): lambda _: True,
}


def _place(key: Mapping[str, Any]) -> Place:
    return str(key["pk"]), str(key["sk"])


def _named(key: Mapping[str, Any]) -> Place:
    """Where a request's key points to."""
    if not (key["pk"] and key["sk"]):
        raise Invalid("a key's attributes must be text that is not empty")
    return _place(key)


def _names(index: Any) -> tuple[str, ...]:
    return (index.pk, index.sk) if index.sk else (index.pk,)


def _keys(table: Table, index: str) -> tuple[str, ...]:
    return _names(next(one for one in table.indexes if one.name == index))


def _holds(one: Write, old: Item | None) -> bool:
    return one.condition is None or expressions.condition(one.condition)(old or {}, one.values)


def _updated(one: Update, old: Item | None) -> Item:
    was = old if old is not None else {"pk": str(one.key["pk"]), "sk": str(one.key["sk"])}
    new: Item = plain(was)
    values = {name: plain(value) for name, value in one.values.items()}
    for change in expressions.update(one.expression):
        change(was, new, values)
    if (new["pk"], new["sk"]) != (was["pk"], was["sk"]):
        raise Invalid("an update does not change the key")
    return new


def _asked(one: Write) -> tuple[Any, ...]:
    return (type(one).__name__, one.table, one.condition, sorted(one.values.items(), key=lambda pair: pair[0]),
            getattr(one, "expression", None), getattr(one, "item", None) or dict(getattr(one, "key", {})))  # fmt: skip
