"""Validation of JSON bodies: input that Python's parser accepts wrongly or crashes on is a 400."""

import json
import re
from typing import Any, NoReturn

from common.problems import BadRequest

MAX_BYTES = 64 * 1024
MAX_DEPTH = 20
MAX_DIGITS = 38  # DynamoDB's precision of numbers

_SURROGATE_PAIR = re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}")
_LONE_SURROGATE = re.compile(r"\\u[dD][89a-fA-F][0-9a-fA-F]{2}")


class BodyTooLarge(BadRequest):
    """The body is larger than this call takes."""


def validate(raw: bytes) -> None:
    """Check size, depth, encoding, duplicate keys and numbers of a JSON document. Raises BadRequest."""
    if len(raw) > MAX_BYTES:
        raise BodyTooLarge(f"The body has {len(raw)} bytes; at most {MAX_BYTES} are taken.")
    text = _decode(raw)
    if _depth(text) > MAX_DEPTH:
        raise BadRequest(f"The body is nested deeper than {MAX_DEPTH} levels.")
    if _LONE_SURROGATE.search(_SURROGATE_PAIR.sub("", text.replace("\\\\", ""))):
        raise BadRequest("The body has half of a surrogate pair.")
    try:
        json.loads(
            text,
            object_pairs_hook=_unique_keys,
            parse_constant=_reject_constant,
            parse_int=_parse_integer,
            parse_float=_parse_float,
        )
    except ValueError as error:
        raise BadRequest(f"The body is not JSON: {error}.") from None


def _decode(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        raise BadRequest("The body is not UTF-8.") from None


def _depth(text: str) -> int:
    # Counted before parsing: the parser recurses and would overflow the stack.
    max_level = level = 0
    quoted = escaped = False
    for char in text:
        if quoted:
            quoted, escaped = escaped or char != '"', not escaped and char == "\\"
        elif char == '"':
            quoted = True
        elif char in "[{":
            level += 1
            max_level = max(max_level, level)
        elif char in "]}":
            level -= 1
    return max_level


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise BadRequest("The body has a key twice in one object.")
    return members


def _reject_constant(name: str) -> NoReturn:
    raise BadRequest(f"{name} is not JSON.")


def _parse_integer(digits: str) -> int:
    if len(digits.lstrip("-")) > MAX_DIGITS:
        raise BadRequest(f"A number has more than {MAX_DIGITS} digits.")
    return int(digits)


def _parse_float(digits: str) -> float:
    number = float(digits)
    if number in (float("inf"), float("-inf")):
        raise BadRequest("A number is too large.")
    return number
