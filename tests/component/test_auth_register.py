"""POST /v1/register: every answer it gives, and what it leaves in the table and on the bus."""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from auth.core.schemas import RegisterRequest
from common import clock, env
from common.bus.auth import UserRegistered
from common.outbox import published
from infra.topology import AUTH
from tests.support.moto import Moto
from tests.support.post import Post
from tests.support.system import Reply, System

pytestmark = pytest.mark.moto

ANNA = {
    "email": "anna@example.com",
    "user_name": "anna",
    "first_name": "Anna",
    "last_name": "Ott",
    "password": "a rather long phrase",
    "mobile_phone": "+491701234567",
}


KNOWN = ANNA | {"user_name": "first", "mobile_phone": "+491700000000", "password": "the owner's own phrase"}


@pytest.fixture(params=["new address", "known address"])
def known(request: pytest.FixtureRequest, system: System) -> bool:
    """Whether the address has an account before anything else happens: nobody must be able to tell."""
    if request.param == "known address":
        assert system.http("POST /v1/register", KNOWN).status == 201
        return True
    return False


def items(system: System, sk: str) -> list[dict[str, Any]]:
    return [item for item in system.scan(AUTH) if item["sk"] == sk]


def test_a_registration_answers_the_account_without_the_password(system: System) -> None:
    reply = system.http("POST /v1/register", ANNA)

    assert reply.status == 201
    assert reply.headers["location"] == f"/v1/users/{reply.json['id']}"
    told = {name: ANNA[name] for name in ANNA if name != "password"}
    assert reply.json == told | {"id": reply.json["id"], "locale": "en"}


def test_a_registration_keeps_an_auth_profile_with_a_hash_only(system: System) -> None:
    user_id = system.http("POST /v1/register", ANNA).json["id"]

    (profile,) = items(system, "profile")
    assert {"id", "email", "username", "password", "created_at", "updated_at"} <= profile.keys()
    assert (profile["id"], profile["email"], profile["username"], profile["roles"]) == (
        user_id,
        "anna@example.com",
        "anna",
        [],
    )
    assert profile["password"].startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert ANNA["password"] not in str(system.scan(AUTH))


def test_a_registration_publishes_the_contact(system: System) -> None:
    user_id = system.http("POST /v1/register", ANNA).json["id"]

    (event,) = published(items(system, "profile")[0])
    assert isinstance(event, UserRegistered)
    assert event.model_dump(include=set(ANNA)) == {name: ANNA[name] for name in ANNA if name != "password"}
    assert (event.user_id, event.locale) == (user_id, "en")


def test_whoever_registers_in_german_is_kept_and_told_of_as_that(system: System) -> None:
    reply = system.http("POST /v1/register", ANNA | {"locale": "de"})

    (profile,) = items(system, "profile")
    (event,) = published(profile)
    assert isinstance(event, UserRegistered)
    assert (reply.json["locale"], profile["locale"], event.locale) == ("de", "de", "de")


def test_an_address_that_has_an_account_is_answered_alike_and_that_account_stays_as_it_is(system: System) -> None:
    first = system.http("POST /v1/register", ANNA)
    Post(system).verify("anna@example.com")
    before = items(system, "profile")

    second = system.http("POST /v1/register", ANNA | {"user_name": "other", "email": "ANNA@Example.COM"})

    assert second.status == first.status
    assert second.json.keys() == first.json.keys()
    assert second.headers.keys() == first.headers.keys()
    assert second.json["id"] != first.json["id"]
    assert [item for item in items(system, "profile") if item["id"] == first.json["id"]] == before


def test_an_address_that_is_known_costs_the_same_calls_as_a_new_one(system: System, known: bool) -> None:
    if known:
        Post(system).verify("anna@example.com")
    calls: list[str] = []
    env.client("dynamodb").meta.events.register("before-call.dynamodb", lambda model, **_: calls.append(model.name))

    assert system.http("POST /v1/register", ANNA).status == 201
    assert calls == ["TransactWriteItems"]


def test_whoever_registers_a_known_address_can_log_in_under_the_fresh_name_all_the_same(
    system: System, known: bool
) -> None:
    """What works tells nobody whether the address had an account."""
    if known:
        Post(system).verify("anna@example.com")
    system.http("POST /v1/register", ANNA)
    Post(system).deliver()
    ways = [{"username": "anna"}, {"email": "anna@example.com"}]

    told = [system.http("POST /v1/login", way | {"password": ANNA["password"]}).status for way in ways]

    assert told == [200, 401]


def test_the_name_tells_no_more_after_a_pretended_registration_than_after_a_real_one(system: System) -> None:
    system.http("POST /v1/register", ANNA)
    system.http("POST /v1/register", ANNA | {"user_name": "probe"})

    again = system.http("POST /v1/register", ANNA | {"user_name": "probe", "email": "probe@example.com"})

    assert (again.status, again.problem) == (409, "user-name-taken")


@pytest.mark.parametrize("email", ["bob@example.com", "anna@example.com"], ids=["new address", "known address"])
def test_a_taken_user_name_is_refused_whatever_the_address(system: System, email: str) -> None:
    system.http("POST /v1/register", ANNA)
    system.http("POST /v1/register", ANNA | {"user_name": "probe", "email": "probe@example.com"})

    reply = system.http("POST /v1/register", ANNA | {"email": email, "user_name": "PROBE"})

    assert (reply.status, reply.problem) == (409, "user-name-taken")
    assert reply.json["errors"][0]["pointer"] == "/user_name"


def without(reply: Reply) -> tuple[int, dict[str, str], dict[str, Any]]:
    """What is answered, but for the request's own ids."""
    headers = {name: value for name, value in reply.headers.items() if name != "x-request-id"}
    return reply.status, headers, reply.json | {"request_id": None}


def test_a_request_that_is_repeated_with_its_key_gets_its_answer(system: System, known: bool) -> None:
    first = system.http("POST /v1/register", ANNA, key="k1")
    before = system.scan(AUTH)

    again = system.http("POST /v1/register", ANNA, key="k1")

    assert (first.status, again.status) == (201, 201)
    assert again.json == first.json
    assert again.headers["location"] == first.headers["location"]
    assert (again.headers["idempotency-replayed"], "idempotency-replayed" in first.headers) == ("true", False)
    assert system.scan(AUTH) == before


OTHERS = [
    {"user_name": "other"},
    {"first_name": "Other"},
    {"last_name": "Other"},
    {"mobile_phone": "+491701234568"},
    {"password": "another long phrase"},
    {"email": "ANNA@Example.COM"},
]


@pytest.mark.parametrize("other", OTHERS, ids=lambda one: next(iter(one)))
def test_a_key_of_another_request_is_refused(system: System, known: bool, other: dict[str, str]) -> None:
    system.http("POST /v1/register", ANNA, key="k1")
    before = system.scan(AUTH)

    reply = system.http("POST /v1/register", ANNA | other, key="k1")

    assert (reply.status, reply.problem) == (422, "key-reused")
    assert system.scan(AUTH) == before


def test_a_key_with_another_address_is_another_key(system: System, known: bool) -> None:
    first = system.http("POST /v1/register", ANNA, key="k1")

    other = system.http("POST /v1/register", ANNA | {"email": "b@example.com", "user_name": "bea"}, key="k1")

    assert (first.status, other.status) == (201, 201)
    assert other.json["id"] != first.json["id"]


STEPS: list[tuple[dict[str, str], str | None]] = [
    ({}, "k1"),
    ({}, "k1"),
    ({"password": "another long phrase"}, "k1"),
    ({"user_name": "other"}, "k1"),
    ({}, None),
    ({}, "k2"),
    ({"user_name": "other"}, "k2"),
    ({"user_name": "other"}, "k2"),
    ({"user_name": "more", "email": "more@example.com"}, "k2"),
]


def test_no_row_of_calls_tells_whether_an_address_has_an_account() -> None:
    """The very same calls against a system where it has none and one where it has one."""
    told = []
    for before in ([], [KNOWN]):
        with Moto().running() as system:
            for account in before:
                system.http("POST /v1/register", account)
            told.append([without(system.http("POST /v1/register", ANNA | step, key=key)) for step, key in STEPS])

    assert [status for status, _, _ in told[0]] == [201, 201, 422, 422, 409, 409, 201, 201, 201]
    assert told[0] == told[1]


def test_a_key_is_kept_for_a_day_without_the_password(system: System, known: bool) -> None:
    now = datetime(2026, 5, 1, 12, tzinfo=UTC)
    clock.use(lambda: now)
    try:
        system.http("POST /v1/register", ANNA, key="k1")
    finally:
        clock.use()

    (receipt,) = [item for item in system.scan(AUTH) if item["pk"].startswith("claim#registration#")]
    assert receipt["expires_at"] == int((now + timedelta(days=1)).timestamp())
    assert receipt["password"].startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    guess = RegisterRequest.model_validate(ANNA).model_dump_json().encode()
    assert receipt["request_hash"] != hashlib.sha256(guess).hexdigest()[:32]
    assert ANNA["password"] not in str(receipt)


def test_of_two_equal_requests_at_once_one_registers_and_both_get_its_answer(system: System, known: bool) -> None:
    raced: list[Reply] = []

    def other_is_quicker(**_: Any) -> None:
        if not raced:
            raced.append(Reply({"statusCode": 0}))
            raced[0] = system.http("POST /v1/register", ANNA, key="k1")

    env.client("dynamodb").meta.events.register("before-call.dynamodb.TransactWriteItems", other_is_quicker)
    reply = system.http("POST /v1/register", ANNA, key="k1")

    assert (reply.status, reply.json) == (201, raced[0].json)
    assert reply.headers["idempotency-replayed"] == "true"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", "anna"),
        ("email", "anna@example"),
        ("email", "anna@@example.com"),
        ("email", "a@b@example.com"),
        ("email", '"anna"@example.com'),
        ("email", "Anna <anna@example.com>"),
        ("email", "anna@example.com\r\nBcc: x@example.com"),
        ("email", "\u0430nna@example.com"),
        ("email", "an\u200bna@example.com"),
        ("email", "anna@exam\u200bple.com"),
        ("email", "anna@-example.com"),
        ("email", "anna@example..com"),
        ("email", "anna@127.0.0.1"),
        ("email", ".anna@example.com"),
        ("email", f"{'a' * 65}@example.com"),
        ("email", f"anna@{'a' * 63}.{'b' * 63}.{'c' * 63}.{'d' * 57}.com"),
        ("user_name", "an"),
        ("user_name", "a" * 31),
        ("user_name", "anna@example.com"),
        ("user_name", "\u0430nna"),
        ("user_name", "an na"),
        ("first_name", " "),
        ("first_name", "An\u202ena"),
        ("last_name", "Ott\r\nX: y"),
        ("last_name", "x" * 101),
        ("mobile_phone", "0170 1234567"),
        ("mobile_phone", "+0170123456"),
        ("mobile_phone", "+491701234567\n"),
        ("mobile_phone", "+\u0661\u0661\u0661\u0661\u0661\u0661\u0661\u0661"),
        ("password", "fourteen chars"),
        ("password", "0123456789 abcdef" * 16),
        ("password", None),
        ("password", 123456789012345),
        ("role", "admin"),
        ("roles", ["admin"]),
        ("id", "00000000-0000-4000-8000-000000000000"),
        ("email_verified", True),
        ("locale", "fr"),
        ("locale", None),
        ("created_at", "2020-01-01T00:00:00Z"),
    ],
)
def test_a_wrong_or_unknown_field_is_named(system: System, field: str, value: Any) -> None:
    reply = system.http("POST /v1/register", ANNA | {field: value})

    assert (reply.status, reply.problem) == (422, "invalid")
    assert [error["pointer"] for error in reply.json["errors"]] == [f"/{field}"]
    assert system.scan(AUTH) == []


@pytest.mark.parametrize(
    "password",
    [
        "passwordpassword1",
        "aaaaaaaaaaaaaaaaaaaa",
        "12345678901234567",
        "my name is anna, hello",
        "ANNA@example.com 2026",
    ],
)
def test_a_password_that_is_guessed_first_is_refused(system: System, password: str) -> None:
    reply = system.http("POST /v1/register", ANNA | {"password": password})

    assert (reply.status, reply.problem) == (422, "password-refused")
    assert reply.json["errors"][0]["pointer"] == "/password"
    assert system.scan(AUTH) == []


@pytest.mark.parametrize("password", ["fifteen chars !", "\U0001f3ab0\U0001f3b81b c" * 32, "nul \x00 within it all"])
def test_a_password_of_fifteen_characters_or_more_is_taken_as_it_is(system: System, password: str) -> None:
    assert system.http("POST /v1/register", ANNA | {"password": password}).status == 201

    assert system.http("POST /v1/login", {"username": "anna", "password": password}).status == 200
    assert system.http("POST /v1/login", {"username": "anna", "password": password[:-1]}).status == 401


def test_an_international_domain_is_kept_in_ascii(system: System) -> None:
    reply = system.http("POST /v1/register", ANNA | {"email": "anna@B\u00dcCHER.example"})

    assert reply.json["email"] == "anna@xn--bcher-kva.example"
