"""What people are told is mailed to them once, to the right address, with their tickets."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from icalendar import Calendar

from common import clock, env, ids
from common.bus import BusEvent
from common.bus.booking import BookingCancelled, BookingExpired, BookingFailed
from common.bus.events import EventPublished
from common.bus.notify import NotiCreated, NotiPending
from common.bus.ticket import TicketCreated, TicketReissued
from common.outbox import published
from infra import topology
from local import scanner
from notify.core import shows
from tests.support.postbox import (
    ADDRESS,
    BOOKING,
    BUYER,
    EVENT,
    NOW,
    OTHER_ADDRESS,
    TAKER,
    about,
    dying,
    logged,
    mails,
    meet,
    notices,
    post,
    refunded,
    refusing,
    registered,
    send,
    show,
    sold,
    taker,
    tell,
    transferred,
    updated,
    words,
)
from tests.support.system import SENDER, System, row

pytestmark = pytest.mark.moto

TOLD: dict[str, Callable[[], BusEvent]] = {
    "booking_expired": lambda: BookingExpired(**about()),
    "booking_failed": lambda: BookingFailed(**about(), reason="no_room"),
    "booking_cancelled": lambda: BookingCancelled(**about(), reason="buyer"),
    "payment_refunded": refunded,
}


@pytest.fixture(autouse=True)
def at_noon() -> Iterator[None]:
    clock.use(lambda: NOW)
    yield
    clock.use()


@pytest.fixture
def known(system: System) -> System:
    """Where the buyer and the event are known, and that the booking is for the event."""
    meet(system, registered(), show(EventPublished))
    with system.acting(row("notify.on_booking_failed")):
        shows.remember(BOOKING, EVENT)
    return system


@pytest.mark.parametrize("kind", TOLD)
def test_each_bus_event_is_told_in_one_mail_and_kept_with_every_attribute(known: System, kind: str) -> None:
    event = TOLD[kind]()
    assert tell(known, event)

    [mail] = mails()
    assert (mail["From"], mail["To"]) == (SENDER, ADDRESS)
    assert words(mail).startswith("Hello Ada,\n")
    assert BOOKING in words(mail)
    assert BOOKING in words(mail, "html")
    assert "Élan <b>Vital</b>" in mail["Subject"]
    [shown] = known.http("GET /v1/notifications", by=BUYER).json["items"]
    assert shown == {
        "id": ids.derive("notification", kind, event.bus_event_id),
        "user_id": BUYER.user_id,
        "kind": kind,
        "status": "CREATED",
        "booking_id": BOOKING,
        "event_id": None if kind == "payment_refunded" else EVENT,
        "payment_id": ids.derive("test", "payment") if kind == "payment_refunded" else None,
        "ticket_id": None,
        "transfer_id": None,
        "tries": 1,
        "sent_at": "2026-03-01T12:00:00Z",
        "read_at": None,
        "created_at": "2026-03-01T12:00:00Z",
        "updated_at": "2026-03-01T12:00:00Z",
    }


def test_the_tickets_come_with_qr_codes_that_decode_and_a_calendar_file(known: System) -> None:
    assert tell(known, sold(known))

    [mail] = mails()
    stored = {one["qr_payload"]: one["code"] for one in known.scan(topology.TICKETS) if one["sk"] == "ticket"}
    parts = {kind: [p for p in mail.walk() if p.get_content_type() == kind] for kind in ("image/png", "text/calendar")}
    pictures = [part.get_content() for part in parts["image/png"]]
    decoded = {scanner.text(one) for one in pictures}
    assert decoded == set(stored)
    assert all(code in words(mail) for code in stored.values())
    for part in parts["image/png"]:
        assert f"cid:{part['Content-ID'].strip('<>')}" in words(mail, "html")
    [attached] = parts["text/calendar"]
    assert len(Calendar.from_ical(attached.get_content()).walk("VEVENT")) == 1
    assert "Monday, 1 June 2026, 20:00 (Europe/Zurich), Große Halle, Zürich." in words(mail)
    assert "Here are your 2 tickets" in words(mail)


def test_what_people_have_typed_begins_no_header_and_no_tag(system: System) -> None:
    name = "Élan <b>Vital</b>\r\nBcc: everybody@mail.test"
    meet(system, registered(first_name="<script>alert(1)</script> {event}"), show(EventPublished, name=name))

    tell(system, sold(system))

    [mail] = mails()
    assert mail["Bcc"] is None
    assert mail["Subject"] == "Your tickets for Élan <b>Vital</b> Bcc: everybody@mail.test"
    page = words(mail, "html")
    assert "<script>" not in page
    assert "<b>" not in page
    assert "Floor &amp; Pit" in page
    assert "{event}" in page


def test_a_ticket_that_was_passed_on_is_sent_to_its_new_owner_only(known: System) -> None:
    meet(known, taker())
    made = sold(known)
    mine, theirs = [one for one in known.scan(topology.TICKETS) if one["sk"] == "ticket"]
    own = next(one for one in made.ticket_ids if one == theirs["id"])
    offer = known.http(f"POST /v1/tickets/{own}/transfer", {"to_user_id": TAKER.user_id}, by=BUYER).json
    new = known.http(f"POST /v1/transfers/{offer['id']}/accept", by=TAKER).json

    assert tell(known, made)
    assert tell(known, transferred(new["id"]))

    to_buyer, *others = mails()
    received, given = sorted(others, key=lambda mail: mail["To"] == ADDRESS)
    assert (mine["code"] in words(to_buyer), new["code"] in words(to_buyer)) == (True, False)
    assert (received["To"], given["To"]) == (OTHER_ADDRESS, ADDRESS)
    assert (new["code"] in words(received), mine["code"] in words(received)) == (True, False)
    assert "Ada has given you a ticket" in words(received)
    assert "Tom has accepted your ticket" in words(given)
    assert new["code"] not in words(given)


def test_a_ticket_with_a_new_code_comes_alone(known: System) -> None:
    made = sold(known)
    first, second = [one for one in known.scan(topology.TICKETS) if one["sk"] == "ticket"]

    assert tell(known, TicketReissued(**about(), ticket_id=first["id"]))

    assert first["code"] in words(mails()[0])
    assert second["code"] not in words(mails()[0])
    assert made.ticket_ids


@pytest.mark.parametrize(
    "address", ["ada@mail.test\r\nBcc: everybody@mail.test", "ada lovelace@mail.test", "mail.test"]
)
def test_an_address_that_is_none_fails_without_being_told(
    system: System, caplog: pytest.LogCaptureFixture, address: str
) -> None:
    meet(system, registered(email=address), show(EventPublished))

    assert not tell(system, BookingExpired(**about()))
    assert post(system, tries=7)

    assert mails() == []
    assert notices(system)[0]["status"] == "FAILED"
    assert "NotSent" in logged(caplog)
    assert "mail.test" not in logged(caplog)


def test_a_message_that_comes_again_sends_nothing_again(known: System) -> None:
    event = BookingExpired(**about())
    known.deliver(event, "notify.on_booking_expired")
    [pending] = notices(known)
    send(known, pending)
    before = known.scan(topology.NOTICES)

    assert tell(known, event)
    assert send(known, pending)

    assert len(mails()) == 1
    assert known.scan(topology.NOTICES) == before


@pytest.mark.parametrize(
    ("first", "then", "said"),
    [
        (
            lambda: BookingFailed(**about(), reason="declined"),
            lambda: BookingFailed(**about(), reason="no_room"),
            ("was declined", "no places were left"),
        ),
        (lambda: refunded(3000), lambda: refunded(6000), ("30.00 EUR", "60.00 EUR")),
        (refunded, refunded, ("90.00 EUR", "90.00 EUR")),
    ],
    ids=["failed again for another reason", "two parts of a refund", "refunded again after the first failed"],
)
def test_what_happens_a_second_time_is_told_a_second_time(
    known: System, first: Callable[[], Any], then: Callable[[], Any], said: tuple[str, str]
) -> None:
    assert tell(known, first())
    assert tell(known, then())

    assert all(word in words(mail) for word, mail in zip(said, mails(), strict=True))
    assert [one["status"] for one in notices(known)] == ["CREATED", "CREATED"]
    assert {one["booking_id"] for one in notices(known)} == {BOOKING}


def test_dying_between_the_mail_and_its_mark_repeats_the_mail_rather_than_losing_it(known: System) -> None:
    known.deliver(BookingExpired(**about()), "notify.on_booking_expired")
    with dying("sesv2.SendEmail"):
        post(known)
    assert (len(mails()), notices(known)[0]["status"]) == (1, "PENDING")

    assert post(known)

    assert len(mails()) == 2
    assert notices(known)[0]["status"] == "CREATED"


def test_dying_after_the_mark_repeats_nothing(known: System) -> None:
    known.deliver(BookingExpired(**about()), "notify.on_booking_expired")
    [pending] = notices(known)
    with dying("dynamodb.UpdateItem"):
        send(known, pending)

    assert send(known, pending)

    assert len(mails()) == 1
    assert notices(known)[0]["version"] == 2


def test_the_bus_hears_of_pending_and_of_created(known: System) -> None:
    event = BookingExpired(**about())
    known.deliver(event, "notify.on_booking_expired")
    [pending] = published(notices(known)[0])
    post(known)
    [told] = published(notices(known)[0])

    assert isinstance(pending, NotiPending)
    assert isinstance(told, NotiCreated)
    assert (told.notification_id, told.user_id, told.kind) == (
        ids.derive("notification", "booking_expired", event.bus_event_id),
        BUYER.user_id,
        "booking_expired",
    )


def test_an_address_and_an_event_that_come_late_are_waited_for(system: System) -> None:
    assert not tell(system, BookingExpired(**about()))
    meet(system, updated("Ada"))
    assert not post(system)
    meet(system, registered())
    assert not post(system)
    meet(system, show(EventPublished))

    assert post(system)
    assert len(mails()) == 1


def test_a_mail_that_never_goes_out_ends_failed_and_stays_so(known: System) -> None:
    event = BookingExpired(**about())
    with refusing():
        assert not tell(known, event, tries=6)
        [pending] = notices(known)
        assert post(known, tries=7)

    assert tell(known, event)
    assert send(known, pending)

    assert notices(known)[0]["status"] == "FAILED"
    assert mails() == []


def test_giving_up_after_the_mail_went_out_changes_nothing(known: System) -> None:
    known.deliver(BookingExpired(**about()), "notify.on_booking_expired")
    events, seen = env.client("dynamodb").meta.events, list[int]()

    def lose_the_reply(**_: Any) -> None:
        seen.append(1)
        if len(seen) == 1:
            raise ConnectionError

    events.register("after-call.dynamodb.UpdateItem", lose_the_reply)
    assert post(known, tries=7)
    events.unregister("after-call.dynamodb.UpdateItem", lose_the_reply)

    assert seen
    assert (len(mails()), notices(known)[0]["status"]) == (1, "CREATED")


def test_a_record_that_cannot_be_written_is_tried_again(known: System) -> None:
    event, events = BookingExpired(**about()), env.client("dynamodb").meta.events

    def refuse(**_: Any) -> None:
        raise ClientError({"Error": {"Code": "ThrottlingException", "Message": "slow down"}}, "PutItem")

    events.register("before-call.dynamodb.PutItem", refuse)
    assert not tell(known, event)
    events.unregister("before-call.dynamodb.PutItem", refuse)

    assert tell(known, event)
    assert len(mails()) == 1


def test_tickets_that_are_not_rendered_yet_are_asked_for_again(known: System) -> None:
    assert not tell(known, TicketCreated(**about(), ticket_ids=("t",)))
    assert mails() == []
    sold(known)

    assert post(known)
    assert len(mails()) == 1


def test_tickets_that_became_void_before_the_mail_are_not_sent_and_leave_nothing_open(
    known: System, capfd: pytest.CaptureFixture[str]
) -> None:
    made = sold(known)
    gone = BookingCancelled(**about(), reason="ticket_rejected")
    known.deliver(gone, "ticket.on_booking_cancelled")

    assert tell(known, made)
    assert tell(known, made)

    [notice] = notices(known)
    assert (mails(), notice["status"], notice["kind"]) == ([], "DROPPED", "tickets_created")
    assert [one["did"] for one in notice["logs"]] == ["create", "drop"]
    assert "MailsFailed" not in capfd.readouterr().out
    assert known.http("GET /v1/notifications", by=BUYER).json["items"][0]["status"] == "DROPPED"


def test_no_address_name_or_phone_is_logged_or_kept_with_what_was_told(
    known: System, caplog: pytest.LogCaptureFixture
) -> None:
    meet(known, updated("Augusta"))
    with refusing():
        assert not tell(known, BookingExpired(**about()))
    post(known)

    personal = (ADDRESS, "Lovelace", "Augusta", "4915112345678")
    assert "MessageRejected" in logged(caplog)
    assert not any(word in logged(caplog) for word in personal)
    assert not any(word in str(notices(known)) for word in personal)


def test_every_mail_that_is_sent_is_counted(known: System, capfd: pytest.CaptureFixture[str]) -> None:
    tell(known, BookingExpired(**about()))

    counted = [json.loads(line) for line in capfd.readouterr().out.splitlines() if "MailsSent" in line]

    assert [one["MailsSent"] for one in counted] == [[1.0]]


def test_the_mail_service_refuses_a_sender_that_is_not_verified(known: System) -> None:
    boto3.client("sesv2").delete_email_identity(EmailIdentity=SENDER)

    assert not tell(known, BookingExpired(**about()))
    assert mails() == []
