"""How people are reached, and what they want to hear, however late and often the news of it come."""

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
from tests.support.memory import Memory
from tests.support.postbox import (
    ADDRESS,
    BUYER,
    EVENT,
    LATER,
    NOW,
    about,
    envelope,
    item,
    mails,
    meet,
    notices,
    post,
    registered,
    settings,
    show,
    tell,
    updated,
    words,
)
from tests.support.system import System, row

pytestmark = pytest.mark.moto


def offered() -> TicketOffered:
    offer = {"transfer_id": "the-offer", "ticket_id": "t", "event_id": EVENT, "from_user_id": BUYER.user_id}
    return TicketOffered(**envelope() | offer)


def test_a_contact_is_what_a_mail_needs_and_never_rides_the_bus(system: System) -> None:
    meet(system, registered())

    [contact] = system.scan(topology.NOTICES)

    assert set(contact) == {"pk", "sk", "email", "user_name", "first_name", "last_name", "locale"}


def test_a_contact_ends_the_same_in_whatever_order_its_news_arrive() -> None:
    # Whoever wrote the newer names had a clock that was behind.
    first, second, third = registered(locale="de"), updated("Augusta", 2, LATER), updated("Ada Augusta", 3, NOW)
    early, late = settings("email", locale="de", version=2), settings(locale="en", version=3)
    orders: list[tuple[BusEvent, ...]] = [
        (first, second, third, early, late),
        (late, third, second, early, first),
        (second, late, first, early, third),
        (third, early, first, first, second, late, third),
    ]

    ends: list[list[dict[str, Any]]] = []
    for order in orders:
        with Memory().running() as own:
            meet(own, *order)
            ends.append(own.scan(topology.NOTICES))

    assert all(one == ends[0] for one in ends)
    assert (ends[0][0]["email"], ends[0][0]["first_name"]) == (ADDRESS, "Ada Augusta")
    assert (ends[0][0]["locale"], ends[0][0]["channels"]) == ("en", [])


def test_the_newest_name_is_greeted(system: System) -> None:
    meet(system, updated("Augusta"), registered(), show(EventPublished))

    tell(system, BookingExpired(**about()))

    assert words(mails()[0]).startswith("Hello Augusta,")


@pytest.mark.parametrize(
    ("channels", "status"), [(("email",), "CREATED"), ((), "KEPT"), (("push",), "KEPT"), (("push", "email"), "CREATED")]
)
def test_what_need_not_be_mailed_is_mailed_to_those_who_want_mail(
    system: System, channels: tuple[str, ...], status: str
) -> None:
    meet(system, registered(), show(EventPublished), settings(*channels))

    tell(system, offered())

    assert notices(system)[0]["status"] == status
    assert len(mails()) == (status == "CREATED")
    assert system.http("GET /v1/notifications", by=BUYER).json["items"][0]["status"] == status


@pytest.mark.parametrize(("address", "status"), [(None, "DROPPED"), ("mail.test", "FAILED")])
def test_an_offer_to_nobody_is_dropped_and_alarms_nobody(
    system: System, capfd: pytest.CaptureFixture[str], address: str | None, status: str
) -> None:
    meet(system, show(EventPublished), *([registered(email=address)] if address else []))

    tell(system, offered())
    assert post(system, tries=7)

    assert notices(system)[0]["status"] == status
    assert ("MailsFailed" in capfd.readouterr().out) == (status == "FAILED")


def test_what_concerns_money_is_mailed_whatever_the_settings_say(system: System) -> None:
    meet(system, registered(), show(EventPublished), settings())

    tell(system, BookingExpired(**about()))

    assert [one["status"] for one in notices(system)] == ["CREATED"]


def test_who_left_is_told_nothing_and_does_not_come_back(system: System) -> None:
    meet(system, show(EventPublished), registered())
    with system.acting(row("notify.on_booking_expired")):
        gone = repository.contact_key(BUYER.user_id) | {"erased_at": clock.iso(clock.now())}
        store.write(Put("notifications", gone))
    meet(system, registered(), updated("Ada"), settings("email"))

    assert tell(system, BookingExpired(**about()))

    assert (mails(), notices(system)[0]["status"]) == ([], "DROPPED")
    assert set(item(system, "contact")) == {"pk", "sk", "erased_at"}
