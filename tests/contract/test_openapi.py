"""The OpenAPI document is valid, whole, and says what the topology says."""

import re
from typing import Any

from openapi_spec_validator import OpenAPIV31SpecValidator

from infra.topology import ROWS
from infra.vocabulary import Route
from tools.docs import openapi, read

DOCUMENT = openapi.document()
OPERATIONS: dict[str, dict[str, Any]] = {
    f"{method.upper()} {path}": operation
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
}


def test_the_document_is_openapi_3_1() -> None:
    assert list(OpenAPIV31SpecValidator(DOCUMENT).iter_errors()) == []


def test_a_broken_document_is_not() -> None:
    broken = openapi.document()
    del broken["paths"]["/v1/events/{event_id}"]["get"]["parameters"]

    assert list(OpenAPIV31SpecValidator(broken).iter_errors()) != []


def test_every_call_of_the_topology_stands_in_it_but_the_sandbox() -> None:
    calls = {row.call for row in ROWS if isinstance(row, Route)}

    assert set(OPERATIONS) == {call for call in calls if call != "$default" and "/sandbox/" not in call}


def test_every_operation_has_a_name_of_its_own_and_a_sentence() -> None:
    names = [one["operationId"] for one in OPERATIONS.values()]

    assert len(set(names)) == len(names)
    assert all(one["summary"] for one in OPERATIONS.values())


def test_a_token_is_asked_for_exactly_where_the_topology_asks() -> None:
    for row in read.routes():
        assert bool(OPERATIONS[row.call]["security"]) == row.who.signed_in, row.call
        assert ("401" in OPERATIONS[row.call]["responses"]) >= row.who.signed_in


def test_path_parameters_are_those_of_the_path() -> None:
    for call, operation in OPERATIONS.items():
        named = {one["name"] for one in operation.get("parameters", []) if one["in"] == "path"}
        assert named == set(re.findall(r"{(\w+)}", call)), call


def test_the_key_header_stands_where_things_are_made() -> None:
    keyed = {
        call
        for call, operation in OPERATIONS.items()
        if any(one["name"] == "Idempotency-Key" for one in operation.get("parameters", []))
    }

    assert {"POST /v1/bookings", "POST /v1/events", "POST /v1/categories"} <= keyed
    assert not any(call.startswith(("GET", "PUT", "DELETE")) for call in keyed)


def test_whoever_asks_for_a_version_says_it_too() -> None:
    conditional, tagged = set(), set()
    for call, operation in OPERATIONS.items():
        asked = {one["name"] for one in operation.get("parameters", [])} & {"If-Match", "If-None-Match"}
        conditional |= {call} if asked else set()
        tagged |= {call} if "ETag" in operation["responses"].get("200", {}).get("headers", {}) else set()

    assert conditional
    assert conditional <= tagged
    assert {call.removeprefix("PUT ") for call in conditional if call.startswith("PUT /v1/users")} <= {
        call.removeprefix("GET ") for call in tagged
    }


def test_every_component_is_referred_to_and_every_reference_leads_to_one() -> None:
    text = openapi.text()
    used = set(re.findall(r'"#/components/(\w+/[\w.-]+)"', text))
    known = {f"{kind}/{name}" for kind, named in DOCUMENT["components"].items() for name in named}

    assert used <= known
    assert known - used <= {"securitySchemes/bearer"}
