"""What comes in over HTTP: whatever it is, it is read or refused, and never breaks anything."""

import base64
import json
from typing import Annotated, Any

import pytest
from pydantic import Field

from common import json_body
from common.api import Limit, PageToken, Request, ResponseModel, endpoint
from common.problems import BadRequest
from tests.support.system.system import HttpResponse


class Item(Request):
    qty: Annotated[int, Field(ge=1)]


class Order(Request):
    name: str
    number: int = 1
    exact: bool = False
    items: list[Item] = []


class Echo(ResponseModel):
    name: str
    number: int = 0


@endpoint()
def create_order(order: Order) -> Echo:
    """Say what was ordered."""
    return Echo(name=order.name, number=order.number)


@endpoint()
def list_things(thing_id: str, limit: Limit = 20, token: PageToken | None = None, text: str = "") -> Echo:
    """Say what was asked for."""
    return Echo(name=f"{thing_id}{text}{token or ''}", number=limit)


def send(content: str | bytes | None, headers: dict[str, str] | None = None, **event: Any) -> HttpResponse:
    if isinstance(content, bytes):
        content, event = base64.b64encode(content).decode(), event | {"isBase64Encoded": True}
    context = {"requestId": "r1"}
    return HttpResponse(create_order({"requestContext": context, "headers": headers or {}, "body": content} | event))


def call(path: str = "t1", query: dict[str, str] | None = None) -> HttpResponse:
    event = {"requestContext": {"requestId": "r1"}, "headers": {}, "pathParameters": {"thing_id": path}}
    return HttpResponse(list_things(event | {"queryStringParameters": query}))


WELL_FORMED: dict[str, tuple[str | bytes, str]] = {
    "plain": ('{"name":"x"}', "x"),
    "base64 by the gateway": (b'{"name":"x"}', "x"),
    "spaces around": (' \r\n\t{"name" : "x"}\n', "x"),
    "astral characters": ('{"name":"😀"}', "😀"),
    "a surrogate pair": (r'{"name":"\ud83d\ude00"}', "😀"),
    "two pairs in a row": (r'{"name":"\ud83d\ude00\uD83D\uDE00"}', "😀😀"),
    "an escaped backslash before u": (r'{"name":"\\ud800"}', r"\ud800"),
    "an escaped NUL": (r'{"name":"\u0000"}', "\0"),
    "brackets in a string": (json.dumps({"name": "[" * 500}), "[" * 500),
    "a quote and brackets in a string": (r'{"name":"\"[[[[[[[[[[[[[[[[[[[[[[[[[[[["}', '"' + "[" * 28),
    "38 digits": ('{"name":"x","number":%s}' % ("9" * 38), "x"),
    "negative 38 digits": ('{"name":"x","number":-%s}' % ("9" * 38), "x"),
    "a prototype as a value": ('{"name":"__proto__"}', "__proto__"),
}  # fmt: skip


@pytest.mark.parametrize("name", WELL_FORMED)
def test_well_formed_json_is_accepted(name: str) -> None:
    content, expected = WELL_FORMED[name]

    response = send(content)

    assert (response.status, response.json.get("name")) == (200, expected)


MALFORMED: dict[str, str | bytes | None] = {
    "nothing": None,
    "empty": "",
    "blank": "  ",
    "text": "hello",
    "truncated": '{"name":"x"',
    "truncated in a string": '{"name":"x',
    "two documents": '{"name":"x"}{"name":"x"}',
    "trailing comma": '{"name":"x",}',
    "single quotes": "{'name':'x'}",
    "a comment": '{"name":"x"}//',
    "leading zero": '{"name":"x","number":01}',
    "plus sign": '{"name":"x","number":+1}',
    "hex": '{"name":"x","number":0x1}',
    "a key twice": '{"name":"x","name":"y"}',
    "a key twice, escaped": r'{"name":"x","\u006eame":"y"}',
    "a key twice, deep": '{"name":"x","items":[{"qty":1,"qty":2}]}',
    "NaN": '{"name":"x","number":NaN}',
    "Infinity": '{"name":"x","number":Infinity}',
    "-Infinity": '{"name":"x","number":-Infinity}',
    "1e400": '{"name":"x","number":1e400}',
    "-1e400": '{"name":"x","number":-1e400}',
    "39 digits": '{"name":"x","number":%s}' % ("9" * 39),
    "4,301 digits": '{"name":"x","number":%s}' % ("9" * 4301),
    "60,000 digits": "9" * 60_000,
    "4,301 digits in an unknown field": '{"name":"x","more":[%s]}' % ("9" * 4301),
    "a fraction of 60,000 digits beyond range": "9" * 60_000 + ".5",
    "a byte order mark": b'\xef\xbb\xbf{"name":"x"}',
    "UTF-16": '{"name":"x"}'.encode("utf-16"),
    "invalid UTF-8": b'{"name":"\xff"}',
    "overlong UTF-8": b'{"name":"\xc0\xaf"}',
    "a surrogate as UTF-8": b'{"name":"\xed\xa0\x80"}',
    "a raw surrogate": '{"name":"\ud800"}',
    "a high surrogate": r'{"name":"\ud800"}',
    "a low surrogate": r'{"name":"\udfff"}',
    "a reversed pair": r'{"name":"\ude00\ud83d"}',
    "a pair cut by text": r'{"name":"\ud83dx\ude00"}',
    "a surrogate after an escaped backslash": r'{"name":"\\\ud800"}',
    "a surrogate in a key": r'{"\ud800":1,"name":"x"}',
    "a raw control character": '{"name":"\x01"}',
    "a raw NUL": '{"name":"\x00"}',
    "a NUL after the document": '{"name":"x"}\x00',
    "21 levels": "[" * 21 + "]" * 21,
    "30,000 open brackets": "[" * 30_000,
    "30,000 open braces": '{"a":' * 10_000,
    "deep in an unknown field": '{"name":"x","deep":' + "[" * 30 + "]" * 30 + "}",
    "closing before opening": "]" * 100 + "[" * 100,
    "64 KiB and one byte": '{"name":"%s"}' % ("x" * (64 * 1024 - 10)),
    "a mebibyte": '{"name":"%s"}' % ("x" * 1024 * 1024),
    "six mebibytes of brackets": "[" * 6 * 1024 * 1024,
}  # fmt: skip


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed_json_is_400(name: str) -> None:
    response = send(MALFORMED[name])

    assert response.status == 400, response.text[:200]
    assert response.problem in ("bad-request", "body-too-large")


def test_body_of_64_kib_is_accepted() -> None:
    assert send('{"name":"%s"}' % ("x" * (64 * 1024 - 11))).status == 200  # fmt: skip


def test_invalid_base64_body_is_400() -> None:
    assert send("é!", isBase64Encoded=True).problem == "bad-request"


@pytest.mark.parametrize("unguarded", ["Infinity", "1e400", r'"\ud800"', "9" * 39, "[" * 21 + "]" * 21])
def test_python_parser_accepts_what_validation_rejects(unguarded: str) -> None:
    """The control: Python's own parser takes them all."""
    assert json.loads(unguarded) is not None

    with pytest.raises(BadRequest):
        json_body.validate(unguarded.encode())


INVALID: dict[str, tuple[str, list[str]]] = {
    "null": ("null", [""]),
    "a number": ("5", [""]),
    "a string": ('"x"', [""]),
    "true": ("true", [""]),
    "a list": ("[]", [""]),
    "a field missing": ("{}", ["/name"]),
    "null for text": ('{"name":null}', ["/name"]),
    "a number for text": ('{"name":1}', ["/name"]),
    "a list for text": ('{"name":["x"]}', ["/name"]),
    "true for a number": ('{"name":"x","number":true}', ["/number"]),
    "text for a number": ('{"name":"x","number":"1"}', ["/number"]),
    "1.0 for a number": ('{"name":"x","number":1.0}', ["/number"]),
    "1e0 for a number": ('{"name":"x","number":1e0}', ["/number"]),
    "1.5 for a number": ('{"name":"x","number":1.5}', ["/number"]),
    "null for a number": ('{"name":"x","number":null}', ["/number"]),
    "1 for true": ('{"name":"x","exact":1}', ["/exact"]),
    "text for true": ('{"name":"x","exact":"true"}', ["/exact"]),
    "an object for a list": ('{"name":"x","items":{}}', ["/items"]),
    "a wrong item": ('{"name":"x","items":[{"qty":1},{"qty":0}]}', ["/items/1/qty"]),
    "an unknown field": ('{"name":"x","role":"admin"}', ["/role"]),
    "an unknown field, deep": ('{"name":"x","items":[{"qty":1,"price":0}]}', ["/items/0/price"]),
    "__proto__": ('{"name":"x","__proto__":{}}', ["/__proto__"]),
    "a field with a slash and a tilde": ('{"name":"x","a/b~c":1}', ["/a~1b~0c"]),
    "a field without a name": ('{"name":"x","":1}', ["/"]),
    "several at once": ('{"number":"1","more":1}', ["/name", "/number", "/more"]),
}


@pytest.mark.parametrize("name", INVALID)
def test_every_invalid_field_has_its_pointer(name: str) -> None:
    content, pointers = INVALID[name]

    response = send(content)

    assert (response.status, response.problem) == (422, "unprocessable")
    assert [one["pointer"] for one in response.json["errors"]] == pointers


def test_problem_never_echoes_sent_values() -> None:
    response = send('{"name":["4242424242424242"],"number":"4242424242424242"}')

    assert response.status == 422
    assert "4242" not in response.text


def test_many_unknown_keys_get_a_short_problem() -> None:
    keys = json.dumps({"name": "x"} | {f"{n:x}": 0 for n in range(5_500)})

    response = send(keys)

    assert (response.status, response.json["detail"]) == (422, "5500 fields are wrong.")
    assert len(response.text) < 4_000


@pytest.mark.parametrize(
    "kind",
    ["application/json", "application/json; charset=utf-8", "APPLICATION/JSON", "application/merge-patch+json", None],
)
def test_json_content_types_are_accepted(kind: str | None) -> None:
    assert send('{"name":"x"}', {"Content-Type": kind} if kind else {}).status == 200


@pytest.mark.parametrize(
    "kind",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "", "json", "text/x+json"],
)
def test_other_content_type_is_415(kind: str) -> None:
    response = send('{"name":"x"}', {"content-type": kind})

    assert (response.status, response.problem) == (415, "unsupported-media-type")


def test_path_and_query_parameters_are_passed_by_name() -> None:
    response = call("t1", {"limit": "5", "token": "abc"})

    assert (response.status, response.json) == (200, {"name": "t1abc", "number": 5})


WRONG_QUERY = {
    "zero": {"limit": "0"},
    "negative": {"limit": "-1"},
    "over the bound": {"limit": "101"},
    "a million": {"limit": "1000000"},
    "5,000 digits": {"limit": "9" * 5000},
    "text": {"limit": "ten"},
    "empty": {"limit": ""},
    "true": {"limit": "true"},
    "a fraction": {"limit": "1.5"},
    "NaN": {"limit": "NaN"},
    "infinite": {"limit": "1e400"},
    "given twice": {"limit": "1,2"},
    "an empty token": {"token": ""},
    "a long token": {"token": "x" * 1025},
    "unknown": {"sort": "x"},
    "unknown, with a NUL": {"a\x00b": "x"},
}


@pytest.mark.parametrize("name", WRONG_QUERY)
def test_invalid_query_is_422(name: str) -> None:
    response = call(query=WRONG_QUERY[name])

    assert (response.status, response.problem) == (422, "unprocessable")
    assert response.json["errors"][0]["pointer"].startswith("/")


@pytest.mark.parametrize("query", [{"text": "\ud800"}, {"\ud800": "x"}, {"limit": "\udfff"}])
def test_non_utf_8_query_is_400(query: dict[str, str]) -> None:
    assert call(query=query).problem == "bad-request"


INVALID_PATHS = {
    "2 kB": "a" * 2048,
    "256 characters": "a" * 256,
    "NUL": "a\x00",
    "a line break": "a\r\nb",
    "half a surrogate pair": "\ud800",
    "escape": "\x1b[2J",
    "zero width": "a\u200bb",
    "right to left": "a\u202eb",
}


@pytest.mark.parametrize("name", INVALID_PATHS)
def test_impossible_path_parameter_is_404(name: str) -> None:
    response = call(INVALID_PATHS[name])

    assert (response.status, response.problem) == (404, "not-found")


@pytest.mark.parametrize("path", ["t1", "a" * 255, "😀", "..", "%2e%2e", "a/b", "%", "ü", "' OR 1=1", "#", "terms"])
def test_path_parameter_reaches_the_handler_unchanged(path: str) -> None:
    assert call(path).json["name"] == path


def test_query_cannot_override_the_path() -> None:
    assert call("mine", {"thing_id": "theirs"}).json["name"] == "mine"
