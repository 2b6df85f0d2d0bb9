"""What the gateway answers itself."""

from typing import Any

import pytest

from tests.support.system import Reply, System


def unknown(system: System, **event: Any) -> Reply:
    context = {"requestId": "r1", "http": {"method": "GET", "path": "/v1/nothing"}}
    return Reply(system.invoke("gateway.refuse_unknown", {"requestContext": context, "headers": {}} | event))


def test_health_says_ok_and_which_stage_it_is(system: System) -> None:
    answer = system.http("GET /v1/health")

    assert (answer.status, answer.json) == (200, {"status": "ok", "stage": "test"})


def test_a_parameter_that_health_does_not_know_is_refused(system: System) -> None:
    assert system.http("GET /v1/health", query={"deep": "yes"}).status == 422


def test_an_unknown_route_is_a_problem(system: System) -> None:
    answer = unknown(system)

    assert (answer.status, answer.problem) == (404, "unknown-route")
    assert answer.json["request_id"] == "r1"


@pytest.mark.parametrize(
    ("path", "allowed"),
    [("/v1/health", "GET"), ("/v1/events", "GET, POST"), ("/v1/tickets/some-id", "GET, PUT")],
)
def test_a_known_path_says_with_which_methods_it_is_a_call(system: System, path: str, allowed: str) -> None:
    context = {"requestId": "r1", "http": {"method": "TRACE", "path": path}}

    answer = unknown(system, requestContext=context)

    assert (answer.status, answer.problem, answer.headers["allow"]) == (405, "method-unknown", allowed)
    assert answer.json["allowed"] == allowed.split(", ")


def test_an_unknown_route_is_unknown_whatever_is_sent_to_it(system: System) -> None:
    answer = unknown(system, queryStringParameters={"a": "b"}, body="{not json", pathParameters={"proxy": "x"})

    assert (answer.status, answer.problem) == (404, "unknown-route")
