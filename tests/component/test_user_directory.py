"""The list of all users: newest first over days and shards, both ways, for admins."""

from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest

from common import ids
from common.bus.auth import UserRegistered
from infra.topology import USERS
from tests.support.orders import Clock
from tests.support.system import Person, System

pytestmark = pytest.mark.moto

ADMIN = Person("admin")


def registered(number: int) -> UserRegistered:
    return UserRegistered(
        bus_event_id=ids.derive("event", number),
        occurred_at=datetime(2026, 5, 1, 12, tzinfo=UTC),
        correlation_id="c",
        causation_id="c",
        user_id=ids.derive("user", number),
        email=f"u{number}@example.com",
        user_name=f"user {number}",
        first_name="U",
        last_name="V",
        mobile_phone="+491701234567",
    )


def comes(system: System, number: int) -> str:
    system.deliver(registered(number), "user.on_user_registered")
    return registered(number).user_id


@pytest.fixture
def crowd(system: System, clock: Clock) -> list[str]:
    """Twenty-three people of several days, some of them empty, newest first."""
    found = []
    for number in range(23):
        clock.now += timedelta(hours=(0, 5, 60)[number % 3], milliseconds=1)
        found.append(comes(system, number))
    return found[::-1]


def ask(system: System, **query: Any) -> dict[str, Any]:
    reply = system.http("GET /v1/users", by=ADMIN, query={name: str(value) for name, value in query.items()})
    assert reply.status == 200, reply.json
    found: dict[str, Any] = reply.json
    return found


def names(page: dict[str, Any]) -> list[str]:
    return [one["id"] for one in page["items"]]


@pytest.mark.parametrize("limit", [1, 2, 5, 22, 23, 100])
def test_everybody_is_listed_once_newest_first_and_back_again(system: System, crowd: list[str], limit: int) -> None:
    pages = [ask(system, limit=limit)]
    while pages[-1]["next_token"]:
        pages.append(ask(system, limit=limit, next_token=pages[-1]["next_token"]))
    back = [pages[-1]]
    while back[-1]["previous_token"]:
        back.append(ask(system, limit=limit, previous_token=back[-1]["previous_token"]))

    assert [name for page in pages for name in names(page)] == crowd
    assert [names(page) for page in back[::-1]] == [names(page) for page in pages]
    assert (pages[0]["previous_token"], back[-1]["previous_token"]) == (None, None)


def test_the_list_is_spread_over_days_and_shards(system: System, crowd: list[str]) -> None:
    """A key of the index takes no more writes than a shard of one day has people."""
    profiles = [item for item in system.scan(USERS) if item["sk"] == "profile"]

    assert {item["joined"].split("#")[0] for item in profiles} == {item["created_at"][:10] for item in profiles}
    assert {item["joined"].split("#")[1] for item in profiles} == {"0", "1", "2", "3"}
    assert len(profiles) == len(crowd)


def test_nobody_is_listed_before_anybody_came(system: System) -> None:
    assert ask(system) == {"items": [], "next_token": None, "previous_token": None}


def test_whoever_comes_between_two_pages_moves_nobody(system: System, crowd: list[str], clock: Clock) -> None:
    first = ask(system, limit=5)
    clock.now += timedelta(minutes=1)
    newest = comes(system, 99)

    second = ask(system, limit=5, next_token=first["next_token"])
    again = ask(system, limit=5, previous_token=second["previous_token"])
    before = ask(system, limit=5, previous_token=again["previous_token"])

    assert (names(first), names(second)) == (crowd[:5], crowd[5:10])
    assert (names(again), names(before)) == (crowd[:5], [newest])


def test_the_way_back_from_an_empty_page_begins_at_the_end(system: System, crowd: list[str]) -> None:
    page = ask(system, limit=22)
    acting = [item for item in system.scan(USERS) if item["pk"] == crowd[-1]]
    for item in acting:
        _delete(item["pk"], item["sk"])

    empty = ask(system, limit=22, next_token=page["next_token"])
    back = ask(system, limit=22, previous_token=empty["previous_token"])

    assert names(empty) == []
    assert names(back) == crowd[:22]


def test_a_change_of_the_profile_moves_nobody(system: System, crowd: list[str]) -> None:
    body = {"user_name": "New", "first_name": "N", "last_name": "N", "mobile_phone": "+491701234567"}
    changed = system.http(f"PUT /v1/users/{crowd[7]}", body, by=ADMIN, headers={"if-match": "*"})

    assert changed.status == 200
    assert names(ask(system, limit=100)) == crowd


@pytest.mark.parametrize("person", [Person(), Person("organiser")], ids=["user", "organiser"])
def test_the_list_is_for_admins(system: System, person: Person) -> None:
    reply = system.http("GET /v1/users", by=person)

    assert (reply.status, reply.problem) == (403, "role-missing")


@pytest.mark.parametrize("kind", ["next_token", "previous_token"])
def test_a_token_that_was_made_up_is_refused(system: System, kind: str) -> None:
    reply = system.http("GET /v1/users", by=ADMIN, query={kind: "bm90IG91cnM"})

    assert (reply.status, reply.problem) == (400, "bad-token")


def _delete(pk: str, sk: str) -> None:
    boto3.client("dynamodb").delete_item(TableName="test-users", Key={"pk": {"S": pk}, "sk": {"S": sk}})
