"""The search index: one SQLite database with an FTS5 table, which is filled, shipped as bytes, and asked.

A word is looked up folded and by its beginning. Nothing of it is the truth: it is built from the table.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Self

import apsw

from common.store import Item
from events.core.model import TypeStatus
from events.core.schemas import EventView
from events.core.search import fold, words

LAYOUT = 2  # of the tables below and of what is shown; an index of another layout is of no use and is built anew
_TABLES = f"""
CREATE TABLE event (
  number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, version INTEGER NOT NULL, starts_at TEXT NOT NULL,
  category_id TEXT NOT NULL, category TEXT NOT NULL, city TEXT NOT NULL, price INTEGER, available INTEGER NOT NULL,
  shown TEXT NOT NULL
);
CREATE INDEX by_start ON event (starts_at, id);
CREATE INDEX by_category ON event (category_id);
CREATE VIRTUAL TABLE word USING fts5(
  name, venue, city, category, description,
  content='', contentless_delete=1, prefix='2 3', tokenize="unicode61 remove_diacritics 2"
);
PRAGMA user_version = {LAYOUT};
"""
_SEARCHED = ("name", "venue", "city", "category", "description")
_ROW = ("id", "version", "starts_at", "category_id", "category", "city", "price", "available", "shown")
_INSERT = f"INSERT INTO event ({', '.join(_ROW)}) VALUES ({', '.join(':' + name for name in _ROW)})"  # noqa: S608 - constants
_SELECT = f"SELECT {', '.join(_ROW)} FROM event WHERE id = :id"  # noqa: S608 - constants
_INSERT_WORDS = f"INSERT INTO word (rowid, {', '.join(_SEARCHED)}) VALUES (?, ?, ?, ?, ?, ?)"  # noqa: S608 - constants


class Unusable(Exception):
    """The bytes are no index of this layout."""


class Index:
    """The published events, as they are searched."""

    def __init__(self, database: apsw.Connection) -> None:
        self._database = database

    @classmethod
    def empty(cls) -> Self:
        database = apsw.Connection(":memory:")
        database.execute(_TABLES)
        return cls(database)

    @classmethod
    def of(cls, content: bytes) -> Self:
        """The index that was shipped, in memory and to be changed. Raises Unusable."""
        if not content:
            raise Unusable("it is empty")
        database = apsw.Connection(":memory:")
        database.deserialize("main", content)
        return cls._checked(database)

    @classmethod
    def at(cls, file: Path) -> Self:
        """The index in a file, to be asked only; the file may go as soon as it is open. Raises Unusable."""
        flags = apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI
        return cls._checked(apsw.Connection(f"{file.as_uri()}?immutable=1", flags=flags))

    @classmethod
    def _checked(cls, database: apsw.Connection) -> Self:
        try:
            layout = database.pragma("user_version")
        except apsw.Error as error:
            raise Unusable(str(error)) from None
        if layout != LAYOUT:
            raise Unusable(f"layout {layout} is not {LAYOUT}")
        return cls(database)

    def content(self) -> bytes:
        """All of it, to be shipped."""
        return self._database.serialize("main")

    def ids(self) -> set[str]:
        """Every event in it."""
        return {str(id) for (id,) in self.ask("SELECT id FROM event", {})}

    def of_categories(self, category_ids: Iterable[str]) -> set[str]:
        """The events of these categories."""
        query = "SELECT id FROM event WHERE category_id = :category"
        return {str(id) for one in category_ids for (id,) in self.ask(query, {"category": one})}

    def has(self, event: Item) -> bool:
        """Whether the event stands in it exactly so."""
        return tuple(_row(event).values()) in self.ask(_SELECT, {"id": event["id"]})

    def update(self, wanted: Iterable[Item], gone: Iterable[str]) -> None:
        """Put these events in, in place of what they were, and take those out."""
        with self._database:
            for event in wanted:
                self._remove(event["id"])
                self._database.execute(_INSERT, _row(event))
                texts = (" ".join(words(event[name])) for name in _SEARCHED)
                number = self._database.last_insert_rowid()
                self._database.execute(_INSERT_WORDS, (number, *texts))
            for id in gone:
                self._remove(id)

    def _remove(self, id: str) -> None:
        for (number,) in self._database.execute("DELETE FROM event WHERE id = ? RETURNING number", (id,)).fetchall():
            self._database.execute("DELETE FROM word WHERE rowid = ?", (number,))

    def ask(self, query: str, values: Mapping[str, str | int]) -> list[tuple[Any, ...]]:
        """The rows of a query of the table `event`."""
        return list(self._database.execute(query, dict(values)))


def _row(event: Item) -> dict[str, Any]:
    types = event["types"]
    return {
        "id": event["id"],
        "version": event["version"],
        "starts_at": event["starts_at"],
        "category_id": event["category_id"],
        "category": fold(event["category"]),
        "city": fold(event["city"]),
        "price": min((one["prices"] for one in types if one["status"] != TypeStatus.CLOSED), default=None),
        "available": any(map(_available, types)),
        "shown": EventView.model_validate(event).model_dump_json(),
    }


def _available(one: Item) -> bool:
    # Before booking has said anything of a type, it is as its organiser says.
    return one["status"] == TypeStatus.ON_SALE and one.get("word", "available") in ("available", "few_left")
