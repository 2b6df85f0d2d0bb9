"""The OpenAPI document is valid, complete and consistent with the topology."""

import re
from typing import Any

from openapi_spec_validator import OpenAPIV31SpecValidator

from infra.topology import ROWS
from infra.topology_types import Route
from tools.docs import introspection, openapi

DOCUMENT = openapi.document()
OPERATIONS: dict[str, dict[str, Any]] = {
    f"{method.upper()} {path}": operation
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
}


def test_the_document_is_openapi_3_1() -> None:
    assert list(OpenAPIV31SpecValidator(DOCUMENT).iter_errors()) == []


def test_broken_document_is_invalid() -> None:
    broken = openapi.document()
    del broken["paths"]["/v1/events/{event_id}"]["get"]["parameters"]

    assert list(OpenAPIV31SpecValidator(broken).iter_errors()) != []


def test_openapi_lists_every_route_except_sandbox() -> None:
    calls = {row.route_key for row in ROWS if isinstance(row, Route)}

    assert set(OPERATIONS) == {call for call in calls if call != "$default" and "/sandbox/" not in call}


def test_operations_have_unique_ids_and_summaries() -> None:
    names = [one["operationId"] for one in OPERATIONS.values()]

    assert len(set(names)) == len(names)
    assert all(one["summary"] for one in OPERATIONS.values())


def test_openapi_security_matches_the_topology() -> None:
    for row in introspection.routes():
        assert bool(OPERATIONS[row.route_key]["security"]) == row.access.requires_token, row.route_key
        assert ("401" in OPERATIONS[row.route_key]["responses"]) >= row.access.requires_token


def test_path_parameters_match_the_path() -> None:
    for call, operation in OPERATIONS.items():
        named = {one["name"] for one in operation.get("parameters", []) if one["in"] == "path"}
        assert named == set(re.findall(r"{(\w+)}", call)), call


def test_creating_operations_accept_idempotency_key() -> None:
    keyed = {
        call
        for call, operation in OPERATIONS.items()
        if any(one["name"] == "Idempotency-Key" for one in operation.get("parameters", []))
    }

    assert {"POST /v1/bookings", "POST /v1/events", "POST /v1/categories"} <= keyed
    assert not any(call.startswith(("GET", "PUT", "DELETE")) for call in keyed)


def test_conditional_operations_document_an_etag() -> None:
    conditional, tagged = set(), set()
    for call, operation in OPERATIONS.items():
        headers = {one["name"] for one in operation.get("parameters", [])} & {"If-Match", "If-None-Match"}
        conditional |= {call} if headers else set()
        tagged |= {call} if "ETag" in operation["responses"].get("200", {}).get("headers", {}) else set()

    assert conditional
    assert conditional <= tagged
    assert {call.removeprefix("PUT ") for call in conditional if call.startswith("PUT /v1/users")} <= {
        call.removeprefix("GET ") for call in tagged
    }


def test_components_and_references_match() -> None:
    text = openapi.text()
    used = set(re.findall(r'"#/components/(\w+/[\w.-]+)"', text))
    defined = {f"{kind}/{name}" for kind, named in DOCUMENT["components"].items() for name in named}

    assert used <= defined
    assert defined - used <= {"securitySchemes/bearer"}
