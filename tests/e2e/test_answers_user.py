"""What the calls of user answer, beside what their form brings."""

from typing import Any

import pytest

from local.client import Client
from local.people import until
from tests.support.answers import Asking, Reply
from tests.support.house import House

SETTINGS = {"locale": "de", "zone": "Europe/Berlin", "channels": ["email"]}
SERVICES = {"user", "auth", "booking", "payment", "ticket", "notify"}  # a buyer organises nothing
NAMES = ("user_name", "first_name", "last_name", "mobile_phone")


def there(ask: Asking, by: Client, call: str) -> Reply:
    """A profile follows its registration within a moment."""
    return until(lambda: found if (found := ask(by, call)).told == (200, "done") else None, "the profile")


@pytest.mark.parametrize("what", ["", "/settings"])
def test_one_sees_and_changes_oneself_only(what: str, house: House, ask: Asking) -> None:
    me, own, other = house.buyer.client, f"/v1/users/{house.buyer.id}{what}", f"/v1/users/{house.stranger.id}{what}"

    found = there(ask, me, f"GET {own}")
    seen = {"If-Match": found.headers["ETag"]}
    edit: dict[str, Any] = SETTINGS if what else {name: found.json[name] for name in NAMES} | {"last_name": "Other"}

    assert ask(me, f"GET {other}").told == (404, "user-unknown")
    assert ask(me, f"PUT {own}", edit, headers=seen).told == (200, "done")
    assert ask(me, f"PUT {other}", edit, headers=seen).told == (404, "user-unknown")
    assert ask(me, f"PUT {own}", edit, headers=seen).told == (412, "changed")
    assert ask(me, f"PUT {own}", edit).told == (428, "revision-missing")
    assert ask(house.admin, f"GET {own}").json == ask(me, f"GET {own}").json


def test_an_admin_finds_everybody(house: House, ask: Asking) -> None:
    people = (house.organiser, house.staff, house.buyer, house.stranger)
    for one in people:
        there(ask, one.client, f"GET /v1/users/{one.id}")

    page = ask(house.admin, "GET /v1/users?limit=2")
    found = page.json["items"]
    while page.json["next_token"]:
        page = ask(house.admin, f"GET /v1/users?limit=2&next_token={page.json['next_token']}")
        found += page.json["items"]

    assert {one.id for one in people} <= {one["id"] for one in found}
    assert [one["created_at"] for one in found] == sorted((one["created_at"] for one in found), reverse=True)


def test_one_gets_a_copy_of_everything_about_oneself_only(house: House, ask: Asking) -> None:
    me, copy = house.buyer.client, f"/v1/users/{house.buyer.id}/export"
    there(ask, me, f"GET /v1/users/{house.buyer.id}")

    def whole() -> list[dict[str, Any]] | None:
        page = ask(me, f"GET {copy}")
        records: list[dict[str, Any]] = page.json["records"]
        while page.json["next_token"]:
            page = ask(me, f"GET {copy}?next_token={page.json['next_token']}")
            assert page.told == (200, "done")
            records += page.json["records"]
        return records if {one["service"] for one in records} >= SERVICES else None

    found = until(whole, "every service's knowledge of the buyer")
    assert {one["service"] for one in found} == SERVICES
    assert house.buyer.email in str(found)
    assert ask(house.stranger.client, f"GET {copy}").told == (404, "user-unknown")
