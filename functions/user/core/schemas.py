"""Requests and responses of user's routes."""

import unicodedata
from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from common import clock
from common.api import Request, ResponseModel
from common.bus.base import Locale
from common.timezones import TimeZone

_INVISIBLE_CATEGORIES = {"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"}
_JOINERS = "\u200c\u200d"  # invisible, but part of names in Persian and Indic scripts
_FIRST_BIRTH_DAY = date(1900, 1, 1)


def _normalise_name(text: str) -> str:
    normalised = unicodedata.normalize("NFC", text).strip()
    without_joiners = [char for char in normalised if char not in _JOINERS]
    if not without_joiners or any(unicodedata.category(char) in _INVISIBLE_CATEGORIES for char in without_joiners):
        raise ValueError("must be printable text")
    return normalised


def _require_past_date(day: date) -> date:
    if not _FIRST_BIRTH_DAY <= day <= clock.now().date():
        raise ValueError("must be a day between 1900 and today")
    return day


PersonName = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(_normalise_name)]
DisplayName = Annotated[str, Field(min_length=3, max_length=30), AfterValidator(_normalise_name)]
BirthDay = Annotated[date, AfterValidator(_require_past_date)]
MobilePhone = Annotated[str, Field(pattern=r"^\+[1-9][0-9]{6,14}$")]  # E.164
Channels = Annotated[list[Literal["email"]], Field(max_length=1, description="what is not named is not used")]


class UserRequest(Request):
    """The whole profile; what is left out is removed. `user_name` is the name shown to others."""

    user_name: DisplayName
    first_name: PersonName
    last_name: PersonName
    birth_day: BirthDay | None = None
    mobile_phone: MobilePhone


class UserView(ResponseModel):
    id: str
    user_name: str
    first_name: str
    last_name: str
    birth_day: date | None
    mobile_phone: str
    created_at: datetime
    updated_at: datetime

    @classmethod
    def from_item(cls, item: Mapping[str, Any]) -> "UserView":
        return cls.model_validate({"birth_day": None} | dict(item))


class SettingsRequest(Request):
    """The language, the time zone (IANA), and how to be told what need not be told."""

    locale: Locale
    zone: TimeZone
    channels: Channels


class SettingsView(ResponseModel):
    user_id: str
    locale: Locale
    zone: str
    channels: list[str]
    created_at: datetime
    updated_at: datetime

    @classmethod
    def from_item(cls, item: Mapping[str, Any]) -> "SettingsView":
        return cls.model_validate({"user_id": item["id"]} | dict(item))


class RecordView(ResponseModel):
    """One thing that a service holds; `data` is all of it but secrets and bookkeeping."""

    service: str
    kind: str
    data: dict[str, Any]


class ExportView(ResponseModel):
    records: tuple[RecordView, ...]
    next_token: str | None
