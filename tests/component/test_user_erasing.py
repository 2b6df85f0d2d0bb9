"""DELETE /v1/users/{user_id}: a tombstone stays, everybody is told once, and nothing brings the person back."""

import pytest

from common.bus.user import UserErased
from common.outbox import published
from infra.topology import USERS
from tests.component.test_user_profile import ANNA, PATH, PROFILE, REGISTERED, put
from tests.support.system import Person, Reply, System

ADMIN = Person("admin")


@pytest.fixture
def users(system: System) -> System:
    system.deliver(REGISTERED, "user.on_user_registered")
    assert put(system, PROFILE).status == 200
    return system


def erase(system: System, by: Person = ANNA) -> Reply:
    return system.http(f"DELETE {PATH}", by=by)


@pytest.mark.parametrize("by", [ANNA, ADMIN], ids=["oneself", "an admin"])
def test_of_a_profile_a_tombstone_stays(users: System, by: Person) -> None:
    answer = erase(users, by)

    assert (answer.status, answer.text) == (204, "")
    (tombstone,) = [one for one in users.scan(USERS) if one["pk"] == ANNA.user_id]
    told = {"pk", "sk", "id", "version", "operation", "logs", "outbox", "outbox_version"}
    assert tombstone.keys() == told | {"created_at", "updated_at", "erased_at"}
    assert [(one["did"], one["by"]) for one in tombstone["logs"]] == [("create", ANNA.user_id), ("erase", by.user_id)]
    (event,) = published(tombstone)
    assert isinstance(event, UserErased)
    assert event.user_id == ANNA.user_id


def test_erasing_again_is_harmless_and_tells_nobody(users: System) -> None:
    erase(users)
    before = users.scan(USERS)

    assert erase(users).status == 204
    assert users.scan(USERS) == before


def test_who_is_gone_cannot_be_read_or_changed(users: System) -> None:
    erase(users)
    before = users.scan(USERS)

    answers = [users.http(f"GET {PATH}", by=ANNA), users.http(f"GET {PATH}", by=ADMIN), put(users, PROFILE)]
    settings = {"locale": "de", "zone": "Europe/Berlin", "channels": []}
    answers += [users.http(f"GET {PATH}/settings", by=ANNA), put(users, settings, path=f"{PATH}/settings")]

    assert {(one.status, one.problem) for one in answers} == {(404, "user-unknown")}
    assert users.http("GET /v1/users", by=ADMIN).json["items"] == []
    assert users.scan(USERS) == before


def test_a_registration_that_comes_late_does_not_bring_them_back(users: System) -> None:
    erase(users)
    before = users.scan(USERS)

    users.deliver(REGISTERED, "user.on_user_registered")

    assert users.scan(USERS) == before


def test_nobody_erases_another(users: System) -> None:
    before = users.scan(USERS)

    answers = [erase(users, Person()), erase(users, Person("organiser"))]
    unknown = users.http("DELETE /v1/users/invented", by=ADMIN)

    assert {(one.status, one.problem) for one in [*answers, unknown]} == {(404, "user-unknown")}
    assert users.scan(USERS) == before


def test_an_admin_gives_up_the_role_first(users: System) -> None:
    before = users.scan(USERS)

    answer = erase(users, Person("admin", user_id=ANNA.user_id))

    assert (answer.status, answer.problem) == (409, "admin-stays")
    assert users.scan(USERS) == before
