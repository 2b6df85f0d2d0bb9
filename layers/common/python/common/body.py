"""Reading JSON within limits: what Python's parser lets through or dies of becomes a clear 400."""

import json
import re
from typing import Any, NoReturn

from common.problems import Malformed

MAX_BYTES = 64 * 1024
MAX_DEPTH = 20
MAX_DIGITS = 38  # what a DynamoDB number holds

_PAIR = re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}")
_LONE = re.compile(r"\\u[dD][89a-fA-F][0-9a-fA-F]{2}")


class TooLarge(Malformed):
    """The body is larger than this call takes."""


def check(raw: bytes) -> None:
    """Refuse what is not one JSON document of sane size, depth and content. Raises Malformed."""
    if len(raw) > MAX_BYTES:
        raise TooLarge(f"The body has {len(raw)} bytes; at most {MAX_BYTES} are taken.")
    text = _text(raw)
    if _depth(text) > MAX_DEPTH:
        raise Malformed(f"The body is nested deeper than {MAX_DEPTH} levels.")
    if _LONE.search(_PAIR.sub("", text.replace("\\\\", ""))):
        raise Malformed("The body has half of a surrogate pair.")
    try:
        json.loads(text, object_pairs_hook=_unique, parse_constant=_constant, parse_int=_integer, parse_float=_float)
    except ValueError as error:
        raise Malformed(f"The body is not JSON: {error}.") from None


def _text(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        raise Malformed("The body is not UTF-8.") from None


def _depth(text: str) -> int:
    # Counted before parsing: the parser itself recurses.
    deepest = level = 0
    quoted = escaped = False
    for char in text:
        if quoted:
            quoted, escaped = escaped or char != '"', not escaped and char == "\\"
        elif char == '"':
            quoted = True
        elif char in "[{":
            level += 1
            deepest = max(deepest, level)
        elif char in "]}":
            level -= 1
    return deepest


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Malformed("The body has a key twice in one object.")
    return found


def _constant(name: str) -> NoReturn:
    raise Malformed(f"{name} is not JSON.")


def _integer(digits: str) -> int:
    if len(digits.lstrip("-")) > MAX_DIGITS:
        raise Malformed(f"A number has more than {MAX_DIGITS} digits.")
    return int(digits)


def _float(digits: str) -> float:
    number = float(digits)
    if number in (float("inf"), float("-inf")):
        raise Malformed("A number is too large.")
    return number
