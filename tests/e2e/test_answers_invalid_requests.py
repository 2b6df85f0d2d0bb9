"""Responses to invalid requests: a case for each one that a route documents."""

import re

import pytest

from infra.topology_types import Access, Route
from local.client import Client
from tests.support.fixtures.answers import RecordingClient
from tests.support.fixtures.e2e_fixture import E2EFixture
from tools.docs import introspection
from tools.docs.answers import documented_responses

UNKNOWN_ID = "8d4b8d3e-6d0c-4a51-9d1a-0f0d5c1f2a3b"
CALLS = {row.route_key: row for row in introspection.routes()}


def routes_documenting(status: int, outcome: str) -> list[str]:
    """The routes that document the response."""
    return [call for call, row in CALLS.items() if (status, outcome) in documented_responses(row)]


def fill_path(call: str, value: str = UNKNOWN_ID) -> str:
    return re.sub(r"{\w+}", value, call)


def empty_body(row: Route) -> dict[str, object] | None:
    return {} if introspection.endpoint(row).body_parameter else None


@pytest.mark.parametrize("call", routes_documenting(422, "unprocessable"))
def test_unknown_parameter_is_rejected(call: str, e2e: E2EFixture, send: RecordingClient) -> None:
    response = send(e2e.admin, f"{fill_path(call)}?no_such=1", empty_body(CALLS[call]))

    assert response.outcome == (422, "unprocessable")
    assert response.json["errors"][0]["pointer"] == "/no_such"


@pytest.mark.parametrize(
    "call", [call for call in routes_documenting(400, "bad-request") if CALLS[call].access is not Access.PROVIDER]
)
def test_malformed_json_is_rejected(call: str, e2e: E2EFixture, send: RecordingClient) -> None:
    assert send(e2e.admin, fill_path(call), raw=b'{"half":').outcome == (400, "bad-request")


@pytest.mark.parametrize("call", routes_documenting(400, "body-too-large"))
def test_oversized_body_is_rejected(call: str, e2e: E2EFixture, send: RecordingClient) -> None:
    assert send(e2e.admin, fill_path(call), {"much": "x" * 70_000}).outcome == (400, "body-too-large")


@pytest.mark.parametrize("call", routes_documenting(415, "unsupported-media-type"))
def test_wrong_content_type_is_rejected(call: str, e2e: E2EFixture, send: RecordingClient) -> None:
    response = send(e2e.admin, fill_path(call), raw=b"{}", headers={"Content-Type": "text/plain"})

    assert response.outcome == (415, "unsupported-media-type")


@pytest.mark.parametrize("call", routes_documenting(401, "gateway"))
def test_missing_token_is_401_at_gateway(call: str, e2e: E2EFixture, send: RecordingClient) -> None:
    assert send(e2e.anonymous, fill_path(call), empty_body(CALLS[call])).outcome == (401, "gateway")


@pytest.mark.parametrize("call", routes_documenting(403, "gateway"))
def test_invalid_token_is_403_at_gateway(call: str, e2e: E2EFixture, send: RecordingClient) -> None:
    impostor = Client(e2e.anonymous.api, "no.such.token")

    assert send(impostor, fill_path(call), empty_body(CALLS[call])).outcome == (403, "gateway")


@pytest.mark.parametrize("call", routes_documenting(403, "role-missing"))
def test_missing_role_is_rejected(call: str, e2e: E2EFixture, send: RecordingClient) -> None:
    assert send(e2e.stranger.client, fill_path(call), empty_body(CALLS[call])).outcome == (403, "role-missing")


@pytest.mark.parametrize("call", routes_documenting(404, "not-found"))
def test_impossible_id_is_not_found(call: str, e2e: E2EFixture, send: RecordingClient) -> None:
    assert send(e2e.admin, fill_path(call, "a%01b"), empty_body(CALLS[call])).outcome == (404, "not-found")


@pytest.mark.parametrize("call", routes_documenting(400, "invalid-page-token"))
def test_invented_page_token_is_rejected(call: str, e2e: E2EFixture, send: RecordingClient) -> None:
    path = fill_path(call.replace("{event_id}", e2e.party["id"]).replace("{user_id}", e2e.admin_id))
    by = e2e.organiser.client if "{event_id}" in call else e2e.admin  # the caller's own list

    assert send(by, f"{path}?next_token=invented").outcome == (400, "invalid-page-token")


@pytest.mark.parametrize("call", routes_documenting(400, "invalid-idempotency-key"))
def test_overlong_idempotency_key_is_rejected(call: str, e2e: E2EFixture, send: RecordingClient) -> None:
    headers = {"Idempotency-Key": "k" * 256}

    assert send(e2e.admin, fill_path(call), empty_body(CALLS[call]), headers=headers).outcome == (
        400,
        "invalid-idempotency-key",
    )
