"""GET /v1/users: newest first across days and shards, in both directions, for admins."""

from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest

from common import ids
from common.bus.auth import UserRegistered
from infra.topology import USERS
from tests.support.fixtures.movable_clock import MovableClock
from tests.support.system.system import Person, System

pytestmark = pytest.mark.moto

ADMIN = Person("admin")


def user_registered(number: int) -> UserRegistered:
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


def register(system: System, number: int) -> str:
    system.deliver(user_registered(number), "user.on_user_registered")
    return user_registered(number).user_id


@pytest.fixture
def registered_ids(system: System, clock: MovableClock) -> list[str]:
    """The ids of 23 users registered over several days with gaps, newest first."""
    ids_oldest_first = []
    for number in range(23):
        clock.now += timedelta(hours=(0, 5, 60)[number % 3], milliseconds=1)
        ids_oldest_first.append(register(system, number))
    return ids_oldest_first[::-1]


def list_users(system: System, **query: Any) -> dict[str, Any]:
    response = system.http("GET /v1/users", by=ADMIN, query={name: str(value) for name, value in query.items()})
    assert response.status == 200, response.json
    page: dict[str, Any] = response.json
    return page


def page_ids(page: dict[str, Any]) -> list[str]:
    return [item["id"] for item in page["items"]]


@pytest.mark.parametrize("limit", [1, 2, 5, 22, 23, 100])
def test_users_are_listed_newest_first_both_ways(system: System, registered_ids: list[str], limit: int) -> None:
    pages = [list_users(system, limit=limit)]
    while pages[-1]["next_token"]:
        pages.append(list_users(system, limit=limit, next_token=pages[-1]["next_token"]))
    back = [pages[-1]]
    while back[-1]["previous_token"]:
        back.append(list_users(system, limit=limit, previous_token=back[-1]["previous_token"]))

    assert [user_id for page in pages for user_id in page_ids(page)] == registered_ids
    assert [page_ids(page) for page in back[::-1]] == [page_ids(page) for page in pages]
    assert (pages[0]["previous_token"], back[-1]["previous_token"]) == (None, None)


def test_listing_keys_spread_over_days_and_shards(system: System, registered_ids: list[str]) -> None:
    """So that no index key gets all writes."""
    profiles = [item for item in system.scan(USERS) if item["sk"] == "profile"]

    assert {item["joined"].split("#")[0] for item in profiles} == {item["created_at"][:10] for item in profiles}
    assert {item["joined"].split("#")[1] for item in profiles} == {"0", "1", "2", "3"}
    assert len(profiles) == len(registered_ids)


def test_user_list_is_empty_initially(system: System) -> None:
    assert list_users(system) == {"items": [], "next_token": None, "previous_token": None}


def test_new_user_between_pages_shifts_nothing(system: System, registered_ids: list[str], clock: MovableClock) -> None:
    first = list_users(system, limit=5)
    clock.now += timedelta(minutes=1)
    newest = register(system, 99)

    second = list_users(system, limit=5, next_token=first["next_token"])
    again = list_users(system, limit=5, previous_token=second["previous_token"])
    before = list_users(system, limit=5, previous_token=again["previous_token"])

    assert (page_ids(first), page_ids(second)) == (registered_ids[:5], registered_ids[5:10])
    assert (page_ids(again), page_ids(before)) == (registered_ids[:5], [newest])


def test_previous_page_of_an_empty_page_is_last(system: System, registered_ids: list[str]) -> None:
    page = list_users(system, limit=22)
    items = [item for item in system.scan(USERS) if item["pk"] == registered_ids[-1]]
    for item in items:
        _delete(item["pk"], item["sk"])

    empty = list_users(system, limit=22, next_token=page["next_token"])
    back = list_users(system, limit=22, previous_token=empty["previous_token"])

    assert page_ids(empty) == []
    assert page_ids(back) == registered_ids[:22]


def test_profile_update_keeps_list_position(system: System, registered_ids: list[str]) -> None:
    body = {"user_name": "New", "first_name": "N", "last_name": "N", "mobile_phone": "+491701234567"}
    response = system.http(f"PUT /v1/users/{registered_ids[7]}", body, by=ADMIN, headers={"if-match": "*"})

    assert response.status == 200
    assert page_ids(list_users(system, limit=100)) == registered_ids


@pytest.mark.parametrize("person", [Person(), Person("organiser")], ids=["user", "organiser"])
def test_only_admins_list_users(system: System, person: Person) -> None:
    response = system.http("GET /v1/users", by=person)

    assert (response.status, response.problem) == (403, "role-missing")


@pytest.mark.parametrize("kind", ["next_token", "previous_token"])
def test_forged_token_is_rejected(system: System, kind: str) -> None:
    response = system.http("GET /v1/users", by=ADMIN, query={kind: "bm90IG91cnM"})

    assert (response.status, response.problem) == (400, "invalid-page-token")


def _delete(pk: str, sk: str) -> None:
    boto3.client("dynamodb").delete_item(TableName="test-users", Key={"pk": {"S": pk}, "sk": {"S": sk}})
