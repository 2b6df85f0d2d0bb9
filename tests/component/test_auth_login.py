"""POST /v1/login: who gets in, who does not, and how long a guesser waits."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from statistics import median
from time import process_time
from typing import Any

import boto3
import pytest

from auth.core import attempts
from common import clock, env
from infra.topology import AUTH
from tests.component.test_auth_register import ANNA
from tests.support.post import Post
from tests.support.system import Reply, System

pytestmark = pytest.mark.moto

RIGHT = {"username": "anna", "password": ANNA["password"]}
WRONG = RIGHT | {"password": "another long phrase"}
NOBODY = WRONG | {"username": "nobody"}


class Watch:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.at = datetime(2026, 5, 1, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at

    def passes(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@pytest.fixture
def watch() -> Iterator[Watch]:
    standing = Watch()
    clock.use(standing)
    yield standing
    clock.use()


@pytest.fixture
def anna(system: System) -> str:
    return str(system.http("POST /v1/register", ANNA).json["id"])


def login(system: System, body: object) -> Reply:
    return system.http("POST /v1/login", body)


def fail(system: System, body: object, times: int) -> None:
    for _ in range(times):
        assert login(system, body).status == 401


@pytest.mark.parametrize(
    "name", [{"username": "anna"}, {"username": "Anna"}, {"email": "anna@example.com"}, {"email": "Anna@EXAMPLE.com"}]
)
def test_a_name_and_the_password_give_two_tokens(system: System, anna: str, name: dict[str, str]) -> None:
    Post(system).verify("anna@example.com")

    reply = login(system, name | {"password": ANNA["password"]})

    assert reply.status == 200
    assert reply.json.keys() == {"access_token", "refresh_token", "token_type", "expires_in", "email_verified"}
    assert (reply.json["token_type"], reply.json["expires_in"]) == ("Bearer", 900)
    assert reply.headers["cache-control"] == "no-store"


def test_tokens_are_kept_nowhere(system: System, anna: str) -> None:
    tokens = login(system, RIGHT).json

    kept = str(system.scan(AUTH))
    assert tokens["access_token"] not in kept
    assert tokens["refresh_token"].rpartition(".")[2] not in kept


def test_a_session_whose_reply_was_lost_is_opened_once(system: System, anna: str) -> None:
    """The SDK repeats the write, on which nothing depends."""
    dynamodb = env.client("dynamodb")
    repeated: list[dict[str, Any]] = []

    def again(params: dict[str, Any], **_: Any) -> None:
        if not repeated and "session#" in str(params["body"]):
            repeated.append(params)
            acting, system.current = system.current, None
            boto3.client("dynamodb").put_item(**json.loads(params["body"]))
            system.current = acting

    dynamodb.meta.events.register("before-call.dynamodb.PutItem", again)

    assert login(system, RIGHT).status == 200
    assert repeated
    assert len([item for item in system.scan(AUTH) if item["sk"].startswith("session#")]) == 1


def test_a_password_typed_decomposed_is_the_same_password(system: System) -> None:
    system.http("POST /v1/register", ANNA | {"password": "caf\u00e9 und viel sahne"})

    assert login(system, RIGHT | {"password": "cafe\u0301 und viel sahne"}).status == 200


def test_an_unknown_name_and_a_wrong_password_are_answered_alike(system: System, anna: str) -> None:
    wrong, unknown = login(system, WRONG), login(system, NOBODY)

    assert (wrong.status, wrong.problem) == (unknown.status, unknown.problem) == (401, "invalid-credentials")
    assert {**wrong.json, "request_id": 0} == {**unknown.json, "request_id": 0}
    assert wrong.headers.keys() == unknown.headers.keys()


def test_an_unknown_name_costs_as_much_work_as_a_wrong_password(system: System, anna: str) -> None:
    def seconds(body: dict[str, str], at: int) -> float:
        # A name each, so that none has to wait; the attempts of one account are counted by name.
        started = process_time()
        assert login(system, body | ({"username": f"nobody{at}"} if body is NOBODY else {})).status == 401
        return process_time() - started

    pairs = [(seconds(WRONG, at), seconds(NOBODY, at)) for at in range(9)]

    assert median(wrong for wrong, _ in pairs) == pytest.approx(median(unknown for _, unknown in pairs), rel=0.5)


@pytest.mark.parametrize(
    "body",
    [
        {"password": "x"},
        {"username": "anna", "email": "anna@example.com", "password": "x"},
        {"username": "anna"},
        {"username": "anna", "password": ""},
        {"username": "anna", "password": "x" * 257},
        {"username": "an na", "password": "x"},
        {"email": "anna", "password": "x"},
        {"username": ["anna"], "password": "x"},
        {"username": "anna", "password": "x", "remember": True},
    ],
)
def test_a_login_that_is_not_one_is_invalid(system: System, body: object) -> None:
    reply = login(system, body)

    assert (reply.status, reply.problem) == (422, "invalid")


@pytest.mark.parametrize("body", [WRONG, NOBODY], ids=["known name", "unknown name"])
def test_the_eleventh_failure_in_a_row_has_to_wait(
    system: System, anna: str, watch: Watch, body: dict[str, str]
) -> None:
    fail(system, body, 10)

    reply = login(system, body)

    assert (reply.status, reply.problem, reply.headers["retry-after"]) == (429, "too-many-attempts", "1")


@pytest.mark.parametrize(("before", "meanwhile"), [(0, 10), (9, 1), (10, 1)])
def test_an_attempt_that_others_overtook_has_to_wait(
    system: System, anna: str, watch: Watch, before: int, meanwhile: int
) -> None:
    """It had read that it might go on; counting it shows that it may not."""
    fail(system, WRONG, before)
    watch.passes(60)
    raced: list[bool] = []

    def others_are_quicker(**_: Any) -> None:
        if not raced:
            raced.append(True)
            fail(system, WRONG, meanwhile)

    env.client("dynamodb").meta.events.register("before-call.dynamodb.UpdateItem", others_are_quicker)
    reply = login(system, RIGHT)

    assert raced
    assert (reply.status, reply.headers["retry-after"]) == (429, "1")


def test_an_attempt_whose_count_was_written_but_not_heard_of_goes_on(system: System, anna: str, watch: Watch) -> None:
    """The SDK repeats a write whose reply was lost: the second finds that the first was its own."""
    fail(system, WRONG, 10)
    watch.passes(60)
    written: list[bool] = []

    def has_been_written(**_: Any) -> None:
        if not written:
            written.append(True)
            attempts.charge("claim#username#anna", watch.at)

    env.client("dynamodb").meta.events.register("before-call.dynamodb.UpdateItem", has_been_written)

    assert login(system, RIGHT).status == 200
    assert written


def test_the_wait_doubles_up_to_a_quarter_of_an_hour(system: System, anna: str, watch: Watch) -> None:
    fail(system, WRONG, 10)
    waits = []
    for _ in range(13):
        waits.append(int(login(system, WRONG).headers["retry-after"]))
        watch.passes(waits[-1])
        fail(system, WRONG, 1)

    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]


def test_who_has_to_wait_is_not_looked_at_even_with_the_right_password(system: System, anna: str, watch: Watch) -> None:
    fail(system, WRONG, 10)

    assert login(system, RIGHT).status == 429


def test_the_owner_gets_in_after_the_wait_and_the_failures_are_forgotten(
    system: System, anna: str, watch: Watch
) -> None:
    fail(system, WRONG, 10)
    watch.passes(1)

    assert login(system, RIGHT).status == 200
    fail(system, WRONG, 9)
    assert login(system, RIGHT).status == 200


def test_a_session_is_renewed_while_somebody_guesses(system: System, anna: str, watch: Watch) -> None:
    token = login(system, RIGHT).json["refresh_token"]
    fail(system, WRONG, 10)

    assert login(system, RIGHT).status == 429
    assert system.http("POST /v1/token/refresh", {"refresh_token": token}).status == 200


def test_one_name_s_failures_do_not_concern_another(system: System, anna: str, watch: Watch) -> None:
    fail(system, NOBODY, 10)

    assert login(system, RIGHT).status == 200


def test_the_item_of_attempts_goes_by_itself_and_names_nobody(system: System, anna: str, watch: Watch) -> None:
    fail(system, WRONG, 1)

    (item,) = [item for item in system.scan(AUTH) if item["sk"] == "attempts"]
    assert item["expires_at"] == int((watch.at + timedelta(days=1)).timestamp())
    assert "anna" not in str(item)
