"""What the gateway shows of the API itself."""

import base64
import json

import pytest

from gateway.core import pages
from tests.support.gateway import Reply
from tests.support.system import System
from tools.docs import openapi


def content(reply: Reply) -> bytes:
    assert reply.base64
    return base64.b64decode(reply.text)


def test_the_document_is_the_one_that_the_code_gives(system: System) -> None:
    answer = system.http("GET /v1/openapi.json")

    assert answer.status == 200
    assert answer.headers["content-type"] == "application/json"
    assert json.loads(content(answer)) == openapi.document()


def test_a_client_that_has_the_document_is_told_that_nothing_changed(system: System) -> None:
    tag = system.http("GET /v1/openapi.json").headers["etag"]

    again = system.http("GET /v1/openapi.json", headers={"if-none-match": f'"other", {tag}'})
    other = system.http("GET /v1/openapi.json", headers={"if-none-match": '"other"'})

    assert (again.status, again.text, again.headers["etag"]) == (304, "", tag)
    assert other.status == 200


def test_the_interactive_page_loads_nothing_from_elsewhere(system: System) -> None:
    answer = system.http("GET /v1/docs")
    page = content(answer).decode()

    assert answer.headers["content-type"].startswith("text/html")
    assert "default-src 'none'; script-src 'self'" in answer.headers["content-security-policy"]
    assert "//" not in page.replace("<!doctype html>", "")
    for name in set(pages.FILES) & {part.split('"')[0] for part in page.split("/v1/docs/")[1:]}:
        assert system.http(f"GET /v1/docs/{name}").status == 200


@pytest.mark.parametrize("name", pages.FILES)
def test_every_file_of_the_page_is_there_and_fits_a_response(system: System, name: str) -> None:
    answer = system.http(f"GET /v1/docs/{name}")

    assert answer.status == 200
    assert 0 < len(answer.text) < 6 * 1024 * 1024
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("name", ["other.js", "..%2Fpages.py", "LICENSE"])
def test_no_other_file_is_shown(system: System, name: str) -> None:
    assert system.http(f"GET /v1/docs/{name}").problem == "unknown-file"


def test_a_problems_type_leads_to_its_explanation(system: System) -> None:
    answer = system.http("GET /problems/sold-out")
    page = content(answer).decode()

    assert answer.status == 200
    assert "<h1>sold-out</h1>" in page
    assert "409" in page
    assert "<code>POST /v1/bookings</code>" in page


def test_a_type_that_nobody_answers_is_unknown(system: System) -> None:
    assert system.http("GET /problems/no-such").problem == "unknown-problem"
