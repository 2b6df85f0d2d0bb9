"""POST /v1/token/refresh and /v1/logout: tokens are rotated, a stolen one ends the session, logout too."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest

from auth.core import session_repository
from common import clock, env
from infra.topology import AUTH
from tests.component.test_auth_register import ANNA
from tests.support.system import Person, Reply, System, row, the_admin

pytestmark = pytest.mark.moto

BEN = ANNA | {"email": "ben@example.com", "user_name": "ben"}


class Home:
    """Anna, logged in, with a clock that stands until it is moved."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.at = datetime(2026, 5, 1, 12, tzinfo=UTC)
        clock.use(lambda: self.at)
        self.user_id = system.http("POST /v1/register", ANNA).json["id"]
        self.token = self.login()

    def login(self, name: str = "anna") -> str:
        return str(
            self.system.http("POST /v1/login", {"username": name, "password": ANNA["password"]}).json["refresh_token"]
        )

    def passes(self, **time: float) -> None:
        self.at += timedelta(**time)

    def refresh(self, token: str) -> Reply:
        return self.system.http("POST /v1/token/refresh", {"refresh_token": token})

    def next(self, token: str) -> str:
        reply = self.refresh(token)
        assert reply.status == 200, reply.text
        return str(reply.json["refresh_token"])

    def logout(self, token: str, user_id: str | None = None) -> Reply:
        return self.system.http("POST /v1/logout", {"refresh_token": token}, by=Person(user_id=user_id or self.user_id))

    def session(self) -> dict[str, Any]:
        (found,) = [item for item in self.system.scan(AUTH) if item["sk"].startswith("session#")]
        return found


@pytest.fixture
def home(system: System) -> Iterator[Home]:
    yield Home(system)
    clock.use()


def refused(reply: Reply) -> bool:
    return (reply.status, reply.problem) == (401, "invalid-token")


def test_a_refresh_token_gives_the_next_pair(home: Home) -> None:
    reply = home.refresh(home.token)

    assert reply.status == 200
    assert reply.json.keys() == {"access_token", "refresh_token", "token_type", "expires_in", "email_verified"}
    assert reply.json["refresh_token"] != home.token
    assert reply.headers["cache-control"] == "no-store"
    event = {"headers": {"Authorization": f"bearer {reply.json['access_token']}"}}
    assert home.system.invoke("auth.authorize", event)["context"]["user_id"] == home.user_id


def test_a_session_is_renewed_again_and_again(home: Home) -> None:
    token = home.token
    for _ in range(5):
        home.passes(minutes=15)
        token = home.next(token)

    assert home.session()["counter"] == 6


def test_the_same_token_twice_within_the_grace_gives_the_same_successor(home: Home) -> None:
    first = home.next(home.token)
    home.passes(seconds=10)

    assert home.next(home.token) == first
    assert home.refresh(first).status == 200


def test_a_token_used_again_after_the_grace_ends_the_whole_session(home: Home) -> None:
    successor = home.next(home.token)
    home.passes(seconds=10.001)

    assert refused(home.refresh(home.token))
    assert refused(home.refresh(successor))
    assert "revoked_at" in home.session()


def test_a_token_of_long_ago_ends_the_whole_session_even_at_once(home: Home) -> None:
    newest = home.next(home.next(home.token))

    assert refused(home.refresh(home.token))
    assert refused(home.refresh(newest))


def test_another_session_of_the_user_outlives_a_reuse(home: Home) -> None:
    other = home.login()
    home.next(home.token)
    home.passes(minutes=1)

    assert refused(home.refresh(home.token))
    assert home.refresh(other).status == 200


def test_of_two_refreshes_at_once_both_get_the_same_successor(home: Home) -> None:
    """The second reads before the first writes: its condition fails, and it finds the first one's work."""
    raced: list[str] = []

    def first_is_quicker(**_: Any) -> None:
        if not raced:
            raced.append("")
            raced[0] = home.next(home.token)

    env.client("dynamodb").meta.events.register("before-call.dynamodb.UpdateItem", first_is_quicker)

    assert home.next(home.token) == raced[0]
    assert home.session()["counter"] == 2


def test_a_refresh_that_was_overtaken_by_two_gets_nothing_and_undoes_neither(home: Home) -> None:
    raced: list[str] = []

    def others_are_quicker(**_: Any) -> None:
        if not raced:
            raced.append("")
            raced[0] = home.next(home.next(home.token))

    env.client("dynamodb").meta.events.register("before-call.dynamodb.UpdateItem", others_are_quicker)

    assert refused(home.refresh(home.token))
    assert home.refresh(raced[0]).status == 200


def test_a_refresh_that_was_overtaken_by_one_and_a_logout_gets_nothing(home: Home) -> None:
    raced: list[int] = []

    def others_are_quicker(**_: Any) -> None:
        if not raced:
            raced.append(0)
            raced[0] = home.logout(home.next(home.token)).status

    env.client("dynamodb").meta.events.register("before-call.dynamodb.UpdateItem", others_are_quicker)

    assert refused(home.refresh(home.token))
    assert raced == [204]


def test_after_a_logout_the_grace_gives_nothing(home: Home) -> None:
    successor = home.next(home.token)
    home.logout(successor)

    assert refused(home.refresh(home.token))


def test_a_refresh_that_meets_a_logout_gets_nothing(home: Home) -> None:
    met: list[int] = []

    def logout_is_quicker(**_: Any) -> None:
        if not met:
            met.append(0)
            met[0] = home.logout(home.token).status

    env.client("dynamodb").meta.events.register("before-call.dynamodb.UpdateItem", logout_is_quicker)

    assert refused(home.refresh(home.token))
    assert met == [204]


def test_a_session_ends_after_thirty_days_however_often_it_was_renewed(home: Home) -> None:
    home.passes(days=29)
    token = home.next(home.token)
    home.passes(days=1)

    assert refused(home.refresh(token))


def test_a_new_server_key_ends_no_session(home: Home) -> None:
    boto3.client("secretsmanager").put_secret_value(
        SecretId="ticketing/test/refresh", SecretString="another key, as long as it is"
    )
    env.secret.cache_clear()

    token = home.next(home.token)

    assert home.next(token) != token


def test_the_roles_of_the_next_access_token_are_those_of_now(home: Home) -> None:
    admin = the_admin(home.system)
    home.system.http(f"PUT /v1/users/{home.user_id}/roles", {"roles": ["organiser"]}, by=admin)

    access = home.refresh(home.token).json["access_token"]

    answer = home.system.invoke("auth.authorize", {"headers": {"authorization": f"Bearer {access}"}})
    assert answer["context"]["roles"] == "organiser"


def test_a_session_without_its_account_is_not_renewed(home: Home) -> None:
    boto3.client("dynamodb").delete_item(TableName="test-auth", Key={"pk": {"S": home.user_id}, "sk": {"S": "profile"}})

    assert refused(home.refresh(home.token))


def changed(token: str, at: int, part: str) -> str:
    parts = token.split(".")
    parts[at] = part
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
        lambda t: changed(t, 0, "00000000-0000-4000-8000-000000000000"),
        lambda t: changed(t, 1, "00000000-0000-4000-8000-000000000000"),
        lambda t: changed(t, 2, "0"),
        lambda t: changed(t, 2, "01"),
        lambda t: changed(t, 2, "2"),
        lambda t: changed(t, 2, "-1"),
        lambda t: changed(t, 2, "9" * 300),
        lambda t: changed(t, 2, "\u0661"),
        lambda t: changed(t, 3, "\u00e9"),
    ],
)
def test_a_forged_refresh_token_gives_nothing_and_harms_nobody(home: Home, forge: Any) -> None:
    assert refused(home.refresh(forge(home.token)))

    assert home.refresh(home.token).status == 200


def test_an_access_token_is_no_refresh_token(home: Home) -> None:
    access = home.refresh(home.token).json["access_token"]

    assert home.refresh(access).status in (401, 422)


@pytest.mark.parametrize(
    "body",
    [{}, {"refresh_token": ""}, {"refresh_token": 1}, {"refresh_token": "x" * 513}, {"refresh_token": "x", "y": 1}],
)
@pytest.mark.parametrize("call", ["POST /v1/token/refresh", "POST /v1/logout"])
def test_a_body_that_is_not_one_is_invalid(home: Home, call: str, body: object) -> None:
    reply = home.system.http(call, body, by=Person(user_id=home.user_id))

    assert (reply.status, reply.problem) == (422, "invalid")


def test_logout_ends_the_session_and_no_other(home: Home) -> None:
    other = home.login()

    reply = home.logout(home.token)

    assert (reply.status, reply.text) == (204, "")
    assert refused(home.refresh(home.token))
    assert home.refresh(other).status == 200


def test_logout_twice_is_logout_once(home: Home) -> None:
    home.logout(home.token)
    ended = home.session()["revoked_at"]
    home.passes(minutes=1)

    assert home.logout(home.token).status == 204
    assert home.session()["revoked_at"] == ended


def test_logout_with_a_token_that_was_rotated_ends_its_session(home: Home) -> None:
    newest = home.next(home.token)

    assert home.logout(home.token).status == 204
    assert refused(home.refresh(newest))


def test_nobody_logs_out_another(home: Home) -> None:
    ben = home.system.http("POST /v1/register", BEN).json["id"]

    reply = home.logout(home.token, user_id=ben)

    assert (reply.status, reply.problem) == (404, "session-unknown")
    assert home.refresh(home.token).status == 200


def test_logout_with_what_is_no_token_is_refused(home: Home) -> None:
    assert refused(home.logout("garbage"))


def test_a_session_goes_by_itself(home: Home) -> None:
    assert home.session()["expires_at"] == int((home.at + timedelta(days=30)).timestamp())
    with home.system.acting(row("auth.authorize")):
        assert session_repository.get(home.user_id, home.session()["id"])
