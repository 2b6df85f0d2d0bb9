"""POST /v1/login: valid and invalid credentials, and the lockout after failures."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from statistics import median
from time import process_time
from typing import Any

import boto3
import pytest

from auth.core import login_throttle
from common import env
from infra.topology import AUTH
from tests.support.drivers.auth_driver import ANNA
from tests.support.drivers.auth_mail_driver import AuthMailDriver
from tests.support.fixtures.movable_clock import MovableClock, movable_clock
from tests.support.system.system import HttpResponse, System

pytestmark = pytest.mark.moto

RIGHT = {"username": "anna", "password": ANNA["password"]}
WRONG = RIGHT | {"password": "another long phrase"}
UNKNOWN_USER = WRONG | {"username": "nobody"}


@pytest.fixture
def manual_clock() -> Iterator[MovableClock]:
    with movable_clock(datetime(2026, 5, 1, 12, tzinfo=UTC)) as running:
        yield running


@pytest.fixture
def anna(system: System) -> str:
    return str(system.http("POST /v1/register", ANNA).json["id"])


def login(system: System, body: object) -> HttpResponse:
    return system.http("POST /v1/login", body)


def fail_logins(system: System, body: object, times: int) -> None:
    for _ in range(times):
        assert login(system, body).status == 401


@pytest.mark.parametrize(
    "name", [{"username": "anna"}, {"username": "Anna"}, {"email": "anna@example.com"}, {"email": "Anna@EXAMPLE.com"}]
)
def test_valid_credentials_return_two_tokens(system: System, anna: str, name: dict[str, str]) -> None:
    AuthMailDriver(system).verify_address("anna@example.com")

    response = login(system, name | {"password": ANNA["password"]})

    assert response.status == 200
    assert response.json.keys() == {"access_token", "refresh_token", "token_type", "expires_in", "email_verified"}
    assert (response.json["token_type"], response.json["expires_in"]) == ("Bearer", 900)
    assert response.headers["cache-control"] == "no-store"


def test_tokens_are_not_stored(system: System, anna: str) -> None:
    tokens = login(system, RIGHT).json

    stored = str(system.scan(AUTH))
    assert tokens["access_token"] not in stored
    assert tokens["refresh_token"].rpartition(".")[2] not in stored


def test_retried_session_write_creates_one_session(system: System, anna: str) -> None:
    """The SDK retries an unconditional write."""
    dynamodb = env.client("dynamodb")
    repeated: list[dict[str, Any]] = []

    def repeat_write(params: dict[str, Any], **_: Any) -> None:
        if not repeated and "session#" in str(params["body"]):
            repeated.append(params)
            current, system.current_row = system.current_row, None
            boto3.client("dynamodb").put_item(**json.loads(params["body"]))
            system.current_row = current

    dynamodb.meta.events.register("before-call.dynamodb.PutItem", repeat_write)

    assert login(system, RIGHT).status == 200
    assert repeated
    assert len([item for item in system.scan(AUTH) if item["sk"].startswith("session#")]) == 1


def test_decomposed_password_matches(system: System) -> None:
    system.http("POST /v1/register", ANNA | {"password": "caf\u00e9 und viel sahne"})

    assert login(system, RIGHT | {"password": "cafe\u0301 und viel sahne"}).status == 200


def test_unknown_user_and_wrong_password_look_identical(system: System, anna: str) -> None:
    wrong, unknown = login(system, WRONG), login(system, UNKNOWN_USER)

    assert (wrong.status, wrong.problem) == (unknown.status, unknown.problem) == (401, "invalid-credentials")
    assert {**wrong.json, "request_id": 0} == {**unknown.json, "request_id": 0}
    assert wrong.headers.keys() == unknown.headers.keys()


def test_unknown_user_takes_as_long_as_wrong_password(system: System, anna: str) -> None:
    def seconds(body: dict[str, str], number: int) -> float:
        # A new name per attempt avoids the lockout, which counts per name.
        started = process_time()
        assert login(system, body | ({"username": f"nobody{number}"} if body is UNKNOWN_USER else {})).status == 401
        return process_time() - started

    pairs = [(seconds(WRONG, at), seconds(UNKNOWN_USER, at)) for at in range(9)]

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
def test_malformed_login_is_unprocessable(system: System, body: object) -> None:
    response = login(system, body)

    assert (response.status, response.problem) == (422, "unprocessable")


@pytest.mark.parametrize("body", [WRONG, UNKNOWN_USER], ids=["known name", "unknown name"])
def test_eleventh_consecutive_failure_is_throttled(
    system: System, anna: str, manual_clock: MovableClock, body: dict[str, str]
) -> None:
    fail_logins(system, body, 10)

    response = login(system, body)

    assert (response.status, response.problem, response.headers["retry-after"]) == (429, "too-many-attempts", "1")


@pytest.mark.parametrize(("before", "concurrent"), [(0, 10), (9, 1), (10, 1)])
def test_overtaken_login_attempt_is_throttled(
    system: System, anna: str, manual_clock: MovableClock, before: int, concurrent: int
) -> None:
    """The count that it read was below the limit; the conditional write shows that it no longer is."""
    fail_logins(system, WRONG, before)
    manual_clock.advance(seconds=60)
    done: list[bool] = []

    def fail_concurrently(**_: Any) -> None:
        if not done:
            done.append(True)
            fail_logins(system, WRONG, concurrent)

    env.client("dynamodb").meta.events.register("before-call.dynamodb.UpdateItem", fail_concurrently)
    response = login(system, RIGHT)

    assert done
    assert (response.status, response.headers["retry-after"]) == (429, "1")


def test_attempt_with_lost_write_response_continues(system: System, anna: str, manual_clock: MovableClock) -> None:
    """The SDK retries a write whose response was lost, and finds its own write."""
    fail_logins(system, WRONG, 10)
    manual_clock.advance(seconds=60)
    written: list[bool] = []

    def write_first(**_: Any) -> None:
        if not written:
            written.append(True)
            login_throttle.record_attempt("claim#username#anna", manual_clock.now)

    env.client("dynamodb").meta.events.register("before-call.dynamodb.UpdateItem", write_first)

    assert login(system, RIGHT).status == 200
    assert written


def test_lockout_delay_doubles_to_fifteen_minutes(system: System, anna: str, manual_clock: MovableClock) -> None:
    fail_logins(system, WRONG, 10)
    delays = []
    for _ in range(13):
        delays.append(int(login(system, WRONG).headers["retry-after"]))
        manual_clock.advance(seconds=delays[-1])
        fail_logins(system, WRONG, 1)

    assert delays == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]


def test_throttled_login_fails_with_the_correct_password(system: System, anna: str, manual_clock: MovableClock) -> None:
    fail_logins(system, WRONG, 10)

    assert login(system, RIGHT).status == 429


def test_login_after_lockout_resets_failures(system: System, anna: str, manual_clock: MovableClock) -> None:
    fail_logins(system, WRONG, 10)
    manual_clock.advance(seconds=1)

    assert login(system, RIGHT).status == 200
    fail_logins(system, WRONG, 9)
    assert login(system, RIGHT).status == 200


def test_refresh_works_during_lockout(system: System, anna: str, manual_clock: MovableClock) -> None:
    token = login(system, RIGHT).json["refresh_token"]
    fail_logins(system, WRONG, 10)

    assert login(system, RIGHT).status == 429
    assert system.http("POST /v1/token/refresh", {"refresh_token": token}).status == 200


def test_failures_are_counted_per_identifier(system: System, anna: str, manual_clock: MovableClock) -> None:
    fail_logins(system, UNKNOWN_USER, 10)

    assert login(system, RIGHT).status == 200


def test_attempts_item_expires_and_is_anonymous(system: System, anna: str, manual_clock: MovableClock) -> None:
    fail_logins(system, WRONG, 1)

    (item,) = [item for item in system.scan(AUTH) if item["sk"] == "attempts"]
    assert item["expires_at"] == int((manual_clock.now + timedelta(days=1)).timestamp())
    assert "anna" not in str(item)
