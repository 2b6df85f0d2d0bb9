"""PUT /v1/users/{user_id}/roles and auth.ensure_admin: who may do what, and that an admin is always left."""

from typing import Any

import pytest

from common import env
from common.bus.auth import RolesChanged, UserRegistered
from common.outbox import published
from infra.topology import AUTH
from tests.component.test_auth_register import ANNA
from tests.support.system import Person, Reply, System

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
