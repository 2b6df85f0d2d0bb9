"""Finding events by words and filters; accents and case do not matter."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_SEARCHED = ("name", "description", "venue", "city", "category")
_WORD = re.compile(r"\w+")


def fold(text: str) -> str:
    """The text without accents, case and width: Ÿ, y and full-width ｙ are one."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(c for c in decomposed if not unicodedata.combining(c)).split())


@dataclass(frozen=True)
class Filters:
    """What an event must be; None does not matter. `category` is an id or a name."""

    q: str | None = None
    category: str | None = None
    city: str | None = None
    price_max: int | None = None

    def match(self, event: Mapping[str, Any]) -> bool:
        """Whether the event is all of it."""
        return (
            (self.city is None or fold(self.city) == fold(event["city"]))
            and (self.category is None or self._in_category(event))
            and (self.price_max is None or any(one["prices"] <= self.price_max for one in event["types"]))
            and (self.q is None or self._says(event))
        )

    def _in_category(self, event: Mapping[str, Any]) -> bool:
        return self.category == event["category_id"] or fold(self.category or "") == fold(event["category"])

    def _says(self, event: Mapping[str, Any]) -> bool:
        words = set(_WORD.findall(fold(" ".join(event[name] for name in _SEARCHED))))
        return all(any(word.startswith(asked) for word in words) for asked in _WORD.findall(fold(self.q or "")))
