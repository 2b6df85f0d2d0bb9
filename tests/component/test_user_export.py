"""The copy a page at a time: whole at any size, no page too large for an answer, and nothing of others in it."""

import json
from typing import Any

import boto3
import pytest

from common import ids
from common.call import Callee
from common.calls.export import Exported, ExportUser
from common.writes import marshal
from infra.topology import NOTICES
from infra.vocabulary import Call
from tests.component.test_user_settings import ANNA, REGISTERED
from tests.support.system import Person, System, load, physical, row
from user.core.export import _SERVICES

pytestmark = pytest.mark.moto

PATH = f"/v1/users/{ANNA.user_id}/export"


@pytest.fixture
def users(system: System) -> System:
    system.deliver(REGISTERED, "user.on_user_registered", "notify.on_user_registered")
    return system


def told(number: int, owner: str = ANNA.user_id) -> str:
    """A notification, put where notify would have put it."""
    id = ids.derive(owner, number)
    item = {"pk": id, "sk": "notification", "id": id, "user_id": owner, "created_at": f"2031-{number:06}"}
    image = marshal(item | {"outbox": [{"bus_event": "x"}]})
    boto3.client("dynamodb").put_item(TableName=physical(NOTICES), Item=image)
    return id


def pages(system: System, by: Person = ANNA) -> list[dict[str, Any]]:
    found = [system.http(f"GET {PATH}", by=by).json]
    while found[-1]["next_token"]:
        found.append(system.http(f"GET {PATH}", by=by, query={"next_token": found[-1]["next_token"]}).json)
    return found


def notices(found: list[dict[str, Any]]) -> list[str]:
    return [one["data"]["id"] for page in found for one in page["records"] if one["kind"] == "notification"]


def test_a_copy_begins_with_the_profile_and_ends_without_a_token(users: System) -> None:
    found = pages(users)

    assert [(one["service"], one["kind"]) for one in found[0]["records"]] == [("user", "profile"), ("user", "settings")]
    assert found[0]["records"][1]["data"]["locale"] == "de"
    assert found[-1]["next_token"] is None


@pytest.mark.parametrize("number", [24, 25, 26, 60])
def test_many_records_are_all_in_the_copy_once(users: System, number: int) -> None:
    made = [told(one) for one in range(number)]

    assert notices(pages(users)) == made


def test_nothing_of_anybody_else_and_no_bookkeeping_is_in_it(users: System) -> None:
    told(1)
    told(1, owner="somebody-else")

    text = json.dumps(pages(users))

    assert "somebody-else" not in text
    assert "outbox" not in text


def test_every_exporter_of_the_page_is_asked() -> None:
    assert {f"{one}.export_user" for one in _SERVICES if one != "user"} == set(row("user.export_user").calls)
    for service in _SERVICES[1:]:
        asked = row(f"{service}.export_user")
        handler = load(asked)
        assert isinstance(asked, Call)
        assert isinstance(handler, Callee)
        assert (handler.asks, handler.returns) == (ExportUser, Exported)


def test_a_service_that_does_not_answer_is_asked_again_later(users: System, monkeypatch: pytest.MonkeyPatch) -> None:
    first = users.http(f"GET {PATH}", by=ANNA).json["next_token"]
    monkeypatch.setattr(users, "_ask", lambda _: {"FunctionError": "Unhandled", "Payload": Empty()})

    reply = users.http(f"GET {PATH}", by=ANNA, query={"next_token": first})

    assert (reply.status, reply.problem, reply.headers["retry-after"]) == (503, "busy", "1")


class Empty:
    def read(self) -> bytes:
        return b"{}"


@pytest.mark.parametrize("person", [Person(), Person("organiser")], ids=["user", "organiser"])
def test_another_s_copy_is_nobody_s(users: System, person: Person) -> None:
    reply = users.http(f"GET {PATH}", by=person)

    assert (reply.status, reply.problem) == (404, "user-unknown")


def test_an_admin_gets_anybody_s_copy(users: System) -> None:
    assert pages(users, Person("admin")) == pages(users)


def test_a_token_is_for_this_copy_only(users: System) -> None:
    token = users.http(f"GET {PATH}", by=ANNA).json["next_token"]
    other = ANNA.user_id[:-1] + "c"
    users.deliver(REGISTERED.model_copy(update={"user_id": other}), "user.on_user_registered")

    for path, sent in ((f"/v1/users/{other}/export", token), (PATH, "bm90IG91cnM")):
        reply = users.http(f"GET {path}", by=Person("admin"), query={"next_token": sent})
        assert (reply.status, reply.problem) == (400, "bad-token")
