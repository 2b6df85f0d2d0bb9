"""Responses of users, except those to invalid requests."""

from typing import Any

import pytest

from local.actors import wait_for
from local.client import Client
from tests.support.fixtures.answers import RecordedResponse, RecordingClient
from tests.support.fixtures.e2e_fixture import E2EFixture

SETTINGS = {"locale": "de", "zone": "Europe/Berlin", "channels": ["email"]}
SERVICES = {"user", "auth", "booking", "payment", "ticket", "notify"}  # a buyer has no data in events
NAMES = ("user_name", "first_name", "last_name", "mobile_phone")


def wait_for_profile(send: RecordingClient, by: Client, call: str) -> RecordedResponse:
    """Wait until the user's profile exists, and return the response."""
    return wait_for(lambda: response if (response := send(by, call)).outcome == (200, "done") else None, "the profile")


@pytest.mark.parametrize("suffix", ["", "/settings"])
def test_profile_is_private_to_its_owner(suffix: str, e2e: E2EFixture, send: RecordingClient) -> None:
    me, own, other = e2e.buyer.client, f"/v1/users/{e2e.buyer.id}{suffix}", f"/v1/users/{e2e.stranger.id}{suffix}"

    found = wait_for_profile(send, me, f"GET {own}")
    if_match = {"If-Match": found.headers["ETag"]}
    edit: dict[str, Any] = SETTINGS if suffix else {name: found.json[name] for name in NAMES} | {"last_name": "Other"}

    assert send(me, f"GET {other}").outcome == (404, "user-not-found")
    assert send(me, f"PUT {own}", edit, headers=if_match).outcome == (200, "done")
    assert send(me, f"PUT {other}", edit, headers=if_match).outcome == (404, "user-not-found")
    assert send(me, f"PUT {own}", edit, headers=if_match).outcome == (412, "stale-version")
    assert send(me, f"PUT {own}", edit).outcome == (428, "if-match-required")
    assert send(e2e.admin, f"GET {own}").json == send(me, f"GET {own}").json


def test_admin_lists_all_users(e2e: E2EFixture, send: RecordingClient) -> None:
    actors = (e2e.organiser, e2e.staff, e2e.buyer, e2e.stranger)
    for one in actors:
        wait_for_profile(send, one.client, f"GET /v1/users/{one.id}")

    page = send(e2e.admin, "GET /v1/users?limit=2")
    users = page.json["items"]
    while page.json["next_token"]:
        page = send(e2e.admin, f"GET /v1/users?limit=2&next_token={page.json['next_token']}")
        users += page.json["items"]

    assert {one.id for one in actors} <= {one["id"] for one in users}
    assert [one["created_at"] for one in users] == sorted((one["created_at"] for one in users), reverse=True)


def test_export_contains_own_records_only(e2e: E2EFixture, send: RecordingClient) -> None:
    me, export = e2e.buyer.client, f"/v1/users/{e2e.buyer.id}/export"
    wait_for_profile(send, me, f"GET /v1/users/{e2e.buyer.id}")

    def read_all_pages() -> list[dict[str, Any]] | None:
        page = send(me, f"GET {export}")
        records: list[dict[str, Any]] = page.json["records"]
        while page.json["next_token"]:
            page = send(me, f"GET {export}?next_token={page.json['next_token']}")
            assert page.outcome == (200, "done")
            records += page.json["records"]
        return records if {one["service"] for one in records} >= SERVICES else None

    all_records = wait_for(read_all_pages, "the records of every service")
    assert {one["service"] for one in all_records} == SERVICES
    assert e2e.buyer.email in str(all_records)
    assert send(e2e.stranger.client, f"GET {export}").outcome == (404, "user-not-found")
