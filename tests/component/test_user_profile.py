"""The profile: made by UserRegistered, read and replaced by its user or an admin."""

from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest

from common import env
from common.bus.auth import UserRegistered
from common.bus.user import UserUpdated
from common.outbox import published
from infra.topology import USERS
from tests.support.orders import START, Clock
from tests.support.system import Person, Reply, System

pytestmark = pytest.mark.moto

ANNA = Person(user_id="00000000-0000-4000-8000-00000000000a")
REGISTERED = UserRegistered(
    bus_event_id="00000000-0000-4000-8000-000000000001",
    occurred_at=datetime(2026, 5, 1, 12, tzinfo=UTC),
    correlation_id="c",
    causation_id="c",
    user_id=ANNA.user_id,
    email="anna@example.com",
    user_name="anna",
    first_name="Anna",
    last_name="Ott",
    mobile_phone="+491701234567",
)
PROFILE = {
    "user_name": "Anna O.",
    "first_name": "Anna Maria",
    "last_name": "Ott",
    "birth_day": "1990-02-28",
    "mobile_phone": "+491701234568",
}
WITHOUT_BIRTH_DAY = {name: value for name, value in PROFILE.items() if name != "birth_day"}
PATH = f"/v1/users/{ANNA.user_id}"


@pytest.fixture
def users(system: System) -> System:
    assert system.deliver(REGISTERED, "user.on_user_registered") == {
        "user.on_user_registered": {"batchItemFailures": []}
    }
    return system


def put(system: System, body: object, by: Person = ANNA, path: str = PATH, seen: str = "*") -> Reply:
    return system.http(f"PUT {path}", body, by=by, headers={"if-match": seen})


def profile(system: System) -> dict[str, Any]:
    (item,) = [item for item in system.scan(USERS) if item["sk"] == "profile"]
    return item


def times(reply: Reply) -> dict[str, str]:
    return {name: reply.json[name] for name in ("created_at", "updated_at")}


def test_a_registration_makes_the_profile(users: System) -> None:
    reply = users.http(f"GET {PATH}", by=ANNA)

    item = profile(users)
    named = {
        "id": ANNA.user_id,
        "user_name": "anna",
        "first_name": "Anna",
        "last_name": "Ott",
        "mobile_phone": "+491701234567",
    }
    assert reply.status == 200
    assert reply.json == named | {"birth_day": None} | times(reply)
    assert datetime.fromisoformat(reply.json["created_at"]) == datetime.fromisoformat(item["created_at"])


def test_the_address_stays_with_auth(users: System) -> None:
    assert "anna@example.com" not in str(users.scan(USERS))


def test_a_registration_that_is_heard_twice_changes_nothing(users: System) -> None:
    put(users, PROFILE)
    before = users.scan(USERS)

    again = users.deliver(REGISTERED, "user.on_user_registered")

    assert again["user.on_user_registered"] == {"batchItemFailures": []}
    assert users.scan(USERS) == before


def test_a_profile_is_replaced_whole_and_the_others_are_told(users: System) -> None:
    reply = put(users, PROFILE)

    item = profile(users)
    assert reply.status == 200
    assert reply.json == PROFILE | {"id": ANNA.user_id} | times(reply)
    assert item["created_at"] <= item["updated_at"]
    assert users.http(f"GET {PATH}", by=ANNA).json == reply.json
    (event,) = published(item)
    assert isinstance(event, UserUpdated)
    told = {name: PROFILE[name] for name in PROFILE if name != "birth_day"} | {"user_id": ANNA.user_id}
    assert event.model_dump(include=set(told)) == told


def test_the_others_are_told_which_of_two_changes_is_the_newer(users: System) -> None:
    told = []
    for name in ("Anna B.", "Anna C."):
        put(users, PROFILE | {"user_name": name})
        told += published(profile(users))

    assert [(event.user_name, event.version) for event in told if isinstance(event, UserUpdated)] == [
        ("Anna B.", 2),
        ("Anna C.", 3),
    ]


@pytest.mark.parametrize("profile", [PROFILE, WITHOUT_BIRTH_DAY], ids=["whole", "without birth day"])
def test_a_profile_that_is_replaced_by_itself_is_not_written(users: System, profile: dict[str, str]) -> None:
    first = put(users, profile)
    before = users.scan(USERS)

    again = put(users, profile)

    assert (again.status, again.json) == (200, first.json)
    assert users.scan(USERS) == before


@pytest.mark.parametrize("field", PROFILE)
def test_a_change_of_one_part_is_a_change(users: System, field: str) -> None:
    """The control: only what is equal in every part is left as it is."""
    put(users, PROFILE)
    other = {"birth_day": "1990-03-01", "mobile_phone": "+491701234569"}.get(field, "Other")

    reply = put(users, PROFILE | {field: other})

    assert reply.json[field] == other
    assert profile(users)["version"] == 3


def test_the_item_does_not_grow_with_its_changes(users: System) -> None:
    for name in ("Anna B.", "Anna C."):
        put(users, PROFILE | {"user_name": name})

    assert [entry["did"] for entry in profile(users)["logs"]] == ["create"]


def test_a_change_whose_reply_was_lost_is_made_once(users: System) -> None:
    """The SDK repeats the write: it finds its own work, and answers with it."""
    written: list[Reply] = []

    def has_been_written(**_: Any) -> None:
        if not written:
            written.append(Reply({"statusCode": 0}))
            written[0] = users.http(f"PUT {PATH}", PROFILE, by=ANNA, request_id="r1", headers={"if-match": "*"})

    env.client("dynamodb").meta.events.register("before-call.dynamodb.UpdateItem", has_been_written)
    reply = users.http(f"PUT {PATH}", PROFILE, by=ANNA, request_id="r1", headers={"if-match": "*"})

    assert (reply.status, reply.json) == (200, written[0].json)
    assert profile(users)["version"] == profile(users)["outbox_version"] == 2


def test_of_two_changes_at_once_one_is_made(users: System) -> None:
    """The control: only one's own work is taken for done."""
    raced: list[int] = []

    def other_is_quicker(**_: Any) -> None:
        if not raced:
            raced.append(0)
            raced[0] = put(users, PROFILE | {"first_name": "Other"}).status

    env.client("dynamodb").meta.events.register("before-call.dynamodb.UpdateItem", other_is_quicker)

    assert put(users, PROFILE).problem == "changed"
    assert raced == [200]
    assert (profile(users)["version"], profile(users)["first_name"]) == (2, "Other")


def test_a_profile_that_went_meanwhile_is_not_made_anew(users: System) -> None:
    def has_gone(**_: Any) -> None:
        acting, users.current = users.current, None
        key = {"pk": {"S": ANNA.user_id}, "sk": {"S": "profile"}}
        boto3.client("dynamodb").delete_item(TableName="test-users", Key=key)
        users.current = acting

    env.client("dynamodb").meta.events.register("before-call.dynamodb.UpdateItem", has_gone)

    assert put(users, PROFILE).problem == "changed"
    assert "profile" not in {item["sk"] for item in users.scan(USERS)}


def test_an_edit_is_of_what_was_read(users: System) -> None:
    read = users.http(f"GET {PATH}", by=ANNA).headers["etag"]

    made = put(users, PROFILE, seen=read)
    late = put(users, PROFILE | {"first_name": "Late"}, seen=read)
    blind = users.http(f"PUT {PATH}", PROFILE, by=ANNA)

    assert (made.status, made.headers["etag"]) == (200, '"2"')
    assert [(one.status, one.problem) for one in (late, blind)] == [(412, "changed"), (428, "revision-missing")]
    assert profile(users)["first_name"] == PROFILE["first_name"]


def test_a_birth_day_that_is_left_out_is_removed(users: System) -> None:
    put(users, PROFILE)

    reply = put(users, WITHOUT_BIRTH_DAY)

    assert reply.json["birth_day"] is None
    assert "birth_day" not in profile(users)


def test_an_admin_reads_and_replaces_anybody_s_profile(users: System) -> None:
    admin = Person("admin")

    assert users.http(f"GET {PATH}", by=admin).status == 200
    assert put(users, PROFILE, by=admin).status == 200
    assert profile(users)["updated_by"] == admin.user_id


@pytest.mark.parametrize("person", [Person(), Person("organiser")], ids=["user", "organiser"])
def test_another_s_profile_and_nobody_s_are_answered_alike(users: System, person: Person) -> None:
    before = users.scan(USERS)
    nobody = "/v1/users/00000000-0000-4000-8000-00000000000b"
    answers = [users.http(f"GET {path}", by=person) for path in (PATH, nobody)]
    answers += [put(users, PROFILE, by=person, path=path) for path in (PATH, nobody)]

    assert {(reply.status, reply.problem, reply.json["detail"]) for reply in answers} == {
        (404, "user-unknown", "There is no such user, or it is not you.")
    }
    assert users.scan(USERS) == before


@pytest.mark.parametrize("name", ["x" * 3000, "\U0001f3ab" * 600, "\U0001f3ab", "\x00", ".."])
def test_a_path_that_can_name_nobody_is_not_found(users: System, name: str) -> None:
    path = f"/v1/users/{name}"
    replies = [users.http(f"GET {path}", by=Person("admin")), put(users, PROFILE, by=Person("admin"), path=path)]

    assert {reply.status for reply in replies} == {404}


STRANGER = Person(user_id="00000000-0000-4000-8000-00000000000b")


@pytest.mark.parametrize("person", [Person("admin"), STRANGER], ids=["admin", "too early"])
def test_a_profile_that_is_not_there_is_not_made_by_replacing_it(users: System, person: Person) -> None:
    path = "/v1/users/00000000-0000-4000-8000-00000000000b"

    assert users.http(f"GET {path}", by=person).problem == "user-unknown"
    assert put(users, PROFILE, by=person, path=path).problem == "user-unknown"
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
def test_a_wrong_or_unknown_field_is_named(users: System, clock: Clock, field: str, value: Any) -> None:
    before = users.scan(USERS)

    reply = put(users, PROFILE | {field: value})

    assert (reply.status, reply.problem) == (422, "invalid")
    assert [error["pointer"] for error in reply.json["errors"]] == [f"/{field}"]
    assert users.scan(USERS) == before


@pytest.mark.parametrize("field", ["user_name", "first_name", "last_name", "mobile_phone"])
def test_a_profile_with_a_part_missing_is_no_profile(users: System, field: str) -> None:
    reply = put(users, {name: value for name, value in PROFILE.items() if name != field})

    assert (reply.status, reply.json["errors"][0]["pointer"]) == (422, f"/{field}")
