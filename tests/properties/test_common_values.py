"""Values in and out: nothing that is taken comes back changed, and nothing that comes breaks the edge."""

import base64
import json
from typing import Any

from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, JsonValue, ValidationError

from common import body, ids
from common.api import Request, View, endpoint
from common.problems import DomainError, Malformed
from common.store import marshal, unmarshal
from tests.support.system import Reply

SETTINGS = settings(max_examples=150, deadline=None, derandomize=True, database=None)
NUMBER = st.integers(-(10**38) + 1, 10**38 - 1)
TEXT = st.text(st.characters(codec="utf-8"), max_size=20)
VALUE = st.recursive(
    st.none() | st.booleans() | NUMBER | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT.filter(bool), inner, max_size=3),
    max_leaves=12,
)
ITEM = st.dictionaries(TEXT.filter(bool), VALUE, max_size=6)


class Anything(BaseModel):
    value: JsonValue


class Free(Request):
    name: str
    number: int = 0


class Echo(View):
    name: str
    number: int


@endpoint()
def echo(free: Free, limit: int = 1) -> Echo:
    """Say it again."""
    return Echo(name=free.name, number=free.number + limit)


def call(content: bytes, query: dict[str, str] | None = None, **headers: str) -> Reply:
    event = {"requestContext": {"requestId": "r"}, "headers": headers, "queryStringParameters": query}
    return Reply(echo(event | {"body": base64.b64encode(content).decode(), "isBase64Encoded": True}))


@SETTINGS
@given(item=ITEM)
def test_an_item_comes_back_as_it_went_but_for_attributes_of_none(item: dict[str, Any]) -> None:
    assert unmarshal(marshal(item)) == {name: value for name, value in item.items() if value is not None}


@SETTINGS
@given(item=ITEM)
def test_true_and_one_stay_apart(item: dict[str, Any]) -> None:
    assert repr(unmarshal(marshal({"item": item}))) == repr({"item": item})


@SETTINGS
@given(value=VALUE)
def test_all_json_of_sane_size_passes_and_reads_the_same_to_both_parsers(value: Any) -> None:
    text = json.dumps({"value": value}).encode()

    body.check(text)

    assert Anything.model_validate_json(text).value == json.loads(text)["value"]


@SETTINGS
@given(raw=st.binary(max_size=60) | TEXT.map(str.encode))
@example(b"\xef\xbb\xbf{}")
@example(b"[" * 100)
@example(b"9" * 5000)
@example(b'"\\ud800"')
@example(b'{"a":1,"a":1}')
@example(b"-")
@example(b"1e999")
@example(b"\x00")
def test_what_passes_the_check_is_json_to_pydantic_too(raw: bytes) -> None:
    try:
        body.check(raw)
    except Malformed:
        return
    text = b'{"value":' + raw + b"}"
    assert Anything.model_validate_json(text).value == json.loads(text)["value"]


@SETTINGS
@given(value=VALUE, at=st.integers(0, 400), with_=st.binary(min_size=1, max_size=3))
def test_damaged_json_is_read_or_refused_and_never_breaks(value: Any, at: int, with_: bytes) -> None:
    text = json.dumps({"name": value, "number": value}, ensure_ascii=False).encode()
    damaged = text[: at % (len(text) + 1)] + with_ + text[at % (len(text) + 1) + 1 :]

    assert call(damaged).status in (200, 400, 422)


@SETTINGS
@given(
    raw=st.binary(max_size=40),
    query=st.dictionaries(st.text(max_size=6), st.text(max_size=12), max_size=3),
    headers=st.dictionaries(st.sampled_from(["content-type", "Idempotency-Key", "Host", "x"]), st.text(max_size=9)),
)
def test_no_request_makes_a_5xx(raw: bytes, query: dict[str, str], headers: dict[str, str]) -> None:
    answer = call(raw, query, **headers)

    assert answer.status < 500
    assert answer.status == 200 or answer.problem
    answer.text.encode()


@SETTINGS
@given(value=VALUE)
def test_every_refused_field_has_a_pointer_that_leads_to_it(value: Any) -> None:
    sent = {"name": "x", "more": value} if isinstance(value, dict) else {"name": value}
    try:
        Free.model_validate_json(json.dumps(sent))
    except ValidationError:
        answer = call(json.dumps(sent).encode())
        assert answer.status == 422
        for error in answer.json["errors"]:
            assert error["pointer"].removeprefix("/").replace("~1", "/").replace("~0", "~") in sent


@SETTINGS
@given(parts=st.lists(TEXT, min_size=1, max_size=4), others=st.lists(TEXT, min_size=1, max_size=4))
def test_ids_differ_where_their_parts_do(parts: list[str], others: list[str]) -> None:
    assume(parts != others and not any("\x1f" in part for part in parts + others))

    assert ids.derive(*parts) == ids.derive(*parts) != ids.derive(*others)


@SETTINGS
@given(detail=st.text(max_size=30), members=st.dictionaries(st.sampled_from(["status", "type", "left"]), VALUE))
def test_a_problem_is_always_valid_json_with_its_own_type_and_status(detail: str, members: dict[str, Any]) -> None:
    problem = json.loads(json.dumps(DomainError(detail, **members).problem()))

    assert (problem["type"], problem["status"]) == ("/problems/domain-error", 500)
