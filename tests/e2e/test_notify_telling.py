"""People are told by mail, over the whole deployed system: in their language, when their event changes, once."""

from typing import Any

import pytest

from local.client import Client
from local.people import Person, held, mails_to, settled, tickets_of, until
from local.stack import Stack
from local.tables import items
from notify.core.repository import contact_key
from tests.support.house import FREE, House
from tests.support.redeploy import redeployed

CALM = {"notify/core/audience.py": ("_CALM_HERE = timedelta(seconds=2)", "_CALM_HERE = timedelta(seconds=20)")}


@pytest.fixture(scope="module")
def mailbox(stack: Stack) -> Client:
    return Client(stack.mailbox)


def mail(mailbox: Client, to: Person, subject: str) -> dict[str, Any]:
    """The only mail of this subject, once it has come."""
    [found] = until(lambda: mails_to(mailbox, to, subject) or None, f"the mail about {subject}")
    return found


def party(house: House, name: str) -> dict[str, Any]:
    return house.organiser.publishes(house.free, name, [{"name": "Entry"} | FREE])


def prefers(stack: Stack, who: Person, locale: str, *channels: str) -> None:
    """The person's settings, once notify has heard of them: until then it goes by those of the registration."""
    wanted = {"locale": locale, "zone": "Europe/Berlin", "channels": list(channels)}
    settings = f"/v1/users/{who.id}/settings"
    until(lambda: who.client.call("GET", settings).status == 200 or None, "the profile")
    who.client.must("PUT", settings, wanted, if_match="*")

    def heard() -> bool | None:
        kept = items(stack, "notifications")["notifications"]
        mine = [one for one in kept if one["pk"] == contact_key(who.id)["pk"] and "settings_version" in one]
        return any((one["locale"], list(one["channels"])) == (locale, list(channels)) for one in mine) or None

    until(heard, "the settings at notify")


def moved(house: House, event: dict[str, Any], **fields: Any) -> None:
    """The event, edited by its organiser."""
    client, address = house.organiser.client, f"/v1/users/{house.organiser.id}/events/{event['id']}"
    seen = client.must("GET", address)
    kept = ("category_id", "name", "venue", "city", "zone", "starts_at", "ends_at", "max_per_user", "hold_seconds")
    wanted = {name: seen[name] for name in kept} | fields
    client.must("PUT", f"/v1/events/{event['id']}", wanted, if_match="*")


def told(who: Person, kind: str) -> list[str]:
    return [one["status"] for one in who.client.must("GET", "/v1/notifications")["items"] if one["kind"] == kind]


def test_who_prefers_german_gets_tickets_in_german(house: House, mailbox: Client) -> None:
    guest = Person.registers(house.nobody, "greta")
    prefers(house.stack, guest, "de", "email")
    event = party(house, "Sommernacht")

    settled(guest, held(guest, event["id"], 1), "CONFIRMED")

    found = mail(mailbox, guest, "Ihre Tickets für Sommernacht")
    assert "Hier ist Ihr Ticket" in found["text"]


def test_a_change_is_told_to_everybody_with_tickets_once_as_they_want_it(house: House, mailbox: Client) -> None:
    keen, quiet = (Person.registers(house.nobody, name) for name in ("karl", "quinn"))
    prefers(house.stack, quiet, "en")
    event = party(house, "Winternacht")
    for guest in (keen, quiet):
        tickets_of(guest, settled(guest, held(guest, event["id"], 1), "CONFIRMED"))
        until(lambda: told(guest, "tickets_created") or None, "notify's knowledge of the holder")  # noqa: B023 - at once

    with redeployed(house.stack, "notify.tell_changes", CALM):  # both edits come before the first is told of
        moved(house, event, venue="Alte Halle")
        moved(house, event, venue="Neue Halle")
        mail(mailbox, keen, "Winternacht has changed")

    found = mail(mailbox, keen, "Winternacht has changed")
    assert "→ Neue Halle" in found["text"]
    assert "Alte Halle" not in found["text"]
    assert until(lambda: told(quiet, "event_changed") == ["KEPT"] or None, "the quiet one's list")
    assert until(lambda: told(keen, "event_changed") == ["CREATED"] or None, "the keen one's list")
    assert mails_to(mailbox, quiet, "has changed") == []
