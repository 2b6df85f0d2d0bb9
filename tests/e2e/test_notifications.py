"""Mails are in the user's language, and an event change notifies each holder once, on the deployed system."""

from typing import Any

import pytest

from local.actors import Actor, hold_places, list_mails_to, wait_for, wait_for_booking, wait_for_tickets
from local.client import Client
from local.stack import Stack
from local.tables import scan_tables
from notify.core.repository import contact_key
from tests.support.faults.redeploy import redeployed
from tests.support.fixtures.e2e_fixture import FREE, E2EFixture

LONG_QUIET_PERIOD = {
    "notify/core/event_announcements.py": (
        "_SHORT_QUIET_PERIOD = timedelta(seconds=2)",
        "_SHORT_QUIET_PERIOD = timedelta(seconds=20)",
    )
}


@pytest.fixture(scope="module")
def mailbox(stack: Stack) -> Client:
    return Client(stack.mailbox)


def wait_for_mail(mailbox: Client, recipient: Actor, subject: str) -> dict[str, Any]:
    """Wait for the only mail with this subject, and return it."""
    [mail] = wait_for(lambda: list_mails_to(mailbox, recipient, subject) or None, f"the mail about {subject}")
    return mail


def publish_free_event(e2e: E2EFixture, name: str) -> dict[str, Any]:
    return e2e.organiser.publish_event(e2e.free_category, name, [{"name": "Entry"} | FREE])


def set_preferences(stack: Stack, actor: Actor, locale: str, *channels: str) -> None:
    """Change the user's settings, and wait until notify has them."""
    preferences = {"locale": locale, "zone": "Europe/Berlin", "channels": list(channels)}
    settings = f"/v1/users/{actor.id}/settings"
    wait_for(lambda: actor.client.request("GET", settings).status == 200 or None, "the profile")
    actor.client.request_json("PUT", settings, preferences, if_match="*")

    def settings_arrived() -> bool | None:
        stored = scan_tables(stack, "notifications")["notifications"]
        contacts = [one for one in stored if one["pk"] == contact_key(actor.id)["pk"] and "settings_version" in one]
        return any((one["locale"], list(one["channels"])) == (locale, list(channels)) for one in contacts) or None

    wait_for(settings_arrived, "the settings at notify")


def edit_event(e2e: E2EFixture, event: dict[str, Any], **fields: Any) -> None:
    """Change these fields of the event as its organiser."""
    client, address = e2e.organiser.client, f"/v1/users/{e2e.organiser.id}/events/{event['id']}"
    event_before = client.request_json("GET", address)
    unchanged = ("category_id", "name", "venue", "city", "zone", "starts_at", "ends_at", "max_per_user", "hold_seconds")
    event_request = {name: event_before[name] for name in unchanged} | fields
    client.request_json("PUT", f"/v1/events/{event['id']}", event_request, if_match="*")


def notification_statuses(actor: Actor, kind: str) -> list[str]:
    return [
        one["status"] for one in actor.client.request_json("GET", "/v1/notifications")["items"] if one["kind"] == kind
    ]


def test_tickets_mail_uses_preferred_language(e2e: E2EFixture, mailbox: Client) -> None:
    guest = Actor.register(e2e.anonymous, "greta")
    set_preferences(e2e.stack, guest, "de", "email")
    event = publish_free_event(e2e, "Sommernacht")

    wait_for_booking(guest, hold_places(guest, event["id"], 1), "CONFIRMED")

    mail = wait_for_mail(mailbox, guest, "Ihre Tickets für Sommernacht")
    assert "Hier ist Ihr Ticket" in mail["text"]


def test_event_change_notifies_each_holder_once(e2e: E2EFixture, mailbox: Client) -> None:
    subscribed, unsubscribed = (Actor.register(e2e.anonymous, name) for name in ("karl", "quinn"))
    set_preferences(e2e.stack, unsubscribed, "en")
    event = publish_free_event(e2e, "Winternacht")
    for guest in (subscribed, unsubscribed):
        wait_for_tickets(guest, wait_for_booking(guest, hold_places(guest, event["id"], 1), "CONFIRMED"))
        wait_for(lambda: notification_statuses(guest, "tickets_created") or None, "the holder at notify")  # noqa: B023 - called at once

    with redeployed(
        e2e.stack, "notify.announce_event_changes", LONG_QUIET_PERIOD
    ):  # both edits come before the first announcement
        edit_event(e2e, event, venue="Alte Halle")
        edit_event(e2e, event, venue="Neue Halle")
        wait_for_mail(mailbox, subscribed, "Winternacht has changed")

    mail = wait_for_mail(mailbox, subscribed, "Winternacht has changed")
    assert "→ Neue Halle" in mail["text"]
    assert "Alte Halle" not in mail["text"]
    assert wait_for(
        lambda: notification_statuses(unsubscribed, "event_changed") == ["SUPPRESSED"] or None,
        "the suppressed notification",
    )
    assert wait_for(
        lambda: notification_statuses(subscribed, "event_changed") == ["SENT"] or None, "the sent notification"
    )
    assert list_mails_to(mailbox, unsubscribed, "has changed") == []
