"""People are told by mail, over the whole deployed system: in their language, when their event changes, once."""

from typing import Any

import pytest

from local.client import Client
from local.people import Person, held, mails_to, settled, tickets_of, until
from local.stack import Stack
from tests.support.house import FREE, House


@pytest.fixture(scope="module")
def mailbox(stack: Stack) -> Client:
    return Client(stack.mailbox)


def mail(mailbox: Client, to: Person, subject: str) -> dict[str, Any]:
    """The only mail of this subject, once it has come."""
    [found] = until(lambda: mails_to(mailbox, to, subject) or None, f"the mail about {subject}")
    return found


def party(house: House, name: str) -> dict[str, Any]:
    return house.organiser.publishes(house.free, name, [{"name": "Entry"} | FREE])


def prefers(who: Person, locale: str, *channels: str) -> None:
    wanted = {"locale": locale, "zone": "Europe/Berlin", "channels": list(channels)}
    settings = f"/v1/users/{who.id}/settings"
    until(lambda: who.client.call("GET", settings).status == 200 or None, "the profile")
    who.client.must("PUT", settings, wanted, if_match="*")


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
    prefers(guest, "de", "email")
    event = party(house, "Sommernacht")

    settled(guest, held(guest, event["id"], 1), "CONFIRMED")

    found = mail(mailbox, guest, "Ihre Tickets für Sommernacht")
    assert "Hier ist Ihr Ticket" in found["text"]


def test_a_change_is_told_to_everybody_with_tickets_once_as_they_want_it(house: House, mailbox: Client) -> None:
    keen, quiet = (Person.registers(house.nobody, name) for name in ("karl", "quinn"))
    prefers(quiet, "en")
    event = party(house, "Winternacht")
    for guest in (keen, quiet):
        tickets_of(guest, settled(guest, held(guest, event["id"], 1), "CONFIRMED"))

    moved(house, event, venue="Alte Halle")
    moved(house, event, venue="Neue Halle")

    found = mail(mailbox, keen, "Winternacht has changed")
    assert "→ Neue Halle" in found["text"]
    assert "Alte Halle" not in found["text"]
    assert until(lambda: told(quiet, "event_changed") == ["KEPT"] or None, "the quiet one's list")
    assert told(keen, "event_changed") == ["CREATED"]
    assert mails_to(mailbox, quiet, "has changed") == []
