"""The kinds of values that come in, each with what makes it a right one."""

import unicodedata
from datetime import UTC, datetime
from typing import Annotated
from urllib.parse import urlsplit

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


def _image(value: str) -> str:
    if not (value.isascii() and value.isprintable()) or set(value) & set(' <>"\\^`{|}'):
        raise ValueError("has characters that stand in no address")
    address = urlsplit(value)
    if address.scheme != "https" or not address.hostname or "." not in address.hostname:
        raise ValueError("is not the https address of a server")
    if "@" in address.netloc:
        raise ValueError("has a name or password in it")
    if address.port == 0:
        raise ValueError("has no port that can be")
    return value


def _currency(value: str) -> str:
    if value not in DECIMALS:
        raise ValueError("is not a currency of ISO 4217, in capitals")
    return value


Id = Annotated[str, Field(min_length=1, max_length=64)]
Line = Annotated[str, Field(min_length=1, max_length=120), AfterValidator(_text)]
Address = Annotated[str, Field(min_length=1, max_length=200, description="street and number"), AfterValidator(_text)]
Image = Annotated[
    str,
    Field(
        min_length=1, max_length=500, examples=["https://images.example/hall.jpg"], description="shown, never fetched"
    ),
    AfterValidator(_image),
]
Paragraphs = Annotated[str, Field(max_length=2000), AfterValidator(_paragraphs)]
Moment = Annotated[AwareDatetime, AfterValidator(_utc)]
Currency = Annotated[str, Field(min_length=3, max_length=3, examples=["EUR"]), AfterValidator(_currency)]
Capacity = Annotated[int, Field(ge=1, le=1_000_000)]
Percent = Annotated[int, Field(ge=0, le=100, description="of what was paid, where a buyer cancels; 0: none can")]
Hours = Annotated[int, Field(ge=0, le=8760, description="before the start, until when a buyer can cancel")]
SaleFrom = Annotated[Moment | None, Field(description="from when on places are sold; at once where there is none")]
SaleUntil = Annotated[Moment | None, Field(description="until when places are sold; to the end where there is none")]
DoorsAt = Annotated[Moment | None, Field(description="from when on tickets admit; at any time where there is none")]
Prices = Annotated[int, Field(ge=0, le=MAX_AMOUNT, description="minor units, fees included")]

# Query parameters of the list.
Words = Annotated[str | None, Field(max_length=200, description="every word, or its beginning, occurs in the event")]
Name = Annotated[str | None, Field(max_length=120)]
From = Annotated[Moment | None, Field(alias="from", description="starts no earlier; the present unless given")]
To = Annotated[Moment | None, Field(description="starts no later")]
MaxPrice = Annotated[int | None, Field(ge=0, description="has a type of at most this price, in minor units")]
