"""Responses of the gateway's own routes, and those of every route."""

import pytest

from local.client import Client
from tests.support.faults.redeploy import redeployed
from tests.support.fixtures.answers import RecordingClient
from tests.support.fixtures.e2e_fixture import E2EFixture

HEALTH = "gateway/http/get_health.py"
HEALTH_RETURN = 'return HealthView(stage=env.setting("STAGE"))'


@pytest.mark.parametrize(
    "call",
    ["GET /v1/health", "GET /v1/docs", "GET /v1/docs/swagger-ui-bundle.js", "GET /problems/sold-out"],
)
def test_gateway_pages_are_served(call: str, api: Client, send: RecordingClient) -> None:
    assert send(api, call).outcome == (200, "done")


def test_unchanged_openapi_answers_304(api: Client, send: RecordingClient) -> None:
    first = send(api, "GET /v1/openapi.json")
    again = send(api, "GET /v1/openapi.json", headers={"If-None-Match": first.headers["ETag"]})

    assert first.outcome == (200, "done")
    assert first.json["openapi"] == "3.1.0"
    assert (again.outcome, again.content) == ((304, "unchanged"), b"")


@pytest.mark.parametrize(
    ("call", "problem"),
    [("GET /v1/docs/no-such.js", "file-not-found"), ("GET /problems/no-such", "problem-not-found")],
)
def test_missing_page_is_not_found(call: str, problem: str, api: Client, send: RecordingClient) -> None:
    assert send(api, call).outcome == (404, problem)


def test_unknown_route_is_not_found(api: Client, send: RecordingClient) -> None:
    assert send(api, "GET /v1/no-such").outcome == (404, "route-not-found")


def test_wrong_method_is_not_allowed(api: Client, send: RecordingClient) -> None:
    response = send(api, "PATCH /v1/health")

    assert (response.outcome, response.headers["Allow"]) == ((405, "method-not-allowed"), "GET")


def test_gateway_rejects_oversized_request(api: Client, send: RecordingClient) -> None:
    assert send(api, "POST /v1/login", "x" * (10 * 1024 * 1024)).outcome == (413, "gateway")


def test_internal_error_hides_its_reason(e2e: E2EFixture, send: RecordingClient) -> None:
    with redeployed(e2e.stack, "gateway.get_health", {HEALTH: (HEALTH_RETURN, 'raise RuntimeError("the reason")')}):
        response = send(e2e.anonymous, "GET /v1/health")

    assert response.outcome == (500, "internal-error")
    assert b"the reason" not in response.content


def test_busy_response_has_retry_after(e2e: E2EFixture, send: RecordingClient) -> None:
    busy = "from common.retries import Contention\n    raise Contention"
    with redeployed(e2e.stack, "gateway.get_health", {HEALTH: (HEALTH_RETURN, busy)}):
        response = send(e2e.anonymous, "GET /v1/health")

    assert response.outcome == (503, "service-unavailable")
    assert response.headers["Retry-After"] == "1"
