"""UserErased in auth: deletes account and sessions, and releases user name and address."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from auth.core import uniqueness
from common import clock
from common.bus.user import UserErased
from infra.topology import AUTH
from tests.support.drivers.auth_driver import ANNA
from tests.support.faults.aws_errors import interleaved
from tests.support.system.moto_resources import aws_client, physical_name
from tests.support.system.system import Person, System, create_admin

pytestmark = pytest.mark.moto

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
BEN = ANNA | {"email": "ben@example.com", "user_name": "ben"}


@pytest.fixture(autouse=True)
def fixed_clock() -> Iterator[None]:
    clock.use(lambda: NOW)
    yield
    clock.use()


def user_erased(user_id: str, *, minutes_ago: int = 0) -> UserErased:
    fields = {"bus_event_id": "1", "correlation_id": "c", "causation_id": "c", "user_id": user_id}
    return UserErased.model_validate(fields | {"occurred_at": NOW - timedelta(minutes=minutes_ago)})


def register(system: System, account: dict[str, str], key: str | None = None) -> str:
    return str(system.http("POST /v1/register", account, key=key).json["id"])


def login(system: System, account: dict[str, str], password: str = "") -> int:
    body = {"username": account["user_name"], "password": password or account["password"]}
    return system.http("POST /v1/login", body).status


def deliver_erasure(system: System, user_id: str, *, minutes_ago: int = 0) -> None:
    response = system.deliver(user_erased(user_id, minutes_ago=minutes_ago), "auth.on_user_erased")
    assert response == {"auth.on_user_erased": {"batchItemFailures": []}}


def add_session(user_id: str) -> None:
    """Add a session, as a concurrent login would."""
    aws_client("dynamodb").put_item(
        TableName=physical_name(AUTH), Item={"pk": {"S": user_id}, "sk": {"S": "session#late"}}
    )


def remaining_keys(system: System) -> list[str]:
    return [item["pk"] for item in system.scan(AUTH)]


def test_erasure_keeps_only_the_registration_receipt(system: System) -> None:
    user_id = register(system, ANNA, key="k1")
    login(system, ANNA)
    login(system, ANNA, "some other words")

    deliver_erasure(system, user_id)

    assert not {*ANNA.values()} & set(re.findall(r"[^']+", str(system.scan(AUTH))))
    (item,) = [one for one in system.scan(AUTH) if one["sk"] != "email_request"]
    assert item["pk"] == f"claim#registration#{user_id}"
    assert item.keys() == {"pk", "sk", "request_hash", "password", "erased_at"}
    assert (item["request_hash"], item["password"]) == ("erased", "")


def test_erasure_ends_sessions_and_prevents_login(system: System) -> None:
    user_id = register(system, ANNA)
    credentials = {"username": ANNA["user_name"], "password": ANNA["password"]}
    tokens = system.http("POST /v1/login", credentials).json
    event = {"headers": {"authorization": f"Bearer {tokens['access_token']}"}}
    before = system.invoke("auth.authorize", event)

    deliver_erasure(system, user_id)

    assert before["isAuthorized"]
    assert system.invoke("auth.authorize", event) == {"isAuthorized": False}
    assert system.http("POST /v1/token/refresh", {"refresh_token": tokens["refresh_token"]}).status == 401
    assert login(system, ANNA) == 401


def test_erasure_frees_email_and_user_name(system: System) -> None:
    first = register(system, ANNA)
    deliver_erasure(system, first)

    second = register(system, ANNA)
    deliver_erasure(system, first)  # redelivered after the identifiers were reassigned

    assert second != first
    assert login(system, ANNA) == 200


def test_idempotency_key_of_erased_account_is_rejected(system: System) -> None:
    deliver_erasure(system, register(system, ANNA, key="k1"))

    response = system.http("POST /v1/register", ANNA, key="k1")

    assert (response.status, response.problem) == (422, "idempotency-key-reused")
    assert system.http("POST /v1/register", ANNA, key="k2").status == 201


def test_erasure_leaves_other_accounts_unchanged(system: System) -> None:
    ben = register(system, BEN)
    login(system, BEN)
    before = [one for one in remaining_keys(system) if not one.startswith("attempts")]

    deliver_erasure(system, register(system, ANNA))

    assert set(before) <= set(remaining_keys(system))
    assert login(system, BEN) == 200
    assert system.http(f"PUT /v1/users/{ben}/roles", {"roles": ["organiser"]}, by=create_admin(system)).status == 200


def test_erased_admin_no_longer_counts(system: System) -> None:
    first = system.invoke("auth.ensure_admin", BEN)["id"]
    anna = register(system, ANNA)
    system.http(f"PUT /v1/users/{anna}/roles", {"roles": ["admin"]}, by=Person("admin", user_id=first))
    deliver_erasure(system, first)

    response = system.http(f"PUT /v1/users/{anna}/roles", {"roles": []}, by=Person("admin", user_id=anna))

    assert (response.status, response.problem) == (409, "last-admin")


def test_first_admin_can_be_recreated_after_erasure(system: System) -> None:
    first = system.invoke("auth.ensure_admin", BEN)["id"]
    deliver_erasure(system, first)

    second = system.invoke("auth.ensure_admin", ANNA)["id"]

    assert second not in ("", first)
    assert login(system, ANNA) == 200


def test_second_erasure_removes_late_sessions(system: System) -> None:
    user_id = register(system, ANNA)
    deliver_erasure(system, user_id)
    (requeued,) = system.delayed_messages
    assert (requeued[0], requeued[2]) == ("auth.on_user_erased", 120)
    add_session(user_id)

    deliver_erasure(system, user_id, minutes_ago=2)

    assert "session#late" not in str(system.scan(AUTH))
    assert len(system.delayed_messages) == 1


def test_reassigned_email_survives_erasure(system: System) -> None:
    user_id = register(system, ANNA)
    item = {name: {"S": value} for name, value in uniqueness.email_key(ANNA["email"]).items()}
    aws_client("dynamodb").put_item(TableName=physical_name(AUTH), Item=item | {"user_id": {"S": "another"}})

    deliver_erasure(system, user_id)

    assert item["pk"]["S"] in remaining_keys(system)


def test_concurrent_login_leaves_no_session_after_erasure(system: System) -> None:
    user_id = register(system, ANNA)

    with interleaved("TransactWriteItems", lambda: add_session(user_id)) as acted:
        deliver_erasure(system, user_id)

    assert acted
    assert "session#" not in str(system.scan(AUTH))
