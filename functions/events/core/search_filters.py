"""Search filters and their SQL conditions on the index."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

_TOKEN = re.compile(r"[^\W_]+")
_MAX_INTEGER = 2**63 - 1  # SQLite's limit; no price is that high

SortOrder = Literal["start", "-start", "relevance"]
AvailableOnly = Annotated[bool, Field(description="true leaves out what has nothing on sale")]

# Relevance, best first: searched columns, and the FTS5 suffix ("*" matches prefixes).
_RANKS = (("name", ""), ("name", "*"), ("name venue city category", "*"))


def fold(text: str) -> str:
    """Return the text without accents, case and width: Ÿ, y and full-width ｙ are equal."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(c for c in decomposed if not unicodedata.combining(c)).split())


def tokenize(text: str) -> list[str]:
    """Return the folded words of a text: letters and digits only, so none of them is FTS5 syntax."""
    return _TOKEN.findall(fold(text))


@dataclass(frozen=True)
class SearchFilters:
    """Search filters; None matches any event. `category` is an id or a name, `price_max` in minor units."""

    q: str | None = None
    category: str | None = None
    city: str | None = None
    price_max: int | None = None
    available: bool = False

    @property
    def search_terms(self) -> list[str]:
        """The distinct words of `q`."""
        return list(dict.fromkeys(tokenize(self.q or "")))

    def sql_conditions(self) -> list[str]:
        """Return the SQL conditions, to be joined by AND; their parameters are `sql_values`."""
        conditions = {
            "number IN (SELECT rowid FROM word WHERE word MATCH :words)": self.search_terms,
            "(category_id = :category OR category = :category_folded)": self.category is not None,
            "city = :city": self.city is not None,
            "price <= :price_max": self.price_max is not None,
            "available": self.available,
        }
        return [condition for condition, is_set in conditions.items() if is_set]

    def sql_rank(self) -> str:
        """Return the SQL expression of the relevance, 0 is best. It depends on the event alone, so order is stable."""
        if not self.search_terms:
            return "0"
        cases = (f"WHEN number IN (SELECT rowid FROM word WHERE word MATCH :rank{at}) THEN {at}" for at in range(3))  # noqa: S608 - numbers
        return f"CASE {' '.join(cases)} ELSE 3 END"

    def sql_values(self) -> dict[str, str | int]:
        """Return the parameters of `sql_conditions` and `sql_rank`."""
        values: dict[str, str | int] = {
            "category": self.category or "",
            "category_folded": fold(self.category or ""),
            "city": fold(self.city or ""),
            "price_max": min(self.price_max or 0, _MAX_INTEGER),
        }
        if self.search_terms:
            values["words"] = _match_expression(self.search_terms, "*")
            values |= {
                f"rank{at}": f"{{{c}}} : ({_match_expression(self.search_terms, end)})"
                for at, (c, end) in enumerate(_RANKS)
            }
        return values


def _match_expression(terms: Sequence[str], suffix: str) -> str:
    # FTS5: every word must match, as a prefix if the suffix is "*".
    return " AND ".join(f'"{word}"{suffix}' for word in terms)
