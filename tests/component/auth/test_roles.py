"""PUT /v1/users/{user_id}/roles and auth.ensure_admin: role changes, and that one admin always remains."""

from types import SimpleNamespace
from typing import Any

import boto3
import pytest

from common import env, store
from common.bus.auth import RolesChanged, UserRegistered
from common.outbox import outbox_events
from infra.topology import AUTH
from tests.support.drivers.auth_driver import ANNA
from tests.support.system.system import HttpResponse, Person, System

pytestmark = pytest.mark.moto

ROOT = ANNA | {"email": "root@example.com", "user_name": "root"}
OTHER = ANNA | {"email": "other@example.com", "user_name": "other"}


@pytest.fixture
def root(system: System) -> Person:
    return Person("admin", user_id=system.invoke("auth.ensure_admin", ROOT)["id"])


@pytest.fixture
def anna(system: System) -> str:
    return str(system.http("POST /v1/register", ANNA).json["id"])


def assign(system: System, user_id: str, roles: object, by: Person) -> HttpResponse:
    return system.http(f"PUT /v1/users/{user_id}/roles", {"roles": roles}, by=by)


def profile(system: System, user_id: str) -> dict[str, Any]:
    return next(item for item in system.scan(AUTH) if item["pk"] == user_id and item["sk"] == "profile")


def test_admin_grants_organiser_role(system: System, root: Person, anna: str) -> None:
    response = assign(system, anna, ["organiser"], root)

    assert (response.status, response.json) == (200, {"id": anna, "roles": ["organiser"]})
    (event,) = outbox_events(profile(system, anna))
    assert isinstance(event, RolesChanged)
    assert (event.user_id, event.roles) == (anna, ("organiser",))


def test_duplicate_roles_collapse(system: System, root: Person, anna: str) -> None:
    assert assign(system, anna, ["organiser", "organiser"], root).json["roles"] == ["organiser"]
    assert assign(system, anna, ["organiser", "admin"], root).json["roles"] == ["admin", "organiser"]


def test_assigning_equal_roles_writes_nothing(system: System, root: Person, anna: str) -> None:
    assign(system, anna, ["organiser"], root)
    before = system.scan(AUTH)

    assert assign(system, anna, ["organiser"], root).status == 200
    assert system.scan(AUTH) == before


def test_last_admin_cannot_lose_the_role(system: System, root: Person) -> None:
    response = assign(system, root.user_id, [], root)

    assert (response.status, response.problem) == (409, "last-admin")
    assert profile(system, root.user_id)["roles"] == ["admin"]


def test_admin_can_resign_while_another_remains(system: System, root: Person, anna: str) -> None:
    assert assign(system, anna, ["admin"], root).status == 200
    assert assign(system, root.user_id, ["organiser"], root).status == 200

    assert assign(system, anna, [], Person("admin", user_id=anna)).problem == "last-admin"


def test_former_admin_cannot_assign_roles(system: System, root: Person, anna: str) -> None:
    assign(system, anna, ["admin"], root)
    assert assign(system, root.user_id, [], Person("admin", user_id=anna)).status == 200

    assignments = [(root.user_id, ["admin"]), (root.user_id, ["organiser"]), (anna, ["admin", "organiser"]), (anna, [])]
    responses = [assign(system, user_id, roles, root) for user_id, roles in assignments]

    assert [(response.status, response.problem) for response in responses] == [(403, "role-missing")] * 4
    assert (profile(system, root.user_id)["roles"], profile(system, anna)["roles"]) == ([], ["admin"])


def test_concurrent_role_change_is_not_overwritten(system: System, root: Person, anna: str) -> None:
    statuses: list[int] = []

    def assign_concurrently(**_: Any) -> None:
        if not statuses:
            statuses.append(0)
            statuses[0] = assign(system, anna, ["organiser"], root).status

    env.client("dynamodb").meta.events.register("before-call.dynamodb.TransactWriteItems", assign_concurrently)
    response = assign(system, anna, ["admin"], root)

    assert statuses == [200]
    assert (response.status, response.problem) == (409, "concurrent-modification")
    assert profile(system, anna)["roles"] == ["organiser"]


@pytest.mark.parametrize("person", [Person(), Person("organiser")], ids=["user", "organiser"])
def test_only_admins_assign_roles(system: System, anna: str, person: Person) -> None:
    response = assign(system, anna, ["admin"], person)

    assert (response.status, response.problem) == (403, "role-missing")
    assert profile(system, anna)["roles"] == []


def test_missing_user_cannot_get_roles(system: System, root: Person) -> None:
    response = assign(system, "00000000-0000-4000-8000-000000000000", ["organiser"], root)

    assert (response.status, response.problem) == (404, "user-not-found")


@pytest.mark.parametrize("roles", [None, "admin", ["root"], [1], ["admin"] * 3, ["Admin"], {"admin": True}])
def test_unknown_roles_are_unprocessable(system: System, root: Person, anna: str, roles: object) -> None:
    response = assign(system, anna, roles, root)

    assert (response.status, response.problem) == (422, "unprocessable")


def test_first_admin_is_a_regular_account(system: System) -> None:
    admin_id = system.invoke("auth.ensure_admin", ROOT)["id"]

    stored = profile(system, admin_id)
    assert (stored["email"], stored["username"], stored["roles"]) == (ROOT["email"], "root", ["admin"])
    (event,) = outbox_events(stored)
    assert isinstance(event, UserRegistered)
    login = system.http("POST /v1/login", {"email": ROOT["email"], "password": ROOT["password"]})
    headers = {"authorization": f"Bearer {login.json['access_token']}"}
    assert system.invoke("auth.authorize", {"headers": headers})["context"]["roles"] == "admin"


@pytest.mark.parametrize("second", [ROOT, OTHER], ids=["same", "other"])
def test_ensure_admin_is_idempotent(system: System, second: dict[str, str]) -> None:
    admin = system.invoke("auth.ensure_admin", ROOT)
    before = system.scan(AUTH)

    assert system.invoke("auth.ensure_admin", second) == admin
    assert system.scan(AUTH) == before


def test_concurrent_ensure_admin_creates_one_admin(system: System) -> None:
    concurrent: list[Any] = []

    def create_concurrently(**_: Any) -> None:
        if not concurrent:
            concurrent.append(None)
            concurrent[0] = system.invoke("auth.ensure_admin", OTHER)

    env.client("dynamodb").meta.events.register("before-call.dynamodb.TransactWriteItems", create_concurrently)

    assert system.invoke("auth.ensure_admin", ROOT) == concurrent[0]
    assert [item["username"] for item in system.scan(AUTH) if item["sk"] == "profile"] == ["other"]


def test_existing_account_is_not_promoted_to_admin(system: System) -> None:
    impostor = system.http("POST /v1/register", ROOT).json["id"]

    with pytest.raises(Exception, match="user name"):
        system.invoke("auth.ensure_admin", ROOT)

    assert profile(system, impostor)["roles"] == []
    assert "claim#admin" not in [item["pk"] for item in system.scan(AUTH)]


class Device:
    """A logged-in device of the user, and the authorizer's response to its access token."""

    def __init__(self, system: System, name: str = "anna") -> None:
        self.system = system
        body = {"username": name, "password": ANNA["password"]}
        self.tokens: dict[str, str] = system.http("POST /v1/login", body).json

    def refresh(self) -> None:
        self.tokens = self.system.http("POST /v1/token/refresh", {"refresh_token": self.tokens["refresh_token"]}).json

    def roles(self) -> str | None:
        """Return the authorized roles, or None if denied."""
        headers = {"authorization": f"Bearer {self.tokens['access_token']}"}
        response = self.system.invoke("auth.authorize", {"headers": headers})
        return str(response["context"]["roles"]) if response["isAuthorized"] else None


def test_role_removal_invalidates_access_tokens(system: System, root: Person, anna: str) -> None:
    assign(system, anna, ["admin", "organiser"], root)
    phone, laptop = Device(system), Device(system)
    assert phone.roles() == laptop.roles() == "admin organiser"

    assign(system, anna, ["organiser"], root)

    assert phone.roles() is None
    assert laptop.roles() is None


def test_sessions_continue_with_the_remaining_roles(system: System, root: Person, anna: str) -> None:
    assign(system, anna, ["admin", "organiser"], root)
    phone = Device(system)
    assign(system, anna, ["organiser"], root)

    phone.refresh()

    assert phone.roles() == Device(system).roles() == "organiser"


def test_role_grant_keeps_tokens_valid(system: System, root: Person, anna: str) -> None:
    phone = Device(system)

    assign(system, anna, ["organiser"], root)

    assert phone.roles() == ""


def test_role_removal_keeps_other_users_tokens_valid(system: System, root: Person, anna: str) -> None:
    other = Device(system, "root")
    assign(system, anna, ["organiser"], root)

    assign(system, anna, [], root)

    assert other.roles() == "admin"


def test_login_during_role_removal_gets_no_removed_role(system: System, root: Person, anna: str) -> None:
    """The account is read before, the session is written after the removal, which therefore misses the session."""
    assign(system, anna, ["organiser"], root)
    statuses: list[int] = []

    def remove_role_concurrently(params: dict[str, Any], **_: Any) -> None:
        if not statuses and "session#" in str(params["body"]):
            statuses.append(0)
            statuses[0] = assign(system, anna, [], root).status

    env.client("dynamodb").meta.events.register("before-call.dynamodb.PutItem", remove_role_concurrently)

    assert Device(system).roles() == ""
    assert statuses == [200]


def test_account_deleted_during_login_gets_no_tokens(system: System, anna: str) -> None:
    def delete_account(params: dict[str, Any], **_: Any) -> None:
        if "session#" in str(params["body"]):
            current, system.current_row = system.current_row, None
            boto3.client("dynamodb").delete_item(TableName="test-auth", Key={"pk": {"S": anna}, "sk": {"S": "profile"}})
            system.current_row = current

    env.client("dynamodb").meta.events.register("before-call.dynamodb.PutItem", delete_account)

    response = system.http("POST /v1/login", {"username": "anna", "password": ANNA["password"]})

    assert (response.status, response.problem) == (401, "invalid-credentials")


def test_interrupted_role_change_completes_on_retry(system: System, root: Person, anna: str) -> None:
    assign(system, anna, ["organiser"], root)
    phone, laptop = Device(system), Device(system)
    transactions: list[bool] = []

    def fail_second_transaction(**_: Any) -> tuple[Any, dict[str, Any]] | None:
        transactions.append(True)
        if len(transactions) != 2:  # the first changes the roles, the second the sessions
            return None
        return SimpleNamespace(status_code=400, headers={}, raw=None), {"Error": {"Code": "InternalFailure"}}

    env.client("dynamodb").meta.events.register("before-call.dynamodb.TransactWriteItems", fail_second_transaction)

    assert assign(system, anna, [], root).status == 500
    assert profile(system, anna)["roles"] == []
    assert assign(system, anna, [], root).status == 200
    assert (phone.roles(), laptop.roles()) == (None, None)


def test_role_removal_reaches_every_page_of_sessions(system: System, root: Person, anna: str) -> None:
    """A query returns pages of 1 MB."""
    assign(system, anna, ["organiser"], root)
    device = Device(system)
    session = next(item for item in system.scan(AUTH) if item["sk"].startswith("session#"))
    for number in range(4):
        large_session = session | {"sk": f"session#{number}", "id": str(number), "ballast": "x" * 390_000}
        boto3.client("dynamodb").put_item(TableName="test-auth", Item=store.marshal(large_session))

    assign(system, anna, [], root)

    versions = [item["min_token_version"] for item in system.scan(AUTH) if item["sk"].startswith("session#")]
    assert versions == [3] * 5
    assert device.roles() is None
