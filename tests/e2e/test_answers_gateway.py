"""What the gateway's own calls answer, and what any call may."""

import pytest

from local.client import Client
from tests.support.answers import Asking
from tests.support.house import House
from tests.support.redeploy import redeployed

HEALTH = "gateway/get_health.py"
SAYS = 'return HealthView(stage=env.setting("STAGE"))'


@pytest.mark.parametrize(
    "call",
    ["GET /v1/health", "GET /v1/docs", "GET /v1/docs/swagger-ui-bundle.js", "GET /problems/sold-out"],
)
def test_what_the_gateway_shows_is_there(call: str, api: Client, ask: Asking) -> None:
    assert ask(api, call).told == (200, "done")


def test_a_client_that_has_the_document_is_told_so(api: Client, ask: Asking) -> None:
    first = ask(api, "GET /v1/openapi.json")
    again = ask(api, "GET /v1/openapi.json", headers={"If-None-Match": first.headers["ETag"]})

    assert first.told == (200, "done")
    assert first.json["openapi"] == "3.1.0"
    assert (again.told, again.content) == ((304, "unchanged"), b"")


@pytest.mark.parametrize(
    ("call", "problem"),
    [("GET /v1/docs/no-such.js", "unknown-file"), ("GET /problems/no-such", "unknown-problem")],
)
def test_what_is_not_there_is_told_so(call: str, problem: str, api: Client, ask: Asking) -> None:
    assert ask(api, call).told == (404, problem)


def test_a_call_that_is_none_is_told_so(api: Client, ask: Asking) -> None:
    assert ask(api, "GET /v1/no-such").told == (404, "unknown-route")


def test_a_call_of_another_method_is_told_so(api: Client, ask: Asking) -> None:
    answer = ask(api, "PATCH /v1/health")

    assert (answer.told, answer.headers["Allow"]) == ((405, "method-unknown"), "GET")


def test_more_than_the_gateway_takes_is_refused(api: Client, ask: Asking) -> None:
    assert ask(api, "POST /v1/login", "x" * (10 * 1024 * 1024)).told == (413, "gateway")


def test_a_fault_of_ours_is_told_without_its_reason(house: House, ask: Asking) -> None:
    with redeployed(house.stack, "gateway.get_health", {HEALTH: (SAYS, 'raise RuntimeError("the reason")')}):
        answer = ask(house.nobody, "GET /v1/health")

    assert answer.told == (500, "unexpected")
    assert b"the reason" not in answer.content


def test_too_much_at_once_is_told_with_when_to_try_again(house: House, ask: Asking) -> None:
    busy = "from common.patience import NotNow\n    raise NotNow"
    with redeployed(house.stack, "gateway.get_health", {HEALTH: (SAYS, busy)}):
        answer = ask(house.nobody, "GET /v1/health")

    assert answer.told == (503, "busy")
    assert answer.headers["Retry-After"] == "1"
