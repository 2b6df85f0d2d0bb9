"""POST /v1/token/refresh and /v1/logout: rotation, reuse detection and logout."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest

from auth.core import session_repository
from common import clock, env
from infra.topology import AUTH
from tests.support.drivers.auth_driver import ANNA
from tests.support.system.system import HttpResponse, Person, System, create_admin, row

pytestmark = pytest.mark.moto

BEN = ANNA | {"email": "ben@example.com", "user_name": "ben"}


class SessionDriver:
    """Anna, logged in, with a clock that only moves when advanced."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.now = datetime(2026, 5, 1, 12, tzinfo=UTC)
        clock.use(lambda: self.now)
        self.user_id = system.http("POST /v1/register", ANNA).json["id"]
        self.token = self.login()

    def login(self, name: str = "anna") -> str:
        return str(
            self.system.http("POST /v1/login", {"username": name, "password": ANNA["password"]}).json["refresh_token"]
        )

    def advance(self, **delta: float) -> None:
        self.now += timedelta(**delta)

    def refresh(self, token: str) -> HttpResponse:
        return self.system.http("POST /v1/token/refresh", {"refresh_token": token})

    def next_token(self, token: str) -> str:
        response = self.refresh(token)
        assert response.status == 200, response.text
        return str(response.json["refresh_token"])

    def logout(self, token: str, user_id: str | None = None) -> HttpResponse:
        return self.system.http("POST /v1/logout", {"refresh_token": token}, by=Person(user_id=user_id or self.user_id))

    def stored_session(self) -> dict[str, Any]:
        (candidate,) = [candidate for candidate in self.system.scan(AUTH) if candidate["sk"].startswith("session#")]
        return candidate


@pytest.fixture
def driver(system: System) -> Iterator[SessionDriver]:
    yield SessionDriver(system)
    clock.use()


def is_rejected(response: HttpResponse) -> bool:
    return (response.status, response.problem) == (401, "invalid-refresh-token")


def test_refresh_returns_a_new_token_pair(driver: SessionDriver) -> None:
    response = driver.refresh(driver.token)

    assert response.status == 200
    assert response.json.keys() == {"access_token", "refresh_token", "token_type", "expires_in", "email_verified"}
    assert response.json["refresh_token"] != driver.token
    assert response.headers["cache-control"] == "no-store"
    event = {"headers": {"Authorization": f"bearer {response.json['access_token']}"}}
    assert driver.system.invoke("auth.authorize", event)["context"]["user_id"] == driver.user_id


def test_session_can_be_refreshed_repeatedly(driver: SessionDriver) -> None:
    token = driver.token
    for _ in range(5):
        driver.advance(minutes=15)
        token = driver.next_token(token)

    assert driver.stored_session()["counter"] == 6


def test_reuse_within_grace_returns_the_same_successor(driver: SessionDriver) -> None:
    first = driver.next_token(driver.token)
    driver.advance(seconds=10)

    assert driver.next_token(driver.token) == first
    assert driver.refresh(first).status == 200


def test_reuse_after_grace_revokes_the_session(driver: SessionDriver) -> None:
    successor = driver.next_token(driver.token)
    driver.advance(seconds=10.001)

    assert is_rejected(driver.refresh(driver.token))
    assert is_rejected(driver.refresh(successor))
    assert "revoked_at" in driver.stored_session()


def test_older_token_revokes_the_session_immediately(driver: SessionDriver) -> None:
    newest = driver.next_token(driver.next_token(driver.token))

    assert is_rejected(driver.refresh(driver.token))
    assert is_rejected(driver.refresh(newest))


def test_token_reuse_keeps_other_sessions(driver: SessionDriver) -> None:
    other = driver.login()
    driver.next_token(driver.token)
    driver.advance(minutes=1)

    assert is_rejected(driver.refresh(driver.token))
    assert driver.refresh(other).status == 200


def test_concurrent_refreshes_get_the_same_successor(driver: SessionDriver) -> None:
    """The second reads before the first writes: its condition fails, and it finds the stored successor."""
    successors: list[str] = []

    def refresh_concurrently(**_: Any) -> None:
        if not successors:
            successors.append("")
            successors[0] = driver.next_token(driver.token)

    env.client("dynamodb").meta.events.register("before-call.dynamodb.UpdateItem", refresh_concurrently)

    assert driver.next_token(driver.token) == successors[0]
    assert driver.stored_session()["counter"] == 2


def test_refresh_overtaken_twice_is_rejected(driver: SessionDriver) -> None:
    successors: list[str] = []

    def refresh_twice_concurrently(**_: Any) -> None:
        if not successors:
            successors.append("")
            successors[0] = driver.next_token(driver.next_token(driver.token))

    env.client("dynamodb").meta.events.register("before-call.dynamodb.UpdateItem", refresh_twice_concurrently)

    assert is_rejected(driver.refresh(driver.token))
    assert driver.refresh(successors[0]).status == 200


def test_refresh_overtaken_by_refresh_and_logout_is_rejected(driver: SessionDriver) -> None:
    statuses: list[int] = []

    def refresh_and_log_out_concurrently(**_: Any) -> None:
        if not statuses:
            statuses.append(0)
            statuses[0] = driver.logout(driver.next_token(driver.token)).status

    env.client("dynamodb").meta.events.register("before-call.dynamodb.UpdateItem", refresh_and_log_out_concurrently)

    assert is_rejected(driver.refresh(driver.token))
    assert statuses == [204]


def test_grace_does_not_apply_after_logout(driver: SessionDriver) -> None:
    successor = driver.next_token(driver.token)
    driver.logout(successor)

    assert is_rejected(driver.refresh(driver.token))


def test_refresh_during_logout_is_rejected(driver: SessionDriver) -> None:
    statuses: list[int] = []

    def log_out_concurrently(**_: Any) -> None:
        if not statuses:
            statuses.append(0)
            statuses[0] = driver.logout(driver.token).status

    env.client("dynamodb").meta.events.register("before-call.dynamodb.UpdateItem", log_out_concurrently)

    assert is_rejected(driver.refresh(driver.token))
    assert statuses == [204]


def test_session_expires_after_thirty_days_despite_refreshes(driver: SessionDriver) -> None:
    driver.advance(days=29)
    token = driver.next_token(driver.token)
    driver.advance(days=1)

    assert is_rejected(driver.refresh(token))


def test_sessions_survive_server_key_rotation(driver: SessionDriver) -> None:
    boto3.client("secretsmanager").put_secret_value(
        SecretId="ticketing/test/refresh", SecretString="another key, as long as it is"
    )
    env.secret.cache_clear()

    token = driver.next_token(driver.token)

    assert driver.next_token(token) != token


def test_refreshed_token_has_current_roles(driver: SessionDriver) -> None:
    admin = create_admin(driver.system)
    driver.system.http(f"PUT /v1/users/{driver.user_id}/roles", {"roles": ["organiser"]}, by=admin)

    access = driver.refresh(driver.token).json["access_token"]

    response = driver.system.invoke("auth.authorize", {"headers": {"authorization": f"Bearer {access}"}})
    assert response["context"]["roles"] == "organiser"


def test_session_of_deleted_account_cannot_be_refreshed(driver: SessionDriver) -> None:
    boto3.client("dynamodb").delete_item(
        TableName="test-auth", Key={"pk": {"S": driver.user_id}, "sk": {"S": "profile"}}
    )

    assert is_rejected(driver.refresh(driver.token))


def replace_part(token: str, index: int, part: str) -> str:
    parts = token.split(".")
    parts[index] = part
    return ".".join(parts)


@pytest.mark.parametrize(
    "forge",
    [
        lambda t: "garbage",
        lambda t: "a.b.c.d",
        lambda t: "...",
        lambda t: t + ".x",
        lambda t: t[:-1],
        lambda t: t[:-1] + ("A" if t[-1] != "A" else "B"),
        lambda t: t + "=",
        lambda t: replace_part(t, 0, "00000000-0000-4000-8000-000000000000"),
        lambda t: replace_part(t, 1, "00000000-0000-4000-8000-000000000000"),
        lambda t: replace_part(t, 2, "0"),
        lambda t: replace_part(t, 2, "01"),
        lambda t: replace_part(t, 2, "2"),
        lambda t: replace_part(t, 2, "-1"),
        lambda t: replace_part(t, 2, "9" * 300),
        lambda t: replace_part(t, 2, "\u0661"),
        lambda t: replace_part(t, 3, "\u00e9"),
    ],
)
def test_forged_refresh_token_is_rejected_without_side_effects(driver: SessionDriver, forge: Any) -> None:
    assert is_rejected(driver.refresh(forge(driver.token)))

    assert driver.refresh(driver.token).status == 200


def test_access_token_is_rejected_as_refresh_token(driver: SessionDriver) -> None:
    access = driver.refresh(driver.token).json["access_token"]

    assert driver.refresh(access).status in (401, 422)


@pytest.mark.parametrize(
    "body",
    [{}, {"refresh_token": ""}, {"refresh_token": 1}, {"refresh_token": "x" * 513}, {"refresh_token": "x", "y": 1}],
)
@pytest.mark.parametrize("call", ["POST /v1/token/refresh", "POST /v1/logout"])
def test_malformed_token_body_is_unprocessable(driver: SessionDriver, call: str, body: object) -> None:
    response = driver.system.http(call, body, by=Person(user_id=driver.user_id))

    assert (response.status, response.problem) == (422, "unprocessable")


def test_logout_ends_only_its_session(driver: SessionDriver) -> None:
    other = driver.login()

    response = driver.logout(driver.token)

    assert (response.status, response.text) == (204, "")
    assert is_rejected(driver.refresh(driver.token))
    assert driver.refresh(other).status == 200


def test_logout_is_idempotent(driver: SessionDriver) -> None:
    driver.logout(driver.token)
    revoked_at = driver.stored_session()["revoked_at"]
    driver.advance(minutes=1)

    assert driver.logout(driver.token).status == 204
    assert driver.stored_session()["revoked_at"] == revoked_at


def test_logout_with_rotated_token_ends_its_session(driver: SessionDriver) -> None:
    newest = driver.next_token(driver.token)

    assert driver.logout(driver.token).status == 204
    assert is_rejected(driver.refresh(newest))


def test_user_cannot_log_out_another(driver: SessionDriver) -> None:
    ben = driver.system.http("POST /v1/register", BEN).json["id"]

    response = driver.logout(driver.token, user_id=ben)

    assert (response.status, response.problem) == (404, "session-not-found")
    assert driver.refresh(driver.token).status == 200


def test_logout_with_malformed_token_is_rejected(driver: SessionDriver) -> None:
    assert is_rejected(driver.logout("garbage"))


def test_session_item_has_a_ttl(driver: SessionDriver) -> None:
    assert driver.stored_session()["expires_at"] == int((driver.now + timedelta(days=30)).timestamp())
    with driver.system.as_function(row("auth.authorize")):
        assert session_repository.find(driver.user_id, driver.stored_session()["id"])
