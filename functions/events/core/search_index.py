"""The search index: a SQLite database with an FTS5 table, serialised to bytes.

Words are matched folded and by prefix. The index is derived data: the events table is the source of truth.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Self

import apsw

from common.store import Item
from events.core.model import TypeStatus
from events.core.schemas import EventView
from events.core.search_filters import fold, tokenize

# Of the tables below and of the stored document; an index of another version is rebuilt.
SCHEMA_VERSION = 3
_SCHEMA = f"""
CREATE TABLE event (
  number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, version INTEGER NOT NULL, starts_at TEXT NOT NULL,
  category_id TEXT NOT NULL, category TEXT NOT NULL, city TEXT NOT NULL, price INTEGER, available INTEGER NOT NULL,
  document TEXT NOT NULL
);
CREATE INDEX by_start ON event (starts_at, id);
CREATE INDEX by_category ON event (category_id);
CREATE VIRTUAL TABLE word USING fts5(
  name, venue, city, category, description,
  content='', contentless_delete=1, prefix='2 3', tokenize="unicode61 remove_diacritics 2"
);
PRAGMA user_version = {SCHEMA_VERSION};
"""
_SEARCHABLE_FIELDS = ("name", "venue", "city", "category", "description")
_COLUMNS = ("id", "version", "starts_at", "category_id", "category", "city", "price", "available", "document")
_INSERT_EVENT = f"INSERT INTO event ({', '.join(_COLUMNS)}) VALUES ({', '.join(':' + name for name in _COLUMNS)})"  # noqa: S608 - constants
_SELECT_EVENT = f"SELECT {', '.join(_COLUMNS)} FROM event WHERE id = :id"  # noqa: S608 - constants
_INSERT_WORDS = f"INSERT INTO word (rowid, {', '.join(_SEARCHABLE_FIELDS)}) VALUES (?, ?, ?, ?, ?, ?)"  # noqa: S608 - constants
_BOOKABLE = ("available", "few_left")  # values of booking's availability


class IncompatibleIndex(Exception):
    """Not an index of this schema version."""


class SearchIndex:
    """The searchable published events."""

    def __init__(self, database: apsw.Connection) -> None:
        self._database = database

    @classmethod
    def empty(cls) -> Self:
        database = apsw.Connection(":memory:")
        database.execute(_SCHEMA)
        return cls(database)

    @classmethod
    def from_bytes(cls, content: bytes) -> Self:
        """Load the index into memory, writable. Raises IncompatibleIndex."""
        if not content:
            raise IncompatibleIndex("it is empty")
        database = apsw.Connection(":memory:")
        database.deserialize("main", content)
        return cls._from_connection(database)

    @classmethod
    def from_file(cls, file: Path) -> Self:
        """Open the index in a file, read-only; the file may be unlinked afterwards. Raises IncompatibleIndex."""
        flags = apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI
        return cls._from_connection(apsw.Connection(f"{file.as_uri()}?immutable=1", flags=flags))

    @classmethod
    def _from_connection(cls, database: apsw.Connection) -> Self:
        try:
            version = database.pragma("user_version")
        except apsw.Error as error:
            raise IncompatibleIndex(str(error)) from None
        if version != SCHEMA_VERSION:
            raise IncompatibleIndex(f"schema version {version} is not {SCHEMA_VERSION}")
        return cls(database)

    def to_bytes(self) -> bytes:
        """Serialise the index."""
        return self._database.serialize("main")

    def event_ids(self) -> set[str]:
        """Return the ids of all indexed events."""
        return {str(id) for (id,) in self.query("SELECT id FROM event", {})}

    def event_ids_in(self, category_ids: Iterable[str]) -> set[str]:
        """Return the ids of the indexed events of these categories."""
        sql = "SELECT id FROM event WHERE category_id = :category"
        return {str(id) for one in category_ids for (id,) in self.query(sql, {"category": one})}

    def is_current(self, event: Item) -> bool:
        """Whether exactly this version of the event is indexed, with the same live data."""
        return tuple(_row(event).values()) in self.query(_SELECT_EVENT, {"id": event["id"]})

    def update(self, events: Iterable[Item], removed_ids: Iterable[str]) -> None:
        """Insert or replace the events and remove the others."""
        with self._database:
            for event in events:
                self._remove(event["id"])
                self._database.execute(_INSERT_EVENT, _row(event))
                texts = (" ".join(tokenize(event[name])) for name in _SEARCHABLE_FIELDS)
                number = self._database.last_insert_rowid()
                self._database.execute(_INSERT_WORDS, (number, *texts))
            for id in removed_ids:
                self._remove(id)

    def _remove(self, id: str) -> None:
        for (number,) in self._database.execute("DELETE FROM event WHERE id = ? RETURNING number", (id,)).fetchall():
            self._database.execute("DELETE FROM word WHERE rowid = ?", (number,))

    def query(self, sql: str, values: Mapping[str, str | int]) -> list[tuple[Any, ...]]:
        """Return the rows of a query of the table `event`."""
        return list(self._database.execute(sql, dict(values)))


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
        "available": any(map(_is_available, types)),
        "document": EventView.model_validate(event).model_dump_json(),
    }


def _is_available(event_type: Item) -> bool:
    # Until booking publishes the availability, only the organiser's status counts.
    return event_type["status"] == TypeStatus.ON_SALE and event_type.get("availability", "available") in _BOOKABLE
