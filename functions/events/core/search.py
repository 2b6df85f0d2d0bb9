"""What people ask of the search, and how it reads as conditions of the index."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

_WORD = re.compile(r"[^\W_]+")
_LARGEST = 2**63 - 1  # SQLite's integers end here; no price comes near

Sort = Literal["start", "-start", "relevance"]
Available = Annotated[bool, Field(description="true leaves out what has nothing on sale")]

# How well an event fits, best first: by which of its columns, and whether by whole words.
_RANKS = (("name", ""), ("name", "*"), ("name venue city category", "*"))


def fold(text: str) -> str:
    """The text without accents, case and width: Ÿ, y and full-width ｙ are one."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(c for c in decomposed if not unicodedata.combining(c)).split())


def words(text: str) -> list[str]:
    """The folded words of a text, of letters and digits only: none of them can be FTS5's syntax."""
    return _WORD.findall(fold(text))


@dataclass(frozen=True)
class Filters:
    """What an event must be; None does not matter. `category` is an id or a name."""

    q: str | None = None
    category: str | None = None
    city: str | None = None
    price_max: int | None = None
    available: bool = False

    @property
    def words(self) -> list[str]:
        """What is looked for, each word once."""
        return list(dict.fromkeys(words(self.q or "")))

    def conditions(self) -> list[str]:
        """Of SQL, each true of the events that are wanted; their values are `values`."""
        wanted = {
            "number IN (SELECT rowid FROM word WHERE word MATCH :words)": self.words,
            "(category_id = :category OR category = :category_folded)": self.category is not None,
            "city = :city": self.city is not None,
            "price <= :price_max": self.price_max is not None,
            "available": self.available,
        }
        return [condition for condition, asked in wanted.items() if asked]

    def rank(self) -> str:
        """Of SQL: how well an event fits, 0 is best. It depends on the event alone, so that pages stay in order."""
        if not self.words:
            return "0"
        cases = (f"WHEN number IN (SELECT rowid FROM word WHERE word MATCH :rank{at}) THEN {at}" for at in range(3))  # noqa: S608 - numbers
        return f"CASE {' '.join(cases)} ELSE 3 END"

    def values(self) -> dict[str, str | int]:
        """What stands for the names in `conditions` and `rank`."""
        found: dict[str, str | int] = {
            "category": self.category or "",
            "category_folded": fold(self.category or ""),
            "city": fold(self.city or ""),
            "price_max": min(self.price_max or 0, _LARGEST),
        }
        if self.words:
            found["words"] = _match(self.words, "*")
            found |= {f"rank{at}": f"{{{c}}} : ({_match(self.words, end)})" for at, (c, end) in enumerate(_RANKS)}
        return found


def _match(asked: Sequence[str], end: str) -> str:
    # FTS5: every word, or every word's beginning.
    return " AND ".join(f'"{word}"{end}' for word in asked)
