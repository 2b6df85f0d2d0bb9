"""Validated field types of requests and query parameters."""

import unicodedata
from datetime import UTC, datetime
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, AwareDatetime, Field

from events.core.currencies import DECIMALS
from events.core.model import MAX_AMOUNT

_CONTROL_CATEGORIES = {"Cc", "Cs", "Zl", "Zp"}  # control characters, surrogates, line and paragraph separators
_BIDI_CONTROLS = set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")  # would reorder the surrounding text


def _clean_line(value: str, allowed: str = "") -> str:
    if any((unicodedata.category(c) in _CONTROL_CATEGORIES and c not in allowed) or c in _BIDI_CONTROLS for c in value):
        raise ValueError("has control characters")
    if not value.strip():
        raise ValueError("is blank")
    return unicodedata.normalize("NFC", value.strip())


def _clean_multiline(value: str) -> str:
    return _clean_line(value, "\n\t") if value.strip() else ""


def _to_utc(value: datetime) -> datetime:
    if not 2000 <= value.year < 2200:
        raise ValueError("is in no sane year")
    return value.astimezone(UTC)


def _valid_image_url(value: str) -> str:
    if not (value.isascii() and value.isprintable()) or set(value) & set(' <>"\\^`{|}'):
        raise ValueError("has characters that stand in no address")
    url = urlsplit(value)
    if url.scheme != "https" or not url.hostname or "." not in url.hostname:
        raise ValueError("is not the https address of a server")
    if "@" in url.netloc:
        raise ValueError("has a name or password in it")
    if url.port == 0:
        raise ValueError("has no port that can be")
    return value


def _valid_currency(value: str) -> str:
    if value not in DECIMALS:
        raise ValueError("is not a currency of ISO 4217, in capitals")
    return value


Id = Annotated[str, Field(min_length=1, max_length=64)]
SingleLine = Annotated[str, Field(min_length=1, max_length=120), AfterValidator(_clean_line)]
Address = Annotated[
    str, Field(min_length=1, max_length=200, description="street and number"), AfterValidator(_clean_line)
]
ImageUrl = Annotated[
    str,
    Field(
        min_length=1, max_length=500, examples=["https://images.example/hall.jpg"], description="shown, never fetched"
    ),
    AfterValidator(_valid_image_url),
]
MultilineText = Annotated[str, Field(max_length=2000), AfterValidator(_clean_multiline)]
UtcTime = Annotated[AwareDatetime, AfterValidator(_to_utc)]
Currency = Annotated[str, Field(min_length=3, max_length=3, examples=["EUR"]), AfterValidator(_valid_currency)]
Capacity = Annotated[int, Field(ge=1, le=1_000_000)]
RefundPercent = Annotated[int, Field(ge=0, le=100, description="of what was paid, where a buyer cancels; 0: none can")]
RefundHours = Annotated[int, Field(ge=0, le=8760, description="before the start, until when a buyer can cancel")]
SaleFrom = Annotated[UtcTime | None, Field(description="from when on places are sold; at once where there is none")]
SaleUntil = Annotated[UtcTime | None, Field(description="until when places are sold; to the end where there is none")]
DoorsAt = Annotated[UtcTime | None, Field(description="from when on tickets admit; at any time where there is none")]
Prices = Annotated[int, Field(ge=0, le=MAX_AMOUNT, description="minor units, fees included")]

# Query parameters of GET /v1/events.
SearchText = Annotated[
    str | None, Field(max_length=200, description="every word, or its beginning, occurs in the event")
]
FilterName = Annotated[str | None, Field(max_length=120)]
StartsFrom = Annotated[UtcTime | None, Field(alias="from", description="starts no earlier; the present unless given")]
StartsUntil = Annotated[UtcTime | None, Field(description="starts no later")]
MaxPrice = Annotated[int | None, Field(ge=0, description="has a type of at most this price, in minor units")]
