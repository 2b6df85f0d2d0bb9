"""The settings: made with the account, read and replaced by its user or an admin."""

from datetime import UTC, datetime
from typing import Any

import pytest

from common import env
from common.bus.auth import UserRegistered
from common.bus.user import SettingsChanged
from common.outbox import published
from infra.topology import USERS
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
    locale="de",
)
PATH = f"/v1/users/{ANNA.user_id}/settings"
WANTED = {"locale": "en", "zone": "Europe/Berlin", "channels": []}


@pytest.fixture
def users(system: System) -> System:
    system.deliver(REGISTERED, "user.on_user_registered")
    return system


def put(system: System, body: object, by: Person = ANNA, path: str = PATH, seen: str = "*") -> Reply:
    return system.http(f"PUT {path}", body, by=by, headers={"if-match": seen})


def settings(system: System) -> dict[str, Any]:
    (item,) = [item for item in system.scan(USERS) if item["sk"] == "settings"]
    return item


def said(reply: Reply) -> dict[str, Any]:
    return {name: reply.json[name] for name in WANTED}


def test_whoever_registers_has_settings_in_their_language(users: System) -> None:
    reply = users.http(f"GET {PATH}", by=ANNA)

    assert (reply.status, reply.json["user_id"]) == (200, ANNA.user_id)
    assert said(reply) == {"locale": "de", "zone": "UTC", "channels": ["email"]}
    assert published(settings(users)) == []  # the others know them from the registration


def test_settings_are_replaced_and_the_others_are_told(users: System) -> None:
    reply = put(users, WANTED)

    assert (reply.status, said(reply)) == (200, WANTED)
    assert users.http(f"GET {PATH}", by=ANNA).json == reply.json
    (event,) = published(settings(users))
    assert isinstance(event, SettingsChanged)
    told = (event.user_id, event.locale, event.zone, event.channels, event.version)
    assert told == (ANNA.user_id, "en", "Europe/Berlin", (), 2)


def test_of_two_changes_the_newer_one_can_be_told(users: System) -> None:
    told = []
    for zone in ("Europe/Paris", "Asia/Tokyo"):
        put(users, WANTED | {"zone": zone})
        told += published(settings(users))

    assert [(one.zone, one.version) for one in told if isinstance(one, SettingsChanged)] == [
        ("Europe/Paris", 2),
        ("Asia/Tokyo", 3),
    ]


def test_settings_that_are_replaced_by_themselves_are_not_written(users: System) -> None:
    put(users, WANTED)
    before = users.scan(USERS)

    assert put(users, WANTED).status == 200
    assert users.scan(USERS) == before


def test_settings_and_profile_change_apart(users: System) -> None:
    path = f"/v1/users/{ANNA.user_id}"
    read = users.http(f"GET {path}", by=ANNA).headers["etag"]

    put(users, WANTED)

    assert users.http(f"GET {path}", by=ANNA).headers["etag"] == read


def test_an_edit_is_of_what_was_read(users: System) -> None:
    read = users.http(f"GET {PATH}", by=ANNA).headers["etag"]

    made = put(users, WANTED, seen=read)
    late = put(users, WANTED | {"locale": "de"}, seen=read)
    blind = users.http(f"PUT {PATH}", WANTED, by=ANNA)

    assert (made.status, made.headers["etag"]) == (200, '"2"')
    assert [(one.status, one.problem) for one in (late, blind)] == [(412, "changed"), (428, "revision-missing")]
    assert settings(users)["locale"] == "en"


def test_of_two_changes_at_once_one_is_made(users: System) -> None:
    raced: list[int] = []

    def other_is_quicker(**_: Any) -> None:
        if not raced:
            raced.append(0)
            raced[0] = put(users, WANTED | {"zone": "Asia/Tokyo"}).status

    env.client("dynamodb").meta.events.register("before-call.dynamodb.UpdateItem", other_is_quicker)

    assert put(users, WANTED).problem == "changed"
    assert (raced, settings(users)["zone"]) == ([200], "Asia/Tokyo")


def test_an_admin_reads_and_replaces_anybody_s_settings(users: System) -> None:
    admin = Person("admin")

    assert users.http(f"GET {PATH}", by=admin).status == 200
    assert put(users, WANTED, by=admin).status == 200
    assert settings(users)["updated_by"] == admin.user_id


@pytest.mark.parametrize("person", [Person(), Person("organiser")], ids=["user", "organiser"])
def test_another_s_settings_and_nobody_s_are_answered_alike(users: System, person: Person) -> None:
    nobody = "/v1/users/00000000-0000-4000-8000-00000000000b/settings"
    answers = [users.http(f"GET {path}", by=person) for path in (PATH, nobody)]
    answers += [put(users, WANTED, by=person, path=path) for path in (PATH, nobody)]

    assert {(reply.status, reply.problem) for reply in answers} == {(404, "user-unknown")}
    assert settings(users)["version"] == 1


@pytest.mark.parametrize(
    ("field", "value", "pointer"),
    [
        ("locale", "fr", "/locale"),
        ("locale", None, "/locale"),
        ("zone", "Mars/Olympus", "/zone"),
        ("zone", "europe/berlin", "/zone"),
        ("zone", "../../etc/passwd", "/zone"),
        ("channels", ["sms"], "/channels/0"),
        ("channels", ["email", "email"], "/channels"),
        ("channels", "email", "/channels"),
        ("version", 7, "/version"),
    ],
)
def test_a_wrong_or_unknown_field_is_named(users: System, field: str, value: Any, pointer: str) -> None:
    reply = put(users, WANTED | {field: value})

    assert (reply.status, [error["pointer"] for error in reply.json["errors"]]) == (422, [pointer])
    assert settings(users)["version"] == 1


@pytest.mark.parametrize("field", WANTED)
def test_settings_are_replaced_whole(users: System, field: str) -> None:
    reply = put(users, {name: value for name, value in WANTED.items() if name != field})

    assert (reply.status, reply.json["errors"][0]["pointer"]) == (422, f"/{field}")
