"""The kinds of values that come in, each with what makes it a right one."""

import unicodedata
from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, Field

from events.core.currencies import DECIMALS
from events.core.model import MAX_AMOUNT

_HIDDEN = {"Cc", "Cs", "Zl", "Zp"}  # control characters, half characters, line and paragraph separators
_BIDI = set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")  # would turn the text around them


def _text(value: str, allowed: str = "") -> str:
    if any((unicodedata.category(c) in _HIDDEN and c not in allowed) or c in _BIDI for c in value):
        raise ValueError("has control characters")
    if not value.strip():
        raise ValueError("is blank")
    return unicodedata.normalize("NFC", value.strip())


def _paragraphs(value: str) -> str:
    return _text(value, "\n\t") if value.strip() else ""


def _utc(value: datetime) -> datetime:
    if not 2000 <= value.year < 2200:
        raise ValueError("is in no sane year")
    return value.astimezone(UTC)


def _currency(value: str) -> str:
    if value not in DECIMALS:
        raise ValueError("is not a currency of ISO 4217, in capitals")
    return value


Id = Annotated[str, Field(min_length=1, max_length=64)]
Line = Annotated[str, Field(min_length=1, max_length=120), AfterValidator(_text)]
Paragraphs = Annotated[str, Field(max_length=2000), AfterValidator(_paragraphs)]
Moment = Annotated[AwareDatetime, AfterValidator(_utc)]
Currency = Annotated[str, Field(min_length=3, max_length=3, examples=["EUR"]), AfterValidator(_currency)]
Prices = Annotated[int, Field(ge=0, le=MAX_AMOUNT, description="minor units, fees included")]

# Query parameters of the list.
Words = Annotated[str | None, Field(max_length=200, description="every word, or its beginning, occurs in the event")]
Name = Annotated[str | None, Field(max_length=120)]
From = Annotated[Moment | None, Field(alias="from", description="starts no earlier; the present unless given")]
To = Annotated[Moment | None, Field(description="starts no later")]
MaxPrice = Annotated[int | None, Field(ge=0, description="has a type of at most this price, in minor units")]
