"""Time zones by their names in the IANA database."""

from functools import cache
from importlib.resources import files
from typing import Annotated

from pydantic import AfterValidator, Field


@cache
def _iana_names() -> frozenset[str]:
    return frozenset(files("tzdata").joinpath("zones").read_text().split())


def _require_iana_name(value: str) -> str:
    if value not in _iana_names():
        raise ValueError("is not a time zone of the IANA database")
    return value


TimeZone = Annotated[str, Field(max_length=64, examples=["Europe/Berlin"]), AfterValidator(_require_iana_name)]
