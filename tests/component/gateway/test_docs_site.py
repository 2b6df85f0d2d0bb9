"""The API documentation that the gateway serves."""

import base64
import json

import pytest

from gateway.core import docs_site
from tests.support.system.lambda_events import HttpResponse
from tests.support.system.system import System
from tools.docs import openapi


def decoded_body(response: HttpResponse) -> bytes:
    assert response.base64
    return base64.b64decode(response.text)


def test_served_openapi_document_matches_code(system: System) -> None:
    response = system.http("GET /v1/openapi.json")

    assert response.status == 200
    assert response.headers["content-type"] == "application/json"
    assert json.loads(decoded_body(response)) == openapi.document()


def test_matching_etag_of_document_returns_not_modified(system: System) -> None:
    tag = system.http("GET /v1/openapi.json").headers["etag"]

    repeated = system.http("GET /v1/openapi.json", headers={"if-none-match": f'"other", {tag}'})
    other = system.http("GET /v1/openapi.json", headers={"if-none-match": '"other"'})

    assert (repeated.status, repeated.text, repeated.headers["etag"]) == (304, "", tag)
    assert other.status == 200


def test_docs_page_loads_nothing_from_other_hosts(system: System) -> None:
    response = system.http("GET /v1/docs")
    page = decoded_body(response).decode()

    assert response.headers["content-type"].startswith("text/html")
    assert "default-src 'none'; script-src 'self'" in response.headers["content-security-policy"]
    assert "//" not in page.replace("<!doctype html>", "")
    for name in set(docs_site.FILES) & {part.split('"')[0] for part in page.split("/v1/docs/")[1:]}:
        assert system.http(f"GET /v1/docs/{name}").status == 200


@pytest.mark.parametrize("name", docs_site.FILES)
def test_every_docs_file_exists_and_fits_response(system: System, name: str) -> None:
    response = system.http(f"GET /v1/docs/{name}")

    assert response.status == 200
    assert 0 < len(response.text) < 6 * 1024 * 1024
    assert response.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("name", ["other.js", "..%2Fdocs_site.py", "LICENSE"])
def test_unlisted_file_is_not_served(system: System, name: str) -> None:
    assert system.http(f"GET /v1/docs/{name}").problem == "file-not-found"


def test_problem_type_url_returns_explanation(system: System) -> None:
    response = system.http("GET /problems/sold-out")
    page = decoded_body(response).decode()

    assert response.status == 200
    assert "<h1>sold-out</h1>" in page
    assert "409" in page
    assert "<code>POST /v1/bookings</code>" in page


def test_unknown_problem_type_is_not_found(system: System) -> None:
    assert system.http("GET /problems/no-such").problem == "problem-not-found"
