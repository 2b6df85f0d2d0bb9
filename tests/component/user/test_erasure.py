"""DELETE /v1/users/{user_id}: leaves a tombstone, publishes UserErased once, and is final."""

import pytest

from common.bus.user import UserErased
from common.outbox import outbox_events
from infra.topology import USERS
from tests.support.drivers.user_driver import ADMIN, ANNA, PROFILE, USER_PATH, USER_REGISTERED, erase_user, put_user
from tests.support.system.system import Person, System


@pytest.fixture
def users(system: System) -> System:
    system.deliver(USER_REGISTERED, "user.on_user_registered")
    assert put_user(system, PROFILE).status == 200
    return system


@pytest.mark.parametrize("by", [ANNA, ADMIN], ids=["oneself", "an admin"])
def test_erasure_leaves_a_tombstone(users: System, by: Person) -> None:
    response = erase_user(users, by)

    assert (response.status, response.text) == (204, "")
    (tombstone,) = [one for one in users.scan(USERS) if one["pk"] == ANNA.user_id]
    attributes = {"pk", "sk", "id", "version", "operation", "logs", "outbox", "outbox_version"}
    assert tombstone.keys() == attributes | {"created_at", "updated_at", "erased_at"}
    assert [(one["action"], one["actor"]) for one in tombstone["logs"]] == [
        ("create", ANNA.user_id),
        ("erase", by.user_id),
    ]
    (event,) = outbox_events(tombstone)
    assert isinstance(event, UserErased)
    assert event.user_id == ANNA.user_id


def test_repeated_erasure_changes_and_publishes_nothing(users: System) -> None:
    erase_user(users)
    before = users.scan(USERS)

    assert erase_user(users).status == 204
    assert users.scan(USERS) == before


def test_erased_user_cannot_be_read_or_updated(users: System) -> None:
    erase_user(users)
    before = users.scan(USERS)

    responses = [
        users.http(f"GET {USER_PATH}", by=ANNA),
        users.http(f"GET {USER_PATH}", by=ADMIN),
        put_user(users, PROFILE),
    ]
    settings = {"locale": "de", "zone": "Europe/Berlin", "channels": []}
    responses += [
        users.http(f"GET {USER_PATH}/settings", by=ANNA),
        put_user(users, settings, path=f"{USER_PATH}/settings"),
    ]

    assert {(one.status, one.problem) for one in responses} == {(404, "user-not-found")}
    assert users.http("GET /v1/users", by=ADMIN).json["items"] == []
    assert users.scan(USERS) == before


def test_late_registration_does_not_restore_erased_user(users: System) -> None:
    erase_user(users)
    before = users.scan(USERS)

    users.deliver(USER_REGISTERED, "user.on_user_registered")

    assert users.scan(USERS) == before


def test_user_cannot_erase_another(users: System) -> None:
    before = users.scan(USERS)

    responses = [erase_user(users, Person()), erase_user(users, Person("organiser"))]
    unknown = users.http("DELETE /v1/users/invented", by=ADMIN)

    assert {(one.status, one.problem) for one in [*responses, unknown]} == {(404, "user-not-found")}
    assert users.scan(USERS) == before


def test_admin_cannot_be_erased(users: System) -> None:
    before = users.scan(USERS)

    response = erase_user(users, Person("admin", user_id=ANNA.user_id))

    assert (response.status, response.problem) == (409, "admin-cannot-be-erased")
    assert users.scan(USERS) == before
