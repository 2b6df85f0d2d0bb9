"""Time zones as people name them: those of the IANA database."""

from functools import cache
from importlib.resources import files
from typing import Annotated

from pydantic import AfterValidator, Field


@cache
def _zones() -> frozenset[str]:
    return frozenset(files("tzdata").joinpath("zones").read_text().split())


def _known(value: str) -> str:
    if value not in _zones():
        raise ValueError("is not a time zone of the IANA database")
    return value


Zone = Annotated[str, Field(max_length=64, examples=["Europe/Berlin"]), AfterValidator(_known)]
