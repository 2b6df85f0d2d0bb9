"""POST /v1/register: its responses, stored items and published event."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from auth.core.schemas import RegisterRequest
from common import clock, env
from common.bus.auth import UserRegistered
from common.idempotency import IdempotentRequest
from common.outbox import outbox_events
from infra.topology import AUTH
from tests.support.drivers.auth_driver import ANNA
from tests.support.drivers.auth_mail_driver import AuthMailDriver
from tests.support.system.moto_system import MotoSystem
from tests.support.system.system import HttpResponse, System

pytestmark = pytest.mark.moto


EXISTING_ACCOUNT = ANNA | {"user_name": "first", "mobile_phone": "+491700000000", "password": "the owner's own phrase"}


@pytest.fixture(params=["new address", "known address"])
def address_known(request: pytest.FixtureRequest, system: System) -> bool:
    """Return whether the address has an account already, which responses must not reveal."""
    if request.param == "known address":
        assert system.http("POST /v1/register", EXISTING_ACCOUNT).status == 201
        return True
    return False


def items(system: System, sk: str) -> list[dict[str, Any]]:
    return [item for item in system.scan(AUTH) if item["sk"] == sk]


def test_registration_returns_account_without_password(system: System) -> None:
    response = system.http("POST /v1/register", ANNA)

    assert response.status == 201
    assert response.headers["location"] == f"/v1/users/{response.json['id']}"
    expected = {name: ANNA[name] for name in ANNA if name != "password"}
    assert response.json == expected | {"id": response.json["id"], "locale": "en"}


def test_registration_stores_password_hash_only(system: System) -> None:
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


def test_registration_publishes_contact_data(system: System) -> None:
    user_id = system.http("POST /v1/register", ANNA).json["id"]

    (event,) = outbox_events(items(system, "profile")[0])
    assert isinstance(event, UserRegistered)
    assert event.model_dump(include=set(ANNA)) == {name: ANNA[name] for name in ANNA if name != "password"}
    assert (event.user_id, event.locale) == (user_id, "en")


def test_registration_stores_and_publishes_locale(system: System) -> None:
    response = system.http("POST /v1/register", ANNA | {"locale": "de"})

    (profile,) = items(system, "profile")
    (event,) = outbox_events(profile)
    assert isinstance(event, UserRegistered)
    assert (response.json["locale"], profile["locale"], event.locale) == ("de", "de", "de")


def test_known_address_looks_identical_and_keeps_its_account(system: System) -> None:
    first = system.http("POST /v1/register", ANNA)
    AuthMailDriver(system).verify_address("anna@example.com")
    before = items(system, "profile")

    second = system.http("POST /v1/register", ANNA | {"user_name": "other", "email": "ANNA@Example.COM"})

    assert second.status == first.status
    assert second.json.keys() == first.json.keys()
    assert second.headers.keys() == first.headers.keys()
    assert second.json["id"] != first.json["id"]
    assert [item for item in items(system, "profile") if item["id"] == first.json["id"]] == before


def test_known_address_costs_the_same_calls(system: System, address_known: bool) -> None:
    if address_known:
        AuthMailDriver(system).verify_address("anna@example.com")
    calls: list[str] = []
    env.client("dynamodb").meta.events.register("before-call.dynamodb", lambda model, **_: calls.append(model.name))

    assert system.http("POST /v1/register", ANNA).status == 201
    assert calls == ["TransactWriteItems"]


def test_second_account_of_known_address_can_log_in(system: System, address_known: bool) -> None:
    """Neither login nor its failure reveals whether the address had an account."""
    if address_known:
        AuthMailDriver(system).verify_address("anna@example.com")
    system.http("POST /v1/register", ANNA)
    AuthMailDriver(system).send_pending()
    identifiers = [{"username": "anna"}, {"email": "anna@example.com"}]

    statuses = [
        system.http("POST /v1/login", identifier | {"password": ANNA["password"]}).status for identifier in identifiers
    ]

    assert statuses == [200, 401]


def test_user_name_is_reserved_whatever_the_address(system: System) -> None:
    system.http("POST /v1/register", ANNA)
    system.http("POST /v1/register", ANNA | {"user_name": "probe"})

    again = system.http("POST /v1/register", ANNA | {"user_name": "probe", "email": "probe@example.com"})

    assert (again.status, again.problem) == (409, "user-name-taken")


@pytest.mark.parametrize("email", ["bob@example.com", "anna@example.com"], ids=["new address", "known address"])
def test_taken_user_name_is_rejected_for_any_address(system: System, email: str) -> None:
    system.http("POST /v1/register", ANNA)
    system.http("POST /v1/register", ANNA | {"user_name": "probe", "email": "probe@example.com"})

    response = system.http("POST /v1/register", ANNA | {"email": email, "user_name": "PROBE"})

    assert (response.status, response.problem) == (409, "user-name-taken")
    assert response.json["errors"][0]["pointer"] == "/user_name"


def without_request_id(response: HttpResponse) -> tuple[int, dict[str, str], dict[str, Any]]:
    """Return status, headers and body without the request ids."""
    headers = {name: value for name, value in response.headers.items() if name != "x-request-id"}
    return response.status, headers, response.json | {"request_id": None}


def test_replayed_registration_returns_the_first_response(system: System, address_known: bool) -> None:
    first = system.http("POST /v1/register", ANNA, key="k1")
    before = system.scan(AUTH)

    again = system.http("POST /v1/register", ANNA, key="k1")

    assert (first.status, again.status) == (201, 201)
    assert again.json == first.json
    assert again.headers["location"] == first.headers["location"]
    assert (again.headers["idempotency-replayed"], "idempotency-replayed" in first.headers) == ("true", False)
    assert system.scan(AUTH) == before


CHANGED_FIELDS = [
    {"user_name": "other"},
    {"first_name": "Other"},
    {"last_name": "Other"},
    {"mobile_phone": "+491701234568"},
    {"password": "another long phrase"},
    {"email": "ANNA@Example.COM"},
]


@pytest.mark.parametrize("other", CHANGED_FIELDS, ids=lambda one: next(iter(one)))
def test_reused_idempotency_key_is_rejected(system: System, address_known: bool, other: dict[str, str]) -> None:
    system.http("POST /v1/register", ANNA, key="k1")
    before = system.scan(AUTH)

    response = system.http("POST /v1/register", ANNA | other, key="k1")

    assert (response.status, response.problem) == (422, "idempotency-key-reused")
    assert system.scan(AUTH) == before


def test_idempotency_key_is_scoped_to_the_address(system: System, address_known: bool) -> None:
    first = system.http("POST /v1/register", ANNA, key="k1")

    other = system.http("POST /v1/register", ANNA | {"email": "b@example.com", "user_name": "bea"}, key="k1")

    assert (first.status, other.status) == (201, 201)
    assert other.json["id"] != first.json["id"]


REQUESTS: list[tuple[dict[str, str], str | None]] = [
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


def test_request_sequences_do_not_reveal_known_addresses() -> None:
    """The same requests, with and without an existing account of the address."""
    responses = []
    for accounts in ([], [EXISTING_ACCOUNT]):
        with MotoSystem().running() as system:
            for account in accounts:
                system.http("POST /v1/register", account)
            responses.append(
                [
                    without_request_id(system.http("POST /v1/register", ANNA | changes, key=key))
                    for changes, key in REQUESTS
                ]
            )

    assert [status for status, _, _ in responses[0]] == [201, 201, 422, 422, 409, 409, 201, 201, 201]
    assert responses[0] == responses[1]


def test_registration_receipt_expires_and_has_no_password(system: System, address_known: bool) -> None:
    now = datetime(2026, 5, 1, 12, tzinfo=UTC)
    clock.use(lambda: now)
    try:
        system.http("POST /v1/register", ANNA, key="k1")
    finally:
        clock.use()

    (receipt,) = [item for item in system.scan(AUTH) if item["pk"].startswith("claim#registration#")]
    assert receipt["expires_at"] == int((now + timedelta(days=1)).timestamp())
    assert receipt["password"].startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    guess = IdempotentRequest.from_key("user", ANNA["email"], "k1", RegisterRequest.model_validate(ANNA))
    assert receipt["request_hash"] != guess.request_hash
    assert ANNA["password"] not in str(receipt)


def test_concurrent_equal_registrations_return_one_account(system: System, address_known: bool) -> None:
    concurrent: list[HttpResponse] = []

    def register_concurrently(**_: Any) -> None:
        if not concurrent:
            concurrent.append(HttpResponse({"statusCode": 0}))
            concurrent[0] = system.http("POST /v1/register", ANNA, key="k1")

    env.client("dynamodb").meta.events.register("before-call.dynamodb.TransactWriteItems", register_concurrently)
    response = system.http("POST /v1/register", ANNA, key="k1")

    assert (response.status, response.json) == (201, concurrent[0].json)
    assert response.headers["idempotency-replayed"] == "true"


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
def test_invalid_field_is_pointed_to(system: System, field: str, value: Any) -> None:
    response = system.http("POST /v1/register", ANNA | {field: value})

    assert (response.status, response.problem) == (422, "unprocessable")
    assert [error["pointer"] for error in response.json["errors"]] == [f"/{field}"]
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
def test_weak_password_is_rejected(system: System, password: str) -> None:
    response = system.http("POST /v1/register", ANNA | {"password": password})

    assert (response.status, response.problem) == (422, "weak-password")
    assert response.json["errors"][0]["pointer"] == "/password"
    assert system.scan(AUTH) == []


@pytest.mark.parametrize("password", ["fifteen chars !", "\U0001f3ab0\U0001f3b81b c" * 32, "nul \x00 within it all"])
def test_long_password_is_accepted_unchanged(system: System, password: str) -> None:
    assert system.http("POST /v1/register", ANNA | {"password": password}).status == 201

    assert system.http("POST /v1/login", {"username": "anna", "password": password}).status == 200
    assert system.http("POST /v1/login", {"username": "anna", "password": password[:-1]}).status == 401


def test_international_domain_is_stored_in_ascii(system: System) -> None:
    response = system.http("POST /v1/register", ANNA | {"email": "anna@B\u00dcCHER.example"})

    assert response.json["email"] == "anna@xn--bcher-kva.example"
