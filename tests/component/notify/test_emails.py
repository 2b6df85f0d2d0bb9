"""Notifications are e-mailed once, to the right address, with the recipient's tickets."""

import json
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from icalendar import Calendar

from common import env, ids
from common.bus import BusEvent
from common.bus.booking import BookingCancelled, BookingExpired, BookingFailed
from common.bus.events import EventPublished
from common.bus.notify import NotiCreated, NotiPending
from common.bus.ticket import TicketCreated, TicketReissued
from common.outbox import outbox_events
from infra import topology
from local import qr_reader
from tests.support.drivers.notify_driver import (
    ADDRESS,
    BOOKING,
    BUYER,
    EVENT,
    OTHER_ADDRESS,
    OTHER_USER,
    body_text,
    booking_fields,
    deliver_copies,
    dying_after,
    event_message,
    issue_tickets,
    logged_text,
    notifications,
    notify,
    other_user_registered,
    payment_refunded,
    rejecting_emails,
    send_notification,
    send_pending,
    sent_mails,
    ticket_transferred,
    user_registered,
    user_updated,
)
from tests.support.system.system import SENDER, System

pytestmark = pytest.mark.moto

EMAILED_EVENTS: dict[str, Callable[[], BusEvent]] = {
    "booking_expired": lambda: BookingExpired(**booking_fields()),
    "booking_failed": lambda: BookingFailed(**booking_fields(), reason="no_room"),
    "booking_cancelled": lambda: BookingCancelled(**booking_fields(), reason="buyer"),
    "payment_refunded": payment_refunded,
}


@pytest.mark.parametrize("kind", EMAILED_EVENTS)
def test_each_bus_event_sends_one_email_and_is_listed(ready_system: System, kind: str) -> None:
    event = EMAILED_EVENTS[kind]()
    assert notify(ready_system, event)

    [mail] = sent_mails()
    assert (mail["From"], mail["To"]) == (SENDER, ADDRESS)
    assert body_text(mail).startswith("Hello Ada,\n")
    assert BOOKING in body_text(mail)
    assert BOOKING in body_text(mail, "html")
    assert "Élan <b>Vital</b>" in mail["Subject"]
    [listed] = ready_system.http("GET /v1/notifications", by=BUYER).json["items"]
    assert listed == {
        "id": ids.derive("notification", kind, event.bus_event_id),
        "user_id": BUYER.user_id,
        "kind": kind,
        "status": "SENT",
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


def test_ticket_email_has_qr_codes_and_calendar_file(ready_system: System) -> None:
    assert notify(ready_system, issue_tickets(ready_system))

    [mail] = sent_mails()
    stored = {one["qr_payload"]: one["code"] for one in ready_system.scan(topology.TICKETS) if one["sk"] == "ticket"}
    parts = {kind: [p for p in mail.walk() if p.get_content_type() == kind] for kind in ("image/png", "text/calendar")}
    pictures = [part.get_content() for part in parts["image/png"]]
    decoded = {qr_reader.read_text(one) for one in pictures}
    assert decoded == set(stored)
    assert all(code in body_text(mail) for code in stored.values())
    for part in parts["image/png"]:
        assert f"cid:{part['Content-ID'].strip('<>')}" in body_text(mail, "html")
    [attached] = parts["text/calendar"]
    assert len(Calendar.from_ical(attached.get_content()).walk("VEVENT")) == 1
    assert "Monday, 1 June 2026, 20:00 (Europe/Zurich), Große Halle, Zürich." in body_text(mail)
    assert "Here are your 2 tickets" in body_text(mail)


def test_user_input_cannot_inject_headers_or_html(system: System) -> None:
    name = "Élan <b>Vital</b>\r\nBcc: everybody@mail.test"
    deliver_copies(
        system,
        user_registered(first_name="<script>alert(1)</script> {event}"),
        event_message(EventPublished, name=name),
    )

    notify(system, issue_tickets(system))

    [mail] = sent_mails()
    assert mail["Bcc"] is None
    assert mail["Subject"] == "Your tickets for Élan <b>Vital</b> Bcc: everybody@mail.test"
    page = body_text(mail, "html")
    assert "<script>" not in page
    assert "<b>" not in page
    assert "Floor &amp; Pit" in page
    assert "{event}" in page


def test_transferred_ticket_is_emailed_to_its_new_owner_only(ready_system: System) -> None:
    deliver_copies(ready_system, other_user_registered())
    ticket_created = issue_tickets(ready_system)
    mine, theirs = [one for one in ready_system.scan(topology.TICKETS) if one["sk"] == "ticket"]
    own = next(one for one in ticket_created.ticket_ids if one == theirs["id"])
    offer = ready_system.http(f"POST /v1/tickets/{own}/transfer", {"to_user_id": OTHER_USER.user_id}, by=BUYER).json
    new = ready_system.http(f"POST /v1/transfers/{offer['id']}/accept", by=OTHER_USER).json

    assert notify(ready_system, ticket_created)
    assert notify(ready_system, ticket_transferred(new["id"]))

    to_buyer, *others = sent_mails()
    received, confirmation = sorted(others, key=lambda mail: mail["To"] == ADDRESS)
    assert (mine["code"] in body_text(to_buyer), new["code"] in body_text(to_buyer)) == (True, False)
    assert (received["To"], confirmation["To"]) == (OTHER_ADDRESS, ADDRESS)
    assert (new["code"] in body_text(received), mine["code"] in body_text(received)) == (True, False)
    assert "Ada has given you a ticket" in body_text(received)
    assert "Tom has accepted your ticket" in body_text(confirmation)
    assert new["code"] not in body_text(confirmation)


def test_reissued_ticket_is_emailed_alone(ready_system: System) -> None:
    ticket_created = issue_tickets(ready_system)
    first, second = [one for one in ready_system.scan(topology.TICKETS) if one["sk"] == "ticket"]

    assert notify(ready_system, TicketReissued(**booking_fields(), ticket_id=first["id"]))

    assert first["code"] in body_text(sent_mails()[0])
    assert second["code"] not in body_text(sent_mails()[0])
    assert ticket_created.ticket_ids


@pytest.mark.parametrize(
    "address", ["ada@mail.test\r\nBcc: everybody@mail.test", "ada lovelace@mail.test", "mail.test"]
)
def test_invalid_address_fails_without_being_logged(
    system: System, caplog: pytest.LogCaptureFixture, address: str
) -> None:
    deliver_copies(system, user_registered(email=address), event_message(EventPublished))

    assert not notify(system, BookingExpired(**booking_fields()))
    assert send_pending(system, tries=7)

    assert sent_mails() == []
    assert notifications(system)[0]["status"] == "FAILED"
    assert "NotSent" in logged_text(caplog)
    assert "mail.test" not in logged_text(caplog)


def test_redelivered_message_sends_no_second_email(ready_system: System) -> None:
    event = BookingExpired(**booking_fields())
    ready_system.deliver(event, "notify.on_booking_expired")
    [pending] = notifications(ready_system)
    send_notification(ready_system, pending)
    before = ready_system.scan(topology.NOTIFICATIONS)

    assert notify(ready_system, event)
    assert send_notification(ready_system, pending)

    assert len(sent_mails()) == 1
    assert ready_system.scan(topology.NOTIFICATIONS) == before


@pytest.mark.parametrize(
    ("first", "then", "expected"),
    [
        (
            lambda: BookingFailed(**booking_fields(), reason="declined"),
            lambda: BookingFailed(**booking_fields(), reason="no_room"),
            ("was declined", "no places were left"),
        ),
        (lambda: payment_refunded(3000), lambda: payment_refunded(6000), ("30.00 EUR", "60.00 EUR")),
        (payment_refunded, payment_refunded, ("90.00 EUR", "90.00 EUR")),
    ],
    ids=["failed again for another reason", "two parts of a refund", "refunded again after the first failed"],
)
def test_repeated_occurrence_sends_a_second_email(
    ready_system: System, first: Callable[[], Any], then: Callable[[], Any], expected: tuple[str, str]
) -> None:
    assert notify(ready_system, first())
    assert notify(ready_system, then())

    assert all(word in body_text(mail) for word, mail in zip(expected, sent_mails(), strict=True))
    assert [one["status"] for one in notifications(ready_system)] == ["SENT", "SENT"]
    assert {one["booking_id"] for one in notifications(ready_system)} == {BOOKING}


def test_crash_between_sending_and_marking_repeats_the_email(ready_system: System) -> None:
    ready_system.deliver(BookingExpired(**booking_fields()), "notify.on_booking_expired")
    with dying_after("sesv2.SendEmail"):
        send_pending(ready_system)
    assert (len(sent_mails()), notifications(ready_system)[0]["status"]) == (1, "PENDING")

    assert send_pending(ready_system)

    assert len(sent_mails()) == 2
    assert notifications(ready_system)[0]["status"] == "SENT"


def test_crash_after_marking_repeats_nothing(ready_system: System) -> None:
    ready_system.deliver(BookingExpired(**booking_fields()), "notify.on_booking_expired")
    [pending] = notifications(ready_system)
    with dying_after("dynamodb.UpdateItem"):
        send_notification(ready_system, pending)

    assert send_notification(ready_system, pending)

    assert len(sent_mails()) == 1
    assert notifications(ready_system)[0]["version"] == 2


def test_noti_pending_and_noti_created_are_published(ready_system: System) -> None:
    event = BookingExpired(**booking_fields())
    ready_system.deliver(event, "notify.on_booking_expired")
    [pending] = outbox_events(notifications(ready_system)[0])
    send_pending(ready_system)
    [created] = outbox_events(notifications(ready_system)[0])

    assert isinstance(pending, NotiPending)
    assert isinstance(created, NotiCreated)
    assert (created.notification_id, created.user_id, created.kind) == (
        ids.derive("notification", "booking_expired", event.bus_event_id),
        BUYER.user_id,
        "booking_expired",
    )


def test_email_waits_for_address_and_event_copy(system: System) -> None:
    assert not notify(system, BookingExpired(**booking_fields()))
    deliver_copies(system, user_updated("Ada"))
    assert not send_pending(system)
    deliver_copies(system, user_registered())
    assert not send_pending(system)
    deliver_copies(system, event_message(EventPublished))

    assert send_pending(system)
    assert len(sent_mails()) == 1


def test_undeliverable_email_ends_failed(ready_system: System) -> None:
    event = BookingExpired(**booking_fields())
    with rejecting_emails():
        assert not notify(ready_system, event, tries=6)
        [pending] = notifications(ready_system)
        assert send_pending(ready_system, tries=7)

    assert notify(ready_system, event)
    assert send_notification(ready_system, pending)

    assert notifications(ready_system)[0]["status"] == "FAILED"
    assert sent_mails() == []


def test_exhausted_retries_do_not_fail_a_sent_notification(ready_system: System) -> None:
    ready_system.deliver(BookingExpired(**booking_fields()), "notify.on_booking_expired")
    events, calls = env.client("dynamodb").meta.events, list[int]()

    def lose_the_reply(**_: Any) -> None:
        calls.append(1)
        if len(calls) == 1:
            raise ConnectionError

    events.register("after-call.dynamodb.UpdateItem", lose_the_reply)
    assert send_pending(ready_system, tries=7)
    events.unregister("after-call.dynamodb.UpdateItem", lose_the_reply)

    assert calls
    assert (len(sent_mails()), notifications(ready_system)[0]["status"]) == (1, "SENT")


def test_throttled_write_is_retried(ready_system: System) -> None:
    event, events = BookingExpired(**booking_fields()), env.client("dynamodb").meta.events

    def throttle(**_: Any) -> None:
        raise ClientError({"Error": {"Code": "ThrottlingException", "Message": "slow down"}}, "PutItem")

    events.register("before-call.dynamodb.PutItem", throttle)
    assert not notify(ready_system, event)
    events.unregister("before-call.dynamodb.PutItem", throttle)

    assert notify(ready_system, event)
    assert len(sent_mails()) == 1


def test_missing_tickets_are_retried(ready_system: System) -> None:
    assert not notify(ready_system, TicketCreated(**booking_fields(), ticket_ids=("t",)))
    assert sent_mails() == []
    issue_tickets(ready_system)

    assert send_pending(ready_system)
    assert len(sent_mails()) == 1


def test_tickets_voided_before_sending_are_discarded(ready_system: System, capfd: pytest.CaptureFixture[str]) -> None:
    ticket_created = issue_tickets(ready_system)
    cancelled = BookingCancelled(**booking_fields(), reason="ticket_rejected")
    ready_system.deliver(cancelled, "ticket.on_booking_cancelled")

    assert notify(ready_system, ticket_created)
    assert notify(ready_system, ticket_created)

    [notification] = notifications(ready_system)
    assert (sent_mails(), notification["status"], notification["kind"]) == ([], "DISCARDED", "tickets_created")
    assert [one["action"] for one in notification["logs"]] == ["create", "discard"]
    assert "EmailsFailed" not in capfd.readouterr().out
    assert ready_system.http("GET /v1/notifications", by=BUYER).json["items"][0]["status"] == "DISCARDED"


def test_personal_data_is_neither_logged_nor_stored(ready_system: System, caplog: pytest.LogCaptureFixture) -> None:
    deliver_copies(ready_system, user_updated("Augusta"))
    with rejecting_emails():
        assert not notify(ready_system, BookingExpired(**booking_fields()))
    send_pending(ready_system)

    personal = (ADDRESS, "Lovelace", "Augusta", "4915112345678")
    assert "MessageRejected" in logged_text(caplog)
    assert not any(word in logged_text(caplog) for word in personal)
    assert not any(word in str(notifications(ready_system)) for word in personal)


def test_sent_emails_are_counted(ready_system: System, capfd: pytest.CaptureFixture[str]) -> None:
    notify(ready_system, BookingExpired(**booking_fields()))

    counted = [json.loads(line) for line in capfd.readouterr().out.splitlines() if "EmailsSent" in line]

    assert [one["EmailsSent"] for one in counted] == [[1.0]]


def test_unverified_sender_is_rejected_by_ses(ready_system: System) -> None:
    boto3.client("sesv2").delete_email_identity(EmailIdentity=SENDER)

    assert not notify(ready_system, BookingExpired(**booking_fields()))
    assert sent_mails() == []
