"""What comes in over HTTP: whatever it is, it is read or refused, and never breaks anything."""

import base64
import json
from typing import Annotated, Any

import pytest
from pydantic import Field

from common import body
from common.api import Limit, Request, Token, View, endpoint
from common.problems import Malformed
from tests.support.system import Reply


class Item(Request):
    qty: Annotated[int, Field(ge=1)]


class Order(Request):
    name: str
    number: int = 1
    exact: bool = False
    items: list[Item] = []


class Echo(View):
    name: str
    number: int = 0


@endpoint()
def order(order: Order) -> Echo:
    """Say what was ordered."""
    return Echo(name=order.name, number=order.number)


@endpoint()
def listing(thing_id: str, limit: Limit = 20, token: Token | None = None, text: str = "") -> Echo:
    """Say what was asked for."""
    return Echo(name=f"{thing_id}{text}{token or ''}", number=limit)


def send(content: str | bytes | None, headers: dict[str, str] | None = None, **event: Any) -> Reply:
    if isinstance(content, bytes):
        content, event = base64.b64encode(content).decode(), event | {"isBase64Encoded": True}
    context = {"requestId": "r1"}
    return Reply(order({"requestContext": context, "headers": headers or {}, "body": content} | event))


def ask(path: str = "t1", query: dict[str, str] | None = None) -> Reply:
    event = {"requestContext": {"requestId": "r1"}, "headers": {}, "pathParameters": {"thing_id": path}}
    return Reply(listing(event | {"queryStringParameters": query}))


READ: dict[str, tuple[str | bytes, str]] = {
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


@pytest.mark.parametrize("name", READ)
def test_what_is_well_formed_is_read(name: str) -> None:
    content, expected = READ[name]

    answer = send(content)

    assert (answer.status, answer.json.get("name")) == (200, expected)


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
def test_what_is_not_one_sane_json_document_is_400(name: str) -> None:
    answer = send(MALFORMED[name])

    assert answer.status == 400, answer.text[:200]
    assert answer.problem in ("malformed", "too-large")


def test_64_kib_are_still_read() -> None:
    assert send('{"name":"%s"}' % ("x" * (64 * 1024 - 11))).status == 200  # fmt: skip


def test_a_body_that_is_not_the_base64_it_says_is_400() -> None:
    assert send("é!", isBase64Encoded=True).problem == "malformed"


@pytest.mark.parametrize("unguarded", ["Infinity", "1e400", r'"\ud800"', "9" * 39, "[" * 21 + "]" * 21])
def test_each_of_these_would_pass_without_the_check(unguarded: str) -> None:
    """The control: Python's own parser takes them all."""
    assert json.loads(unguarded) is not None

    with pytest.raises(Malformed):
        body.check(unguarded.encode())


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
def test_every_wrong_field_is_named_by_its_pointer(name: str) -> None:
    content, pointers = INVALID[name]

    answer = send(content)

    assert (answer.status, answer.problem) == (422, "invalid")
    assert [one["pointer"] for one in answer.json["errors"]] == pointers


def test_values_that_were_sent_are_not_repeated() -> None:
    answer = send('{"name":["4242424242424242"],"number":"4242424242424242"}')

    assert answer.status == 422
    assert "4242" not in answer.text


def test_ten_thousand_unknown_keys_get_a_short_answer() -> None:
    keys = json.dumps({"name": "x"} | {f"{n:x}": 0 for n in range(5_500)})

    answer = send(keys)

    assert (answer.status, answer.json["detail"]) == (422, "5500 fields are wrong.")
    assert len(answer.text) < 4_000


@pytest.mark.parametrize(
    "kind",
    ["application/json", "application/json; charset=utf-8", "APPLICATION/JSON", "application/merge-patch+json", None],
)
def test_json_content_types_are_taken(kind: str | None) -> None:
    assert send('{"name":"x"}', {"Content-Type": kind} if kind else {}).status == 200


@pytest.mark.parametrize(
    "kind",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "", "json", "text/x+json"],
)
def test_any_other_content_type_is_415(kind: str) -> None:
    answer = send('{"name":"x"}', {"content-type": kind})

    assert (answer.status, answer.problem) == (415, "unsupported")


def test_path_and_query_are_given_by_name() -> None:
    answer = ask("t1", {"limit": "5", "token": "abc"})

    assert (answer.status, answer.json) == (200, {"name": "t1abc", "number": 5})


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
def test_a_wrong_query_is_422(name: str) -> None:
    answer = ask(query=WRONG_QUERY[name])

    assert (answer.status, answer.problem) == (422, "invalid")
    assert answer.json["errors"][0]["pointer"].startswith("/")


@pytest.mark.parametrize("query", [{"text": "\ud800"}, {"\ud800": "x"}, {"limit": "\udfff"}])
def test_a_query_that_is_not_utf_8_is_400(query: dict[str, str]) -> None:
    assert ask(query=query).problem == "malformed"


NO_PATH = {
    "2 kB": "a" * 2048,
    "256 characters": "a" * 256,
    "NUL": "a\x00",
    "a line break": "a\r\nb",
    "half a surrogate pair": "\ud800",
    "escape": "\x1b[2J",
    "zero width": "a\u200bb",
    "right to left": "a\u202eb",
}


@pytest.mark.parametrize("name", NO_PATH)
def test_a_path_that_names_nothing_is_404(name: str) -> None:
    answer = ask(NO_PATH[name])

    assert (answer.status, answer.problem) == (404, "not-found")


@pytest.mark.parametrize("path", ["t1", "a" * 255, "😀", "..", "%2e%2e", "a/b", "%", "ü", "' OR 1=1", "#", "terms"])
def test_any_other_path_reaches_the_handler_as_it_is(path: str) -> None:
    assert ask(path).json["name"] == path


def test_a_query_cannot_replace_the_path() -> None:
    assert ask("mine", {"thing_id": "theirs"}).json["name"] == "mine"
