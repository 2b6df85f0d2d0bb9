"""Responses of auth, except those to invalid requests."""

import json
import secrets

from auth.core.model import FREE_ATTEMPTS
from local.actors import Actor, wait_for
from local.client import Client
from tests.support.faults.redeploy import redeployed
from tests.support.fixtures.answers import RecordingClient
from tests.support.fixtures.e2e_fixture import E2EFixture

UNKNOWN_ID = "8d4b8d3e-6d0c-4a51-9d1a-0f0d5c1f2a3b"


def new_account(**fields: str) -> dict[str, str]:
    name = f"new-{secrets.token_hex(4)}"
    names = {"first_name": "Nora", "last_name": "New", "mobile_phone": "+4915112345678"}
    return names | {"email": f"{name}@people.example", "user_name": name, "password": "a long enough sentence"} | fields


def log_in(e2e: E2EFixture, actor: Actor) -> dict[str, str]:
    tokens: dict[str, str] = e2e.anonymous.request_json(
        "POST", "/v1/login", {"username": actor.user_name, "password": actor.password}
    )
    return tokens


def test_user_name_is_unique(api: Client, send: RecordingClient) -> None:
    first = new_account()

    assert send(api, "POST /v1/register", first).outcome == (201, "done")
    duplicate = send(api, "POST /v1/register", new_account(user_name=first["user_name"]))
    assert duplicate.outcome == (409, "user-name-taken")


def test_idempotency_key_creates_one_account(api: Client, send: RecordingClient) -> None:
    first, key = new_account(), {"Idempotency-Key": secrets.token_hex(8)}
    api.send("POST", "/v1/register", json.dumps(first).encode(), key | {"Content-Type": "application/json"})

    other = send(api, "POST /v1/register", first | {"first_name": "Other"}, headers=key)

    assert other.outcome == (422, "idempotency-key-reused")


def test_weak_password_is_rejected(api: Client, send: RecordingClient) -> None:
    assert send(api, "POST /v1/register", new_account(password="a" * 15)).outcome == (422, "weak-password")


def test_login_requires_correct_password(e2e: E2EFixture, send: RecordingClient) -> None:
    right = {"username": e2e.buyer.user_name, "password": e2e.buyer.password}

    assert send(e2e.anonymous, "POST /v1/login", right).outcome == (200, "done")
    wrong = send(e2e.anonymous, "POST /v1/login", right | {"password": "some other words"})
    assert wrong.outcome == (401, "invalid-credentials")


def test_repeated_login_failures_are_throttled(e2e: E2EFixture, send: RecordingClient) -> None:
    guess = {"email": f"{secrets.token_hex(4)}@people.example", "password": "some other words"}

    # Each failure doubles the delay, so that one call falls within it on any machine.
    responses = [send(e2e.anonymous, "POST /v1/login", guess) for _ in range(FREE_ATTEMPTS)]
    throttled = wait_for(
        lambda: response if (response := send(e2e.anonymous, "POST /v1/login", guess)).outcome[0] != 401 else None,
        "the 429 response",
    )

    assert {one.outcome for one in responses} == {(401, "invalid-credentials")}
    assert throttled.outcome == (429, "too-many-attempts")
    assert throttled.headers["Retry-After"]


def test_refresh_rejects_unknown_token(e2e: E2EFixture, send: RecordingClient) -> None:
    refresh_token = log_in(e2e, e2e.stranger)["refresh_token"]

    assert send(e2e.anonymous, "POST /v1/token/refresh", {"refresh_token": refresh_token}).outcome == (200, "done")
    unknown = send(e2e.anonymous, "POST /v1/token/refresh", {"refresh_token": "invented"})
    assert unknown.outcome == (401, "invalid-refresh-token")


def test_logout_revokes_own_session_only(e2e: E2EFixture, send: RecordingClient) -> None:
    own_tokens, other_tokens = log_in(e2e, e2e.stranger), log_in(e2e, e2e.staff)
    client = Client(e2e.anonymous.api, own_tokens["access_token"])

    unknown = send(client, "POST /v1/logout", {"refresh_token": "invented"})
    foreign = send(client, "POST /v1/logout", {"refresh_token": other_tokens["refresh_token"]})
    own = send(client, "POST /v1/logout", {"refresh_token": own_tokens["refresh_token"]})

    assert (unknown.outcome, foreign.outcome, own.outcome) == (
        (401, "invalid-refresh-token"),
        (404, "session-not-found"),
        (204, "done"),
    )


def test_jwks_is_public(api: Client, send: RecordingClient) -> None:
    assert send(api, "GET /v1/jwks").outcome == (200, "done")


def test_roles_require_existing_user(e2e: E2EFixture, send: RecordingClient) -> None:
    roles_request = {"roles": ["organiser"]}

    assert send(e2e.admin, f"PUT /v1/users/{e2e.organiser.id}/roles", roles_request).outcome == (200, "done")
    assert send(e2e.admin, f"PUT /v1/users/{UNKNOWN_ID}/roles", roles_request).outcome == (404, "user-not-found")


def test_last_admin_cannot_lose_the_role(e2e: E2EFixture, send: RecordingClient) -> None:
    response = send(e2e.admin, f"PUT /v1/users/{e2e.admin_id}/roles", {"roles": []})

    assert response.outcome == (409, "last-admin")


def test_concurrent_role_change_is_not_overwritten(e2e: E2EFixture, send: RecordingClient) -> None:
    stale_version = {
        "auth/core/repository.py": ('values={"seen": before.version}', 'values={"seen": before.version - 1}')
    }

    with redeployed(e2e.stack, "auth.set_roles", stale_version):
        response = send(e2e.admin, f"PUT /v1/users/{e2e.stranger.id}/roles", {"roles": ["organiser"]})

    assert response.outcome == (409, "concurrent-modification")
