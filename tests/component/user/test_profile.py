"""The profile: created by UserRegistered, read and updated by its user or an admin."""

from datetime import datetime, timedelta
from typing import Any

import boto3
import pytest

from common import env
from common.bus.user import UserUpdated
from common.outbox import outbox_events
from infra.topology import USERS
from tests.support.drivers.user_driver import ANNA, PROFILE, USER_PATH, USER_REGISTERED, put_user
from tests.support.fixtures.movable_clock import START, MovableClock
from tests.support.system.system import HttpResponse, Person, System

pytestmark = pytest.mark.moto

WITHOUT_BIRTH_DAY = {name: value for name, value in PROFILE.items() if name != "birth_day"}


@pytest.fixture
def users(system: System) -> System:
    assert system.deliver(USER_REGISTERED, "user.on_user_registered") == {
        "user.on_user_registered": {"batchItemFailures": []}
    }
    return system


def profile(system: System) -> dict[str, Any]:
    (item,) = [item for item in system.scan(USERS) if item["sk"] == "profile"]
    return item


def timestamps(response: HttpResponse) -> dict[str, str]:
    return {name: response.json[name] for name in ("created_at", "updated_at")}


def test_registration_creates_the_profile(users: System) -> None:
    response = users.http(f"GET {USER_PATH}", by=ANNA)

    item = profile(users)
    expected = {
        "id": ANNA.user_id,
        "user_name": "anna",
        "first_name": "Anna",
        "last_name": "Ott",
        "mobile_phone": "+491701234567",
    }
    assert response.status == 200
    assert response.json == expected | {"birth_day": None} | timestamps(response)
    assert datetime.fromisoformat(response.json["created_at"]) == datetime.fromisoformat(item["created_at"])


def test_profile_does_not_store_the_email(users: System) -> None:
    assert "anna@example.com" not in str(users.scan(USERS))


def test_duplicate_registration_event_changes_nothing(users: System) -> None:
    put_user(users, PROFILE)
    before = users.scan(USERS)

    again = users.deliver(USER_REGISTERED, "user.on_user_registered")

    assert again["user.on_user_registered"] == {"batchItemFailures": []}
    assert users.scan(USERS) == before


def test_profile_update_replaces_all_fields_and_publishes(users: System) -> None:
    response = put_user(users, PROFILE)

    item = profile(users)
    assert response.status == 200
    assert response.json == PROFILE | {"id": ANNA.user_id} | timestamps(response)
    assert item["created_at"] <= item["updated_at"]
    assert users.http(f"GET {USER_PATH}", by=ANNA).json == response.json
    (event,) = outbox_events(item)
    assert isinstance(event, UserUpdated)
    expected = {name: PROFILE[name] for name in PROFILE if name != "birth_day"} | {"user_id": ANNA.user_id}
    assert event.model_dump(include=set(expected)) == expected


def test_profile_events_carry_increasing_versions(users: System) -> None:
    events = []
    for name in ("Anna B.", "Anna C."):
        put_user(users, PROFILE | {"user_name": name})
        events += outbox_events(profile(users))

    assert [(event.user_name, event.version) for event in events if isinstance(event, UserUpdated)] == [
        ("Anna B.", 2),
        ("Anna C.", 3),
    ]


@pytest.mark.parametrize("profile", [PROFILE, WITHOUT_BIRTH_DAY], ids=["whole", "without birth day"])
def test_unchanged_profile_is_not_written(users: System, profile: dict[str, str]) -> None:
    first = put_user(users, profile)
    before = users.scan(USERS)

    again = put_user(users, profile)

    assert (again.status, again.json) == (200, first.json)
    assert users.scan(USERS) == before


@pytest.mark.parametrize("field", PROFILE)
def test_each_profile_field_can_be_changed(users: System, field: str) -> None:
    """Control: only a profile equal in every field is left unwritten."""
    put_user(users, PROFILE)
    other = {"birth_day": "1990-03-01", "mobile_phone": "+491701234569"}.get(field, "Other")

    response = put_user(users, PROFILE | {field: other})

    assert response.json[field] == other
    assert profile(users)["version"] == 3


def test_profile_updates_are_not_logged(users: System) -> None:
    for name in ("Anna B.", "Anna C."):
        put_user(users, PROFILE | {"user_name": name})

    assert [entry["action"] for entry in profile(users)["logs"]] == ["create"]


def test_retried_profile_update_is_applied_once(users: System) -> None:
    """The SDK retries the write, finds its own write, and returns it."""
    first_response: list[HttpResponse] = []

    def write_first(**_: Any) -> None:
        if not first_response:
            first_response.append(HttpResponse({"statusCode": 0}))
            first_response[0] = users.http(
                f"PUT {USER_PATH}", PROFILE, by=ANNA, request_id="r1", headers={"if-match": "*"}
            )

    env.client("dynamodb").meta.events.register("before-call.dynamodb.UpdateItem", write_first)
    response = users.http(f"PUT {USER_PATH}", PROFILE, by=ANNA, request_id="r1", headers={"if-match": "*"})

    assert (response.status, response.json) == (200, first_response[0].json)
    assert profile(users)["version"] == profile(users)["outbox_version"] == 2


def test_concurrent_changes_have_one_winner(users: System) -> None:
    """Control: only one's own write counts as done."""
    statuses: list[int] = []

    def update_concurrently(**_: Any) -> None:
        if not statuses:
            statuses.append(0)
            statuses[0] = put_user(users, PROFILE | {"first_name": "Other"}).status

    env.client("dynamodb").meta.events.register("before-call.dynamodb.UpdateItem", update_concurrently)

    assert put_user(users, PROFILE).problem == "stale-version"
    assert statuses == [200]
    assert (profile(users)["version"], profile(users)["first_name"]) == (2, "Other")


def test_update_does_not_recreate_a_deleted_profile(users: System) -> None:
    def delete_profile(**_: Any) -> None:
        current, users.current_row = users.current_row, None
        key = {"pk": {"S": ANNA.user_id}, "sk": {"S": "profile"}}
        boto3.client("dynamodb").delete_item(TableName="test-users", Key=key)
        users.current_row = current

    env.client("dynamodb").meta.events.register("before-call.dynamodb.UpdateItem", delete_profile)

    assert put_user(users, PROFILE).problem == "stale-version"
    assert "profile" not in {item["sk"] for item in users.scan(USERS)}


def test_update_requires_the_current_etag(users: System) -> None:
    etag = users.http(f"GET {USER_PATH}", by=ANNA).headers["etag"]

    updated = put_user(users, PROFILE, if_match=etag)
    stale = put_user(users, PROFILE | {"first_name": "Late"}, if_match=etag)
    unconditional = users.http(f"PUT {USER_PATH}", PROFILE, by=ANNA)

    assert (updated.status, updated.headers["etag"]) == (200, '"2"')
    assert [(one.status, one.problem) for one in (stale, unconditional)] == [
        (412, "stale-version"),
        (428, "if-match-required"),
    ]
    assert profile(users)["first_name"] == PROFILE["first_name"]


def test_omitted_birth_day_is_removed(users: System) -> None:
    put_user(users, PROFILE)

    response = put_user(users, WITHOUT_BIRTH_DAY)

    assert response.json["birth_day"] is None
    assert "birth_day" not in profile(users)


def test_admin_reads_and_updates_any_profile(users: System) -> None:
    admin = Person("admin")

    assert users.http(f"GET {USER_PATH}", by=admin).status == 200
    assert put_user(users, PROFILE, by=admin).status == 200
    assert profile(users)["updated_by"] == admin.user_id


@pytest.mark.parametrize("person", [Person(), Person("organiser")], ids=["user", "organiser"])
def test_foreign_and_missing_profiles_look_identical(users: System, person: Person) -> None:
    before = users.scan(USERS)
    missing_path = "/v1/users/00000000-0000-4000-8000-00000000000b"
    responses = [users.http(f"GET {path}", by=person) for path in (USER_PATH, missing_path)]
    responses += [put_user(users, PROFILE, by=person, path=path) for path in (USER_PATH, missing_path)]

    assert {(response.status, response.problem, response.json["detail"]) for response in responses} == {
        (404, "user-not-found", "There is no such user, or it is not you.")
    }
    assert users.scan(USERS) == before


@pytest.mark.parametrize("name", ["x" * 3000, "\U0001f3ab" * 600, "\U0001f3ab", "\x00", ".."])
def test_impossible_user_id_is_not_found(users: System, name: str) -> None:
    path = f"/v1/users/{name}"
    responses = [users.http(f"GET {path}", by=Person("admin")), put_user(users, PROFILE, by=Person("admin"), path=path)]

    assert {response.status for response in responses} == {404}


OTHER_USER = Person(user_id="00000000-0000-4000-8000-00000000000b")


@pytest.mark.parametrize("person", [Person("admin"), OTHER_USER], ids=["admin", "too early"])
def test_missing_profile_is_not_created_by_update(users: System, person: Person) -> None:
    path = "/v1/users/00000000-0000-4000-8000-00000000000b"

    assert users.http(f"GET {path}", by=person).problem == "user-not-found"
    assert put_user(users, PROFILE, by=person, path=path).problem == "user-not-found"
    assert {item["pk"] for item in users.scan(USERS) if item["sk"] == "profile"} == {ANNA.user_id}


TOMORROW = (START + timedelta(days=1)).date().isoformat()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("user_name", "an"),
        ("user_name", "x" * 31),
        ("user_name", "an\u202ena"),
        ("first_name", ""),
        ("first_name", " "),
        ("first_name", None),
        ("last_name", "Ott\r\nBcc: x@example.com"),
        ("last_name", "x" * 101),
        ("birth_day", TOMORROW),
        ("birth_day", "1899-12-31"),
        ("birth_day", "2023-02-29"),
        ("birth_day", "28.02.1990"),
        ("birth_day", 636163200),
        ("birth_day", ""),
        ("mobile_phone", "0170"),
        ("mobile_phone", None),
        ("id", "00000000-0000-4000-8000-00000000000b"),
        ("email", "other@example.com"),
        ("roles", ["admin"]),
        ("created_at", "2020-01-01T00:00:00Z"),
    ],
)
def test_invalid_field_is_pointed_to(users: System, clock: MovableClock, field: str, value: Any) -> None:
    before = users.scan(USERS)

    response = put_user(users, PROFILE | {field: value})

    assert (response.status, response.problem) == (422, "unprocessable")
    assert [error["pointer"] for error in response.json["errors"]] == [f"/{field}"]
    assert users.scan(USERS) == before


@pytest.mark.parametrize("field", ["user_name", "first_name", "last_name", "mobile_phone"])
def test_missing_profile_field_is_unprocessable(users: System, field: str) -> None:
    response = put_user(users, {name: value for name, value in PROFILE.items() if name != field})

    assert (response.status, response.json["errors"][0]["pointer"]) == (422, f"/{field}")
