"""The settings: created with the profile, read and updated by their user or an admin."""

from typing import Any

import pytest

from common import env
from common.bus.user import SettingsChanged
from common.outbox import outbox_events
from infra.topology import USERS
from tests.support.drivers.user_driver import ANNA, GERMAN_USER_REGISTERED
from tests.support.system.system import HttpResponse, Person, System

pytestmark = pytest.mark.moto

PATH = f"/v1/users/{ANNA.user_id}/settings"
NEW_SETTINGS = {"locale": "en", "zone": "Europe/Berlin", "channels": []}


@pytest.fixture
def users(system: System) -> System:
    system.deliver(GERMAN_USER_REGISTERED, "user.on_user_registered")
    return system


def put(system: System, body: object, by: Person = ANNA, path: str = PATH, if_match: str = "*") -> HttpResponse:
    return system.http(f"PUT {path}", body, by=by, headers={"if-match": if_match})


def settings(system: System) -> dict[str, Any]:
    (item,) = [item for item in system.scan(USERS) if item["sk"] == "settings"]
    return item


def settings_fields(response: HttpResponse) -> dict[str, Any]:
    return {name: response.json[name] for name in NEW_SETTINGS}


def test_registration_creates_settings_with_its_locale(users: System) -> None:
    response = users.http(f"GET {PATH}", by=ANNA)

    assert (response.status, response.json["user_id"]) == (200, ANNA.user_id)
    assert settings_fields(response) == {"locale": "de", "zone": "UTC", "channels": ["email"]}
    assert outbox_events(settings(users)) == []  # UserRegistered carries them already


def test_settings_update_is_stored_and_published(users: System) -> None:
    response = put(users, NEW_SETTINGS)

    assert (response.status, settings_fields(response)) == (200, NEW_SETTINGS)
    assert users.http(f"GET {PATH}", by=ANNA).json == response.json
    (event,) = outbox_events(settings(users))
    assert isinstance(event, SettingsChanged)
    published_fields = (event.user_id, event.locale, event.zone, event.channels, event.version)
    assert published_fields == (ANNA.user_id, "en", "Europe/Berlin", (), 2)


def test_settings_events_carry_increasing_versions(users: System) -> None:
    events = []
    for zone in ("Europe/Paris", "Asia/Tokyo"):
        put(users, NEW_SETTINGS | {"zone": zone})
        events += outbox_events(settings(users))

    assert [(event.zone, event.version) for event in events if isinstance(event, SettingsChanged)] == [
        ("Europe/Paris", 2),
        ("Asia/Tokyo", 3),
    ]


def test_unchanged_settings_are_not_written(users: System) -> None:
    put(users, NEW_SETTINGS)
    before = users.scan(USERS)

    assert put(users, NEW_SETTINGS).status == 200
    assert users.scan(USERS) == before


def test_settings_update_keeps_the_profile_etag(users: System) -> None:
    path = f"/v1/users/{ANNA.user_id}"
    etag = users.http(f"GET {path}", by=ANNA).headers["etag"]

    put(users, NEW_SETTINGS)

    assert users.http(f"GET {path}", by=ANNA).headers["etag"] == etag


def test_update_requires_the_current_etag(users: System) -> None:
    etag = users.http(f"GET {PATH}", by=ANNA).headers["etag"]

    updated = put(users, NEW_SETTINGS, if_match=etag)
    stale = put(users, NEW_SETTINGS | {"locale": "de"}, if_match=etag)
    unconditional = users.http(f"PUT {PATH}", NEW_SETTINGS, by=ANNA)

    assert (updated.status, updated.headers["etag"]) == (200, '"2"')
    assert [(one.status, one.problem) for one in (stale, unconditional)] == [
        (412, "stale-version"),
        (428, "if-match-required"),
    ]
    assert settings(users)["locale"] == "en"


def test_concurrent_changes_have_one_winner(users: System) -> None:
    statuses: list[int] = []

    def update_concurrently(**_: Any) -> None:
        if not statuses:
            statuses.append(0)
            statuses[0] = put(users, NEW_SETTINGS | {"zone": "Asia/Tokyo"}).status

    env.client("dynamodb").meta.events.register("before-call.dynamodb.UpdateItem", update_concurrently)

    assert put(users, NEW_SETTINGS).problem == "stale-version"
    assert (statuses, settings(users)["zone"]) == ([200], "Asia/Tokyo")


def test_admin_reads_and_updates_any_settings(users: System) -> None:
    admin = Person("admin")

    assert users.http(f"GET {PATH}", by=admin).status == 200
    assert put(users, NEW_SETTINGS, by=admin).status == 200
    assert settings(users)["updated_by"] == admin.user_id


@pytest.mark.parametrize("person", [Person(), Person("organiser")], ids=["user", "organiser"])
def test_foreign_and_missing_settings_look_identical(users: System, person: Person) -> None:
    missing_path = "/v1/users/00000000-0000-4000-8000-00000000000b/settings"
    responses = [users.http(f"GET {path}", by=person) for path in (PATH, missing_path)]
    responses += [put(users, NEW_SETTINGS, by=person, path=path) for path in (PATH, missing_path)]

    assert {(response.status, response.problem) for response in responses} == {(404, "user-not-found")}
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
def test_invalid_field_is_pointed_to(users: System, field: str, value: Any, pointer: str) -> None:
    response = put(users, NEW_SETTINGS | {field: value})

    assert (response.status, [error["pointer"] for error in response.json["errors"]]) == (422, [pointer])
    assert settings(users)["version"] == 1


@pytest.mark.parametrize("field", NEW_SETTINGS)
def test_missing_settings_field_is_unprocessable(users: System, field: str) -> None:
    response = put(users, {name: value for name, value in NEW_SETTINGS.items() if name != field})

    assert (response.status, response.json["errors"][0]["pointer"]) == (422, f"/{field}")
