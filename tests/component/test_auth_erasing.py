"""UserErased at auth: sessions end, what proves the account goes, and its names are free again."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from auth.core import claims
from common import clock
from common.bus.user import UserErased
from infra.topology import AUTH
from tests.component.test_auth_register import ANNA
from tests.support.cloud import aws, physical
from tests.support.refusals import meanwhile
from tests.support.system import Person, System, the_admin

pytestmark = pytest.mark.moto

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
BEN = ANNA | {"email": "ben@example.com", "user_name": "ben"}


@pytest.fixture(autouse=True)
def at_noon() -> Iterator[None]:
    clock.use(lambda: NOW)
    yield
    clock.use()


def erased(user_id: str, *, minutes: int = 0) -> UserErased:
    fixed = {"bus_event_id": "1", "correlation_id": "c", "causation_id": "c", "user_id": user_id}
    return UserErased.model_validate(fixed | {"occurred_at": NOW - timedelta(minutes=minutes)})


def register(system: System, about: dict[str, str], key: str | None = None) -> str:
    return str(system.http("POST /v1/register", about, key=key).json["id"])


def login(system: System, about: dict[str, str], password: str = "") -> int:
    asked = {"username": about["user_name"], "password": password or about["password"]}
    return system.http("POST /v1/login", asked).status


def forget(system: System, user_id: str, *, minutes: int = 0) -> None:
    answer = system.deliver(erased(user_id, minutes=minutes), "auth.on_user_erased")
    assert answer == {"auth.on_user_erased": {"batchItemFailures": []}}


def session(user_id: str) -> None:
    """One more session, as a login under way would begin it."""
    aws("dynamodb").put_item(TableName=physical(AUTH), Item={"pk": {"S": user_id}, "sk": {"S": "session#late"}})


def left(system: System) -> list[str]:
    return [one["pk"] for one in system.scan(AUTH)]


def test_nothing_of_the_account_stays_but_the_claim_of_its_key(system: System) -> None:
    user_id = register(system, ANNA, key="k1")
    login(system, ANNA)
    login(system, ANNA, "some other words")

    forget(system, user_id)

    assert not {*ANNA.values()} & set(re.findall(r"[^']+", str(system.scan(AUTH))))
    (item,) = [one for one in system.scan(AUTH) if one["sk"] != "letter"]
    assert item["pk"] == f"claim#registration#{user_id}"
    assert item.keys() == {"pk", "sk", "request_hash", "password", "erased_at"}
    assert (item["request_hash"], item["password"]) == ("erased", "")


def test_the_sessions_end_and_nobody_logs_in_any_more(system: System) -> None:
    user_id = register(system, ANNA)
    asked = {"username": ANNA["user_name"], "password": ANNA["password"]}
    tokens = system.http("POST /v1/login", asked).json
    heard = {"headers": {"authorization": f"Bearer {tokens['access_token']}"}}
    before = system.invoke("auth.authorize", heard)

    forget(system, user_id)

    assert before["isAuthorized"]
    assert system.invoke("auth.authorize", heard) == {"isAuthorized": False}
    assert system.http("POST /v1/token/refresh", {"refresh_token": tokens["refresh_token"]}).status == 401
    assert login(system, ANNA) == 401


def test_the_names_are_free_for_a_new_account(system: System) -> None:
    first = register(system, ANNA)
    forget(system, first)

    second = register(system, ANNA)
    forget(system, first)  # comes again, when the names are somebody else's

    assert second != first
    assert login(system, ANNA) == 200


def test_a_key_that_opened_the_account_opens_no_other(system: System) -> None:
    forget(system, register(system, ANNA, key="k1"))

    again = system.http("POST /v1/register", ANNA, key="k1")

    assert (again.status, again.problem) == (422, "key-reused")
    assert system.http("POST /v1/register", ANNA, key="k2").status == 201


def test_others_are_not_touched(system: System) -> None:
    ben = register(system, BEN)
    login(system, BEN)
    before = [one for one in left(system) if not one.startswith("attempts")]

    forget(system, register(system, ANNA))

    assert set(before) <= set(left(system))
    assert login(system, BEN) == 200
    assert system.http(f"PUT /v1/users/{ben}/roles", {"roles": ["organiser"]}, by=the_admin(system)).status == 200


def test_an_admin_who_is_erased_by_another_is_none_any_more(system: System) -> None:
    first = system.invoke("auth.ensure_admin", BEN)["id"]
    anna = register(system, ANNA)
    system.http(f"PUT /v1/users/{anna}/roles", {"roles": ["admin"]}, by=Person("admin", user_id=first))
    forget(system, first)

    last = system.http(f"PUT /v1/users/{anna}/roles", {"roles": []}, by=Person("admin", user_id=anna))

    assert (last.status, last.problem) == (409, "last-admin")


def test_after_the_last_admin_another_can_be_made(system: System) -> None:
    first = system.invoke("auth.ensure_admin", BEN)["id"]
    forget(system, first)

    second = system.invoke("auth.ensure_admin", ANNA)["id"]

    assert second not in ("", first)
    assert login(system, ANNA) == 200


def test_what_was_written_with_the_last_token_goes_too(system: System) -> None:
    user_id = register(system, ANNA)
    forget(system, user_id)
    (again,) = system.sent
    assert (again[0], again[2]) == ("auth.on_user_erased", 120)
    session(user_id)

    forget(system, user_id, minutes=2)

    assert "session#late" not in str(system.scan(AUTH))
    assert len(system.sent) == 1


def test_a_name_that_is_another_s_by_now_stays_theirs(system: System) -> None:
    user_id = register(system, ANNA)
    claim = {name: {"S": value} for name, value in claims.of_email(ANNA["email"]).items()}
    aws("dynamodb").put_item(TableName=physical(AUTH), Item=claim | {"user_id": {"S": "another"}})

    forget(system, user_id)

    assert claim["pk"]["S"] in left(system)


def test_a_login_at_the_same_moment_opens_no_session_that_stays(system: System) -> None:
    user_id = register(system, ANNA)

    with meanwhile("TransactWriteItems", lambda: session(user_id)) as acted:
        forget(system, user_id)

    assert acted
    assert "session#" not in str(system.scan(AUTH))
