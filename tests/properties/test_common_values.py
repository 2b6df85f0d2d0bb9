"""Values in and out: nothing that is taken comes back changed, and nothing that comes breaks the edge."""

import base64
import json
from typing import Any

from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, JsonValue, ValidationError

from common import ids, json_body
from common.api import Request, ResponseModel, endpoint
from common.problems import BadRequest, DomainError
from common.store import marshal, unmarshal
from tests.support.system.system import HttpResponse

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


class Echo(ResponseModel):
    name: str
    number: int


@endpoint()
def echo(free: Free, limit: int = 1) -> Echo:
    """Say it again."""
    return Echo(name=free.name, number=free.number + limit)


def call(content: bytes, query: dict[str, str] | None = None, **headers: str) -> HttpResponse:
    event = {"requestContext": {"requestId": "r"}, "headers": headers, "queryStringParameters": query}
    return HttpResponse(echo(event | {"body": base64.b64encode(content).decode(), "isBase64Encoded": True}))


@SETTINGS
@given(item=ITEM)
def test_any_item_round_trips_without_none_attributes(item: dict[str, Any]) -> None:
    assert unmarshal(marshal(item)) == {name: value for name, value in item.items() if value is not None}


@SETTINGS
@given(item=ITEM)
def test_true_and_one_stay_distinct(item: dict[str, Any]) -> None:
    assert repr(unmarshal(marshal({"item": item}))) == repr({"item": item})


@SETTINGS
@given(value=VALUE)
def test_valid_json_reads_the_same_in_both_parsers(value: Any) -> None:
    text = json.dumps({"value": value}).encode()

    json_body.validate(text)

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
def test_validated_json_is_readable_by_pydantic(raw: bytes) -> None:
    try:
        json_body.validate(raw)
    except BadRequest:
        return
    text = b'{"value":' + raw + b"}"
    assert Anything.model_validate_json(text).value == json.loads(text)["value"]


@SETTINGS
@given(value=VALUE, at=st.integers(0, 400), with_=st.binary(min_size=1, max_size=3))
def test_damaged_json_never_makes_a_5xx(value: Any, at: int, with_: bytes) -> None:
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
    response = call(raw, query, **headers)

    assert response.status < 500
    assert response.status == 200 or response.problem
    response.text.encode()


@SETTINGS
@given(value=VALUE)
def test_error_pointer_leads_to_the_rejected_field(value: Any) -> None:
    sent = {"name": "x", "more": value} if isinstance(value, dict) else {"name": value}
    try:
        Free.model_validate_json(json.dumps(sent))
    except ValidationError:
        response = call(json.dumps(sent).encode())
        assert response.status == 422
        for error in response.json["errors"]:
            assert error["pointer"].removeprefix("/").replace("~1", "/").replace("~0", "~") in sent


@SETTINGS
@given(parts=st.lists(TEXT, min_size=1, max_size=4), others=st.lists(TEXT, min_size=1, max_size=4))
def test_ids_differ_where_their_parts_do(parts: list[str], others: list[str]) -> None:
    assume(parts != others and not any("\x1f" in part for part in parts + others))

    assert ids.derive(*parts) == ids.derive(*parts) != ids.derive(*others)


@SETTINGS
@given(detail=st.text(max_size=30), members=st.dictionaries(st.sampled_from(["status", "type", "left"]), VALUE))
def test_problem_is_valid_json_with_type_and_status(detail: str, members: dict[str, Any]) -> None:
    problem = json.loads(json.dumps(DomainError(detail, **members).to_document()))

    assert (problem["type"], problem["status"]) == ("/problems/domain-error", 500)
