"""The gateway's health and default routes."""

from typing import Any

import pytest

from tests.support.system.system import HttpResponse, System


def call_default_route(system: System, **event: Any) -> HttpResponse:
    context = {"requestId": "r1", "http": {"method": "GET", "path": "/v1/nothing"}}
    return HttpResponse(system.invoke("gateway.not_found", {"requestContext": context, "headers": {}} | event))


def test_health_reports_ok_and_stage(system: System) -> None:
    response = system.http("GET /v1/health")

    assert (response.status, response.json) == (200, {"status": "ok", "stage": "test"})


def test_unknown_query_parameter_of_health_is_rejected(system: System) -> None:
    assert system.http("GET /v1/health", query={"deep": "yes"}).status == 422


def test_unknown_route_returns_problem(system: System) -> None:
    response = call_default_route(system)

    assert (response.status, response.problem) == (404, "route-not-found")
    assert response.json["request_id"] == "r1"


@pytest.mark.parametrize(
    ("path", "allowed"),
    [("/v1/health", "GET"), ("/v1/events", "GET, POST"), ("/v1/tickets/some-id", "GET, PUT")],
)
def test_wrong_method_lists_allowed_methods(system: System, path: str, allowed: str) -> None:
    context = {"requestId": "r1", "http": {"method": "TRACE", "path": path}}

    response = call_default_route(system, requestContext=context)

    assert (response.status, response.problem, response.headers["allow"]) == (405, "method-not-allowed", allowed)
    assert response.json["allowed"] == allowed.split(", ")


def test_unknown_route_ignores_request_content(system: System) -> None:
    response = call_default_route(
        system, queryStringParameters={"a": "b"}, body="{not json", pathParameters={"proxy": "x"}
    )

    assert (response.status, response.problem) == (404, "route-not-found")
