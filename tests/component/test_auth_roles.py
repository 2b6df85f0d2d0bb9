"""PUT /v1/users/{user_id}/roles and auth.ensure_admin: who may do what, and that an admin is always left."""

from types import SimpleNamespace
from typing import Any

import boto3
import pytest

from common import env, store
from common.bus.auth import RolesChanged, UserRegistered
from common.outbox import published
from infra.topology import AUTH
from tests.component.test_auth_register import ANNA
from tests.support.system import Person, Reply, System

pytestmark = pytest.mark.moto

ROOT = ANNA | {"email": "root@example.com", "user_name": "root"}
OTHER = ANNA | {"email": "other@example.com", "user_name": "other"}


@pytest.fixture
def root(system: System) -> Person:
    return Person("admin", user_id=system.invoke("auth.ensure_admin", ROOT)["id"])


@pytest.fixture
def anna(system: System) -> str:
    return str(system.http("POST /v1/register", ANNA).json["id"])


def assign(system: System, user_id: str, roles: object, by: Person) -> Reply:
    return system.http(f"PUT /v1/users/{user_id}/roles", {"roles": roles}, by=by)


def profile(system: System, user_id: str) -> dict[str, Any]:
    return next(item for item in system.scan(AUTH) if item["pk"] == user_id and item["sk"] == "profile")


def test_an_admin_makes_an_organiser(system: System, root: Person, anna: str) -> None:
    reply = assign(system, anna, ["organiser"], root)

    assert (reply.status, reply.json) == (200, {"id": anna, "roles": ["organiser"]})
    (event,) = published(profile(system, anna))
    assert isinstance(event, RolesChanged)
    assert (event.user_id, event.roles) == (anna, ("organiser",))


def test_roles_are_a_set(system: System, root: Person, anna: str) -> None:
    assert assign(system, anna, ["organiser", "organiser"], root).json["roles"] == ["organiser"]
    assert assign(system, anna, ["organiser", "admin"], root).json["roles"] == ["admin", "organiser"]


def test_the_same_roles_again_change_nothing(system: System, root: Person, anna: str) -> None:
    assign(system, anna, ["organiser"], root)
    before = system.scan(AUTH)

    assert assign(system, anna, ["organiser"], root).status == 200
    assert system.scan(AUTH) == before


def test_the_last_admin_stays_one(system: System, root: Person) -> None:
    reply = assign(system, root.user_id, [], root)

    assert (reply.status, reply.problem) == (409, "last-admin")
    assert profile(system, root.user_id)["roles"] == ["admin"]


def test_an_admin_may_go_when_another_is_left(system: System, root: Person, anna: str) -> None:
    assert assign(system, anna, ["admin"], root).status == 200
    assert assign(system, root.user_id, ["organiser"], root).status == 200

    assert assign(system, anna, [], Person("admin", user_id=anna)).problem == "last-admin"


def test_who_was_an_admin_until_a_moment_ago_gives_no_roles(system: System, root: Person, anna: str) -> None:
    assign(system, anna, ["admin"], root)
    assert assign(system, root.user_id, [], Person("admin", user_id=anna)).status == 200

    asked = [(root.user_id, ["admin"]), (root.user_id, ["organiser"]), (anna, ["admin", "organiser"]), (anna, [])]
    answers = [assign(system, user_id, wanted, root) for user_id, wanted in asked]

    assert [(one.status, one.problem) for one in answers] == [(403, "role-missing")] * 4
    assert (profile(system, root.user_id)["roles"], profile(system, anna)["roles"]) == ([], ["admin"])


def test_roles_that_changed_meanwhile_are_not_overwritten(system: System, root: Person, anna: str) -> None:
    raced: list[int] = []

    def other_is_quicker(**_: Any) -> None:
        if not raced:
            raced.append(0)
            raced[0] = assign(system, anna, ["organiser"], root).status

    env.client("dynamodb").meta.events.register("before-call.dynamodb.TransactWriteItems", other_is_quicker)
    reply = assign(system, anna, ["admin"], root)

    assert raced == [200]
    assert (reply.status, reply.problem) == (409, "changed-meanwhile")
    assert profile(system, anna)["roles"] == ["organiser"]


@pytest.mark.parametrize("person", [Person(), Person("organiser")], ids=["user", "organiser"])
def test_only_an_admin_gives_roles(system: System, anna: str, person: Person) -> None:
    reply = assign(system, anna, ["admin"], person)

    assert (reply.status, reply.problem) == (403, "role-missing")
    assert profile(system, anna)["roles"] == []


def test_nobody_has_no_roles(system: System, root: Person) -> None:
    reply = assign(system, "00000000-0000-4000-8000-000000000000", ["organiser"], root)

    assert (reply.status, reply.problem) == (404, "user-unknown")


@pytest.mark.parametrize("roles", [None, "admin", ["root"], [1], ["admin"] * 3, ["Admin"], {"admin": True}])
def test_roles_that_are_none_are_invalid(system: System, root: Person, anna: str, roles: object) -> None:
    reply = assign(system, anna, roles, root)

    assert (reply.status, reply.problem) == (422, "invalid")


def test_the_first_admin_is_an_account_like_others_with_the_role(system: System) -> None:
    made = system.invoke("auth.ensure_admin", ROOT)["id"]

    kept = profile(system, made)
    assert (kept["email"], kept["username"], kept["roles"]) == (ROOT["email"], "root", ["admin"])
    (event,) = published(kept)
    assert isinstance(event, UserRegistered)
    login = system.http("POST /v1/login", {"email": ROOT["email"], "password": ROOT["password"]})
    headers = {"authorization": f"Bearer {login.json['access_token']}"}
    assert system.invoke("auth.authorize", {"headers": headers})["context"]["roles"] == "admin"


@pytest.mark.parametrize("second", [ROOT, OTHER], ids=["same", "other"])
def test_there_is_one_first_admin_however_often_it_is_asked_for(system: System, second: dict[str, str]) -> None:
    made = system.invoke("auth.ensure_admin", ROOT)
    before = system.scan(AUTH)

    assert system.invoke("auth.ensure_admin", second) == made
    assert system.scan(AUTH) == before


def test_of_two_calls_at_once_one_makes_the_admin(system: System) -> None:
    raced: list[Any] = []

    def other_is_quicker(**_: Any) -> None:
        if not raced:
            raced.append(None)
            raced[0] = system.invoke("auth.ensure_admin", OTHER)

    env.client("dynamodb").meta.events.register("before-call.dynamodb.TransactWriteItems", other_is_quicker)

    assert system.invoke("auth.ensure_admin", ROOT) == raced[0]
    assert [item["username"] for item in system.scan(AUTH) if item["sk"] == "profile"] == ["other"]


def test_an_account_that_somebody_opened_under_the_admin_s_address_is_not_promoted(system: System) -> None:
    thief = system.http("POST /v1/register", ROOT).json["id"]

    with pytest.raises(Exception, match="user name"):
        system.invoke("auth.ensure_admin", ROOT)

    assert profile(system, thief)["roles"] == []
    assert "claim#admin" not in [item["pk"] for item in system.scan(AUTH)]


class Device:
    """Where the user is logged in, and what the gateway says to its access token."""

    def __init__(self, system: System, name: str = "anna") -> None:
        self.system = system
        body = {"username": name, "password": ANNA["password"]}
        self.tokens: dict[str, str] = system.http("POST /v1/login", body).json

    def refresh(self) -> None:
        self.tokens = self.system.http("POST /v1/token/refresh", {"refresh_token": self.tokens["refresh_token"]}).json

    def roles(self) -> str | None:
        """The roles it is let in with, None where it is not."""
        headers = {"authorization": f"Bearer {self.tokens['access_token']}"}
        answer = self.system.invoke("auth.authorize", {"headers": headers})
        return str(answer["context"]["roles"]) if answer["isAuthorized"] else None


def test_tokens_of_before_a_role_was_taken_away_are_not_believed(system: System, root: Person, anna: str) -> None:
    assign(system, anna, ["admin", "organiser"], root)
    phone, laptop = Device(system), Device(system)
    assert phone.roles() == laptop.roles() == "admin organiser"

    assign(system, anna, ["organiser"], root)

    assert phone.roles() is None
    assert laptop.roles() is None


def test_the_sessions_go_on_with_the_roles_that_are_left(system: System, root: Person, anna: str) -> None:
    assign(system, anna, ["admin", "organiser"], root)
    phone = Device(system)
    assign(system, anna, ["organiser"], root)

    phone.refresh()

    assert phone.roles() == Device(system).roles() == "organiser"


def test_a_role_that_is_given_ends_no_token(system: System, root: Person, anna: str) -> None:
    phone = Device(system)

    assign(system, anna, ["organiser"], root)

    assert phone.roles() == ""


def test_tokens_of_others_are_believed_as_before(system: System, root: Person, anna: str) -> None:
    other = Device(system, "root")
    assign(system, anna, ["organiser"], root)

    assign(system, anna, [], root)

    assert other.roles() == "admin"


def test_a_login_that_meets_the_change_gets_no_role_that_was_taken_away(
    system: System, root: Person, anna: str
) -> None:
    """The account was read before, the session is written after: nothing would find it."""
    assign(system, anna, ["organiser"], root)
    met: list[int] = []

    def change_is_quicker(params: dict[str, Any], **_: Any) -> None:
        if not met and "session#" in str(params["body"]):
            met.append(0)
            met[0] = assign(system, anna, [], root).status

    env.client("dynamodb").meta.events.register("before-call.dynamodb.PutItem", change_is_quicker)

    assert Device(system).roles() == ""
    assert met == [200]


def test_an_account_that_goes_during_its_login_gets_no_tokens(system: System, anna: str) -> None:
    def has_gone(params: dict[str, Any], **_: Any) -> None:
        if "session#" in str(params["body"]):
            acting, system.current = system.current, None
            boto3.client("dynamodb").delete_item(TableName="test-auth", Key={"pk": {"S": anna}, "sk": {"S": "profile"}})
            system.current = acting

    env.client("dynamodb").meta.events.register("before-call.dynamodb.PutItem", has_gone)

    reply = system.http("POST /v1/login", {"username": "anna", "password": ANNA["password"]})

    assert (reply.status, reply.problem) == (401, "invalid-credentials")


def test_a_change_that_broke_off_is_finished_by_its_repetition(system: System, root: Person, anna: str) -> None:
    assign(system, anna, ["organiser"], root)
    phone, laptop = Device(system), Device(system)
    broken: list[bool] = []

    def breaks_off(**_: Any) -> tuple[Any, dict[str, Any]] | None:
        broken.append(True)
        if len(broken) != 2:  # the first changes the roles, the second the sessions
            return None
        return SimpleNamespace(status_code=400, headers={}, raw=None), {"Error": {"Code": "InternalFailure"}}

    env.client("dynamodb").meta.events.register("before-call.dynamodb.TransactWriteItems", breaks_off)

    assert assign(system, anna, [], root).status == 500
    assert profile(system, anna)["roles"] == []
    assert assign(system, anna, [], root).status == 200
    assert (phone.roles(), laptop.roles()) == (None, None)


def test_a_user_s_many_sessions_are_all_found(system: System, root: Person, anna: str) -> None:
    """A page of a query has 1 MB."""
    assign(system, anna, ["organiser"], root)
    device = Device(system)
    session = next(item for item in system.scan(AUTH) if item["sk"].startswith("session#"))
    for at in range(4):
        fat = session | {"sk": f"session#{at}", "id": str(at), "ballast": "x" * 390_000}
        boto3.client("dynamodb").put_item(TableName="test-auth", Item=store.marshal(fat))

    assign(system, anna, [], root)

    marks = [item["tokens_from"] for item in system.scan(AUTH) if item["sk"].startswith("session#")]
    assert marks == [3] * 5
    assert device.roles() is None
