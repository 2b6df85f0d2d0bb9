"""Notification endpoints: list, mark as read and resend."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from common.bus.booking import BookingCancelled, BookingExpired
from common.bus.events import EventPublished
from tests.support.drivers.notify_driver import (
    BUYER,
    booking_fields,
    deliver_copies,
    event_message,
    issue_tickets,
    notifications,
    notify,
    rejecting_emails,
    send_pending,
    sent_mails,
    user_registered,
)
from tests.support.faults.aws_errors import lost_reply
from tests.support.fixtures.movable_clock import MovableClock
from tests.support.system.system import HttpResponse, Person, System

pytestmark = pytest.mark.moto


@pytest.fixture
def ready_system(system: System) -> System:
    deliver_copies(system, user_registered(), event_message(EventPublished))
    return system


def mark(system: System, notification_id: str, body: object, by: Person = BUYER) -> HttpResponse:
    return system.http(f"PUT /v1/notifications/{notification_id}", body, by=by)


def resend(system: System, by: Person = BUYER) -> HttpResponse:
    """Resend the only notification."""
    [notification] = notifications(system)
    return system.http(f"POST /v1/notifications/{notification['id']}/resend", by=by)


def test_notifications_are_listed_to_their_owner_in_pages(ready_system: System, manual_clock: MovableClock) -> None:
    for _ in range(4):
        manual_clock.now += timedelta(seconds=1)
        notify(ready_system, BookingExpired(**booking_fields()))

    first = ready_system.http("GET /v1/notifications", by=BUYER, query={"limit": "3"}).json
    rest = ready_system.http(
        "GET /v1/notifications", by=BUYER, query={"limit": "3", "next_token": first["next_token"]}
    ).json
    back = ready_system.http(
        "GET /v1/notifications", by=BUYER, query={"limit": "3", "previous_token": rest["previous_token"]}
    ).json

    assert [len(one["items"]) for one in (first, rest, back)] == [3, 1, 3]
    assert (rest["next_token"], back["items"]) == (None, first["items"])
    assert ready_system.http("GET /v1/notifications", by=Person()).json["items"] == []


def iterate_pages(system: System, **query: str) -> Iterator[dict[str, Any]]:
    """Yield the pages, each requested after the previous one was processed."""
    token: dict[str, str] = {}
    while True:
        page = system.http("GET /v1/notifications", by=BUYER, query={"limit": "2"} | query | token).json
        yield page
        if not page["next_token"]:
            return
        token = {"next_token": page["next_token"]}


def create_notifications(system: System, manual_clock: MovableClock, times: int) -> list[str]:
    """Create notifications; return all ids, newest first."""
    for _ in range(times):
        manual_clock.now += timedelta(seconds=1)
        notify(system, BookingExpired(**booking_fields()))
    return [one["id"] for page in iterate_pages(system) for one in page["items"]]


def test_list_filters_by_read_and_unread(ready_system: System, manual_clock: MovableClock) -> None:
    notification_ids = create_notifications(ready_system, manual_clock, 7)
    read = notification_ids[1::2]
    for one in read:
        mark(ready_system, one, {"read": True})

    by_filter = {
        unread: [one["id"] for page in iterate_pages(ready_system, unread=unread) for one in page["items"]]
        for unread in ("true", "false")
    }

    assert by_filter == {"true": notification_ids[::2], "false": read}
    last = list(iterate_pages(ready_system, unread="true"))[-1]
    back = ready_system.http(
        "GET /v1/notifications",
        by=BUYER,
        query={"limit": "2", "unread": "true", "previous_token": last["previous_token"]},
    ).json
    assert [one["id"] for one in back["items"]] == notification_ids[0:4:2]


def test_unread_pages_stay_complete_while_marking_read(ready_system: System, manual_clock: MovableClock) -> None:
    notification_ids, listed = create_notifications(ready_system, manual_clock, 8), list[str]()
    for page in iterate_pages(ready_system, unread="true"):
        listed += [one["id"] for one in page["items"]]
        for one in page["items"]:
            mark(ready_system, one["id"], {"read": True})

    assert listed == notification_ids
    assert ready_system.http("GET /v1/notifications", by=BUYER, query={"unread": "true"}).json["items"] == []


def test_page_token_is_bound_to_the_unread_filter(ready_system: System, manual_clock: MovableClock) -> None:
    create_notifications(ready_system, manual_clock, 3)
    token = next(iterate_pages(ready_system, unread="true"))["next_token"]

    for query in ({}, {"unread": "false"}):
        response = ready_system.http("GET /v1/notifications", by=BUYER, query=query | {"next_token": token})
        assert (response.status, response.problem) == (400, "invalid-page-token")


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"unread": "maybe"}, 422),
        ({"limit": "0"}, 422),
        ({"limit": "101"}, 422),
        ({"next_token": "forged"}, 400),
        ({"x": "1"}, 422),
    ],
)
def test_invalid_list_query_is_rejected(system: System, query: dict[str, str], status: int) -> None:
    assert system.http("GET /v1/notifications", by=BUYER, query=query).status == status


def test_notification_is_marked_read_and_unread(ready_system: System, manual_clock: MovableClock) -> None:
    notify(ready_system, BookingExpired(**booking_fields()))
    [notification] = notifications(ready_system)

    read = mark(ready_system, notification["id"], {"read": True})
    manual_clock.now += timedelta(hours=1)
    repeated = mark(ready_system, notification["id"], {"read": True})
    unread = [mark(ready_system, notification["id"], {"read": False}) for _ in range(2)]

    assert (read.status, read.json["read_at"]) == (200, "2026-03-01T12:00:00Z")
    assert repeated.json == read.json
    assert [one.json["read_at"] for one in unread] == [None, None]
    assert notifications(ready_system)[0]["outbox_version"] == notification["outbox_version"]


@pytest.mark.parametrize("body", [{}, {"read": "yes"}, {"read": 1}, {"read": None}, {"read": True, "status": "FAILED"}])
def test_invalid_read_mark_is_rejected(ready_system: System, body: object) -> None:
    assert mark(ready_system, "some", body).status == 422


def test_foreign_and_unknown_notifications_are_not_found(ready_system: System) -> None:
    notify(ready_system, BookingExpired(**booking_fields()))
    [notification] = notifications(ready_system)
    stranger = Person()

    for notification_id, by in ((notification["id"], stranger), ("invented", BUYER), (BUYER.user_id, BUYER)):
        marked = mark(ready_system, notification_id, {"read": True}, by)
        resent = ready_system.http(f"POST /v1/notifications/{notification_id}/resend", by=by)
        assert [(one.status, one.problem) for one in (marked, resent)] == [(404, "notification-not-found")] * 2
    assert notifications(ready_system) == [notification]


def test_failed_notification_can_be_resent(ready_system: System) -> None:
    with rejecting_emails():
        notify(ready_system, BookingExpired(**booking_fields()), tries=7)
    assert notifications(ready_system)[0]["status"] == "FAILED"

    resent = resend(ready_system)
    assert send_pending(ready_system)

    assert (resent.status, resent.json["status"], resent.json["tries"]) == (200, "PENDING", 1)
    [listed] = ready_system.http("GET /v1/notifications", by=BUYER).json["items"]
    assert (listed["status"], listed["tries"], listed["sent_at"]) == ("SENT", 2, "2026-03-01T12:00:00Z")
    assert len(sent_mails()) == 1


def test_resend_with_lost_response_succeeds(ready_system: System) -> None:
    notify(ready_system, issue_tickets(ready_system))

    with lost_reply("dynamodb", "UpdateItem") as sent:
        resent = resend(ready_system)

    assert (len(sent), resent.status) == (2, 200)


def test_tickets_are_resent_at_most_every_five_minutes(ready_system: System, manual_clock: MovableClock) -> None:
    notify(ready_system, issue_tickets(ready_system))

    assert resend(ready_system).status == 200
    assert send_pending(ready_system)
    manual_clock.now += timedelta(minutes=4)
    early = resend(ready_system)
    manual_clock.now += timedelta(minutes=1)
    late = resend(ready_system)

    assert (early.status, early.problem, early.headers["retry-after"]) == (429, "resend-too-soon", "61")
    assert late.status == 200
    assert send_pending(ready_system)
    assert [mail["Subject"] for mail in sent_mails()] == ["Your tickets for Élan <b>Vital</b>"] * 3


def test_void_tickets_are_not_resent(ready_system: System) -> None:
    notify(ready_system, issue_tickets(ready_system))
    ready_system.deliver(BookingCancelled(**booking_fields(), reason="buyer"), "ticket.on_booking_cancelled")

    resend(ready_system)
    send_pending(ready_system)

    assert (len(sent_mails()), notifications(ready_system)[0]["status"]) == (1, "DISCARDED")


def test_pending_or_ticketless_notification_is_not_resendable(ready_system: System) -> None:
    event = BookingExpired(**booking_fields())
    ready_system.deliver(event, "notify.on_booking_expired")
    waiting = resend(ready_system)
    send_pending(ready_system)
    sent = resend(ready_system)

    assert [(one.status, one.problem) for one in (waiting, sent)] == [(409, "not-resendable")] * 2
    assert "PENDING" in waiting.text
    assert "no tickets" in sent.text
