"""Contacts and settings, in whatever order and however often their bus events arrive."""

from typing import Any

import pytest

from common import clock, store
from common.bus import BusEvent
from common.bus.booking import BookingExpired
from common.bus.events import EventPublished
from common.bus.ticket import TicketOffered
from common.store import Put
from infra import topology
from notify.core import repository
from tests.support.drivers.notify_driver import (
    ADDRESS,
    BUYER,
    EVENT,
    LATER,
    NOW,
    body_text,
    booking_fields,
    deliver_copies,
    event_envelope,
    event_message,
    notifications,
    notify,
    send_pending,
    sent_mails,
    settings_changed,
    single_item,
    user_registered,
    user_updated,
)
from tests.support.system.in_memory_system import InMemorySystem
from tests.support.system.system import System, row

pytestmark = pytest.mark.moto


def ticket_offered() -> TicketOffered:
    offer = {"transfer_id": "the-offer", "ticket_id": "t", "event_id": EVENT, "from_user_id": BUYER.user_id}
    return TicketOffered(**event_envelope() | offer)


def test_contact_stores_only_what_emails_need(system: System) -> None:
    deliver_copies(system, user_registered())

    [contact] = system.scan(topology.NOTIFICATIONS)

    assert set(contact) == {"pk", "sk", "email", "user_name", "first_name", "last_name", "locale"}


def test_contact_does_not_depend_on_event_order() -> None:
    # The newer names carry an older timestamp: the version counts, not the clock.
    first, second, third = (
        user_registered(locale="de"),
        user_updated("Augusta", 2, LATER),
        user_updated("Ada Augusta", 3, NOW),
    )
    early, late = settings_changed("email", locale="de", version=2), settings_changed(locale="en", version=3)
    orders: list[tuple[BusEvent, ...]] = [
        (first, second, third, early, late),
        (late, third, second, early, first),
        (second, late, first, early, third),
        (third, early, first, first, second, late, third),
    ]

    results: list[list[dict[str, Any]]] = []
    for order in orders:
        with InMemorySystem().running() as own:
            deliver_copies(own, *order)
            results.append(own.scan(topology.NOTIFICATIONS))

    assert all(one == results[0] for one in results)
    assert (results[0][0]["email"], results[0][0]["first_name"]) == (ADDRESS, "Ada Augusta")
    assert (results[0][0]["locale"], results[0][0]["channels"]) == ("en", [])


def test_greeting_uses_the_newest_name(system: System) -> None:
    deliver_copies(system, user_updated("Augusta"), user_registered(), event_message(EventPublished))

    notify(system, BookingExpired(**booking_fields()))

    assert body_text(sent_mails()[0]).startswith("Hello Augusta,")


@pytest.mark.parametrize(
    ("channels", "status"),
    [(("email",), "SENT"), ((), "SUPPRESSED"), (("push",), "SUPPRESSED"), (("push", "email"), "SENT")],
)
def test_optional_notification_is_emailed_by_channel_settings(
    system: System, channels: tuple[str, ...], status: str
) -> None:
    deliver_copies(system, user_registered(), event_message(EventPublished), settings_changed(*channels))

    notify(system, ticket_offered())

    assert notifications(system)[0]["status"] == status
    assert len(sent_mails()) == (status == "SENT")
    assert system.http("GET /v1/notifications", by=BUYER).json["items"][0]["status"] == status


@pytest.mark.parametrize(("address", "status"), [(None, "DISCARDED"), ("mail.test", "FAILED")])
def test_offer_to_unknown_user_is_discarded_without_alarm(
    system: System, capfd: pytest.CaptureFixture[str], address: str | None, status: str
) -> None:
    deliver_copies(system, event_message(EventPublished), *([user_registered(email=address)] if address else []))

    notify(system, ticket_offered())
    assert send_pending(system, tries=7)

    assert notifications(system)[0]["status"] == status
    assert ("EmailsFailed" in capfd.readouterr().out) == (status == "FAILED")


def test_mandatory_notification_ignores_channel_settings(system: System) -> None:
    deliver_copies(system, user_registered(), event_message(EventPublished), settings_changed())

    notify(system, BookingExpired(**booking_fields()))

    assert [one["status"] for one in notifications(system)] == ["SENT"]


def test_erased_user_gets_no_email_and_stays_erased(system: System) -> None:
    deliver_copies(system, event_message(EventPublished), user_registered())
    with system.as_function(row("notify.on_booking_expired")):
        tombstone = repository.contact_key(BUYER.user_id) | {"erased_at": clock.iso(clock.now())}
        store.write(Put("notifications", tombstone))
    deliver_copies(system, user_registered(), user_updated("Ada"), settings_changed("email"))

    assert notify(system, BookingExpired(**booking_fields()))

    assert (sent_mails(), notifications(system)[0]["status"]) == ([], "DISCARDED")
    assert set(single_item(system, "contact")) == {"pk", "sk", "erased_at"}
