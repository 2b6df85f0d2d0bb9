"""GET /v1/users/{user_id}/export: complete at any size, in pages, without data of others."""

import json
from typing import Any

import boto3
import pytest

from common import ids
from common.rpc.export import ExportUserRequest, ExportUserResponse
from common.rpc.invocation import RpcHandler
from common.writes import marshal
from infra.topology import NOTIFICATIONS
from infra.topology_types import Invocable
from tests.support.drivers.user_driver import ANNA, GERMAN_USER_REGISTERED, EmptyPayload
from tests.support.system.system import Person, System, load_handler, physical_name, row
from user.core.export import _SERVICES

pytestmark = pytest.mark.moto

PATH = f"/v1/users/{ANNA.user_id}/export"


@pytest.fixture
def users(system: System) -> System:
    system.deliver(GERMAN_USER_REGISTERED, "user.on_user_registered", "notify.on_user_registered")
    return system


def put_notification(number: int, owner: str = ANNA.user_id) -> str:
    """Store a notification as notify would. Returns its id."""
    notification_id = ids.derive(owner, number)
    item = {
        "pk": notification_id,
        "sk": "notification",
        "id": notification_id,
        "user_id": owner,
        "created_at": f"2031-{number:06}",
    }
    image = marshal(item | {"outbox": [{"bus_event": "x"}]})
    boto3.client("dynamodb").put_item(TableName=physical_name(NOTIFICATIONS), Item=image)
    return notification_id


def export_pages(system: System, by: Person = ANNA) -> list[dict[str, Any]]:
    pages = [system.http(f"GET {PATH}", by=by).json]
    while pages[-1]["next_token"]:
        pages.append(system.http(f"GET {PATH}", by=by, query={"next_token": pages[-1]["next_token"]}).json)
    return pages


def notification_ids(pages: list[dict[str, Any]]) -> list[str]:
    return [record["data"]["id"] for page in pages for record in page["records"] if record["kind"] == "notification"]


def test_export_starts_with_profile_and_ends_without_token(users: System) -> None:
    pages = export_pages(users)

    assert [(record["service"], record["kind"]) for record in pages[0]["records"]] == [
        ("user", "profile"),
        ("user", "settings"),
    ]
    assert pages[0]["records"][1]["data"]["locale"] == "de"
    assert pages[-1]["next_token"] is None


@pytest.mark.parametrize("number", [24, 25, 26, 60])
def test_export_contains_every_record_once(users: System, number: int) -> None:
    expected = [put_notification(index) for index in range(number)]

    assert notification_ids(export_pages(users)) == expected


def test_export_excludes_other_users_and_internal_attributes(users: System) -> None:
    put_notification(1)
    put_notification(1, owner="somebody-else")

    text = json.dumps(export_pages(users))

    assert "somebody-else" not in text
    assert "outbox" not in text


def test_export_invokes_every_exporter() -> None:
    assert {f"{service}.export_user" for service in _SERVICES if service != "user"} == set(
        row("user.export_user").invokes
    )
    for service in _SERVICES[1:]:
        exporter = row(f"{service}.export_user")
        handler = load_handler(exporter)
        assert isinstance(exporter, Invocable)
        assert isinstance(handler, RpcHandler)
        assert (handler.request_type, handler.response_type) == (ExportUserRequest, ExportUserResponse)


def test_failing_exporter_returns_service_unavailable(users: System, monkeypatch: pytest.MonkeyPatch) -> None:
    first = users.http(f"GET {PATH}", by=ANNA).json["next_token"]
    monkeypatch.setattr(users, "_invoke", lambda _: {"FunctionError": "Unhandled", "Payload": EmptyPayload()})

    response = users.http(f"GET {PATH}", by=ANNA, query={"next_token": first})

    assert (response.status, response.problem, response.headers["retry-after"]) == (503, "service-unavailable", "1")


@pytest.mark.parametrize("person", [Person(), Person("organiser")], ids=["user", "organiser"])
def test_export_of_another_user_is_not_found(users: System, person: Person) -> None:
    response = users.http(f"GET {PATH}", by=person)

    assert (response.status, response.problem) == (404, "user-not-found")


def test_admin_exports_any_user(users: System) -> None:
    assert export_pages(users, Person("admin")) == export_pages(users)


def test_export_token_is_bound_to_its_user(users: System) -> None:
    token = users.http(f"GET {PATH}", by=ANNA).json["next_token"]
    other = ANNA.user_id[:-1] + "c"
    users.deliver(GERMAN_USER_REGISTERED.model_copy(update={"user_id": other}), "user.on_user_registered")

    for path, page_token in ((f"/v1/users/{other}/export", token), (PATH, "bm90IG91cnM")):
        response = users.http(f"GET {path}", by=Person("admin"), query={"next_token": page_token})
        assert (response.status, response.problem) == (400, "invalid-page-token")
