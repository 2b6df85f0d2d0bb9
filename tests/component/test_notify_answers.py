"""What the calls about notifications answer."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from common import clock
from common.bus.booking import BookingCancelled, BookingExpired
from common.bus.events import EventPublished
from tests.support.postbox import BUYER, NOW, about, mails, meet, notices, post, refusing, registered, show, sold, tell
from tests.support.refusals import losing_a_reply
from tests.support.system import Person, Reply, System

pytestmark = pytest.mark.moto


class Watch:
    """The time, which tests move."""

    at: datetime = NOW


@pytest.fixture(autouse=True)
def watch() -> Iterator[Watch]:
    found = Watch()
    clock.use(lambda: found.at)
    yield found
    clock.use()


@pytest.fixture
def known(system: System) -> System:
    meet(system, registered(), show(EventPublished))
    return system


def mark(system: System, notification_id: str, body: object, by: Person = BUYER) -> Reply:
    return system.http(f"PUT /v1/notifications/{notification_id}", body, by=by)


def resend(system: System, by: Person = BUYER) -> Reply:
    """Ask for the only notification again."""
    [notice] = notices(system)
    return system.http(f"POST /v1/notifications/{notice['id']}/resend", by=by)


def test_notifications_are_listed_to_their_owner_only_and_in_pages(known: System, watch: Watch) -> None:
    for _ in range(4):
        watch.at += timedelta(seconds=1)
        tell(known, BookingExpired(**about()))

    first = known.http("GET /v1/notifications", by=BUYER, query={"limit": "3"}).json
    rest = known.http("GET /v1/notifications", by=BUYER, query={"limit": "3", "next_token": first["next_token"]}).json
    back = known.http(
        "GET /v1/notifications", by=BUYER, query={"limit": "3", "previous_token": rest["previous_token"]}
    ).json

    assert [len(one["items"]) for one in (first, rest, back)] == [3, 1, 3]
    assert (rest["next_token"], back["items"]) == (None, first["items"])
    assert known.http("GET /v1/notifications", by=Person()).json["items"] == []


def pages(system: System, **query: str) -> Iterator[dict[str, Any]]:
    """Page after page, each asked for when the one before has been looked at."""
    token: dict[str, str] = {}
    while True:
        page = system.http("GET /v1/notifications", by=BUYER, query={"limit": "2"} | query | token).json
        yield page
        if not page["next_token"]:
            return
        token = {"next_token": page["next_token"]}


def told(system: System, watch: Watch, times: int) -> list[str]:
    """So many notifications, the newest first."""
    for _ in range(times):
        watch.at += timedelta(seconds=1)
        tell(system, BookingExpired(**about()))
    return [one["id"] for page in pages(system) for one in page["items"]]


def test_what_is_unread_and_what_was_read_can_be_asked_for(known: System, watch: Watch) -> None:
    made = told(known, watch, 7)
    read = made[1::2]
    for one in read:
        mark(known, one, {"read": True})

    by_mark = {
        word: [one["id"] for page in pages(known, unread=word) for one in page["items"]] for word in ("true", "false")
    }

    assert by_mark == {"true": made[::2], "false": read}
    last = list(pages(known, unread="true"))[-1]
    back = known.http(
        "GET /v1/notifications",
        by=BUYER,
        query={"limit": "2", "unread": "true", "previous_token": last["previous_token"]},
    ).json
    assert [one["id"] for one in back["items"]] == made[0:4:2]


def test_a_page_of_the_unread_loses_and_repeats_nothing_while_some_are_read(known: System, watch: Watch) -> None:
    made, seen = told(known, watch, 8), list[str]()
    for page in pages(known, unread="true"):
        seen += [one["id"] for one in page["items"]]
        for one in page["items"]:
            mark(known, one["id"], {"read": True})

    assert seen == made
    assert known.http("GET /v1/notifications", by=BUYER, query={"unread": "true"}).json["items"] == []


def test_a_token_belongs_to_the_mark_that_was_asked_for(known: System, watch: Watch) -> None:
    told(known, watch, 3)
    token = next(pages(known, unread="true"))["next_token"]

    for query in ({}, {"unread": "false"}):
        reply = known.http("GET /v1/notifications", by=BUYER, query=query | {"next_token": token})
        assert (reply.status, reply.problem) == (400, "bad-token")


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
def test_a_list_asked_for_wrongly_is_refused(system: System, query: dict[str, str], status: int) -> None:
    assert system.http("GET /v1/notifications", by=BUYER, query=query).status == status


def test_it_is_marked_as_read_once_and_unread_again(known: System, watch: Watch) -> None:
    tell(known, BookingExpired(**about()))
    [notice] = notices(known)

    read = mark(known, notice["id"], {"read": True})
    watch.at += timedelta(hours=1)
    again = mark(known, notice["id"], {"read": True})
    unread = [mark(known, notice["id"], {"read": False}) for _ in range(2)]

    assert (read.status, read.json["read_at"]) == (200, "2026-03-01T12:00:00Z")
    assert again.json == read.json
    assert [one.json["read_at"] for one in unread] == [None, None]
    assert notices(known)[0]["outbox_version"] == notice["outbox_version"]


@pytest.mark.parametrize("body", [{}, {"read": "yes"}, {"read": 1}, {"read": None}, {"read": True, "status": "FAILED"}])
def test_a_mark_that_is_none_is_refused(known: System, body: object) -> None:
    assert mark(known, "some", body).status == 422


def test_other_peoples_and_invented_ones_are_unknown(known: System) -> None:
    tell(known, BookingExpired(**about()))
    [notice] = notices(known)
    stranger = Person()

    for notification_id, by in ((notice["id"], stranger), ("invented", BUYER), (BUYER.user_id, BUYER)):
        marked = mark(known, notification_id, {"read": True}, by)
        resent = known.http(f"POST /v1/notifications/{notification_id}/resend", by=by)
        assert [(one.status, one.problem) for one in (marked, resent)] == [(404, "notification-unknown")] * 2
    assert notices(known) == [notice]


def test_what_could_not_be_sent_is_sent_again(known: System) -> None:
    with refusing():
        tell(known, BookingExpired(**about()), tries=7)
    assert notices(known)[0]["status"] == "FAILED"

    asked = resend(known)
    assert post(known)

    assert (asked.status, asked.json["status"], asked.json["tries"]) == (200, "PENDING", 1)
    [shown] = known.http("GET /v1/notifications", by=BUYER).json["items"]
    assert (shown["status"], shown["tries"], shown["sent_at"]) == ("CREATED", 2, "2026-03-01T12:00:00Z")
    assert len(mails()) == 1


def test_asking_again_is_done_when_its_reply_was_lost(known: System) -> None:
    tell(known, sold(known))

    with losing_a_reply("dynamodb", "UpdateItem") as sent:
        asked = resend(known)

    assert (len(sent), asked.status) == (2, 200)


def test_tickets_are_sent_again_once_in_five_minutes(known: System, watch: Watch) -> None:
    tell(known, sold(known))

    assert resend(known).status == 200
    assert post(known)
    watch.at += timedelta(minutes=4)
    early = resend(known)
    watch.at += timedelta(minutes=1)
    late = resend(known)

    assert (early.status, early.problem, early.headers["retry-after"]) == (429, "resent-lately", "61")
    assert late.status == 200
    assert post(known)
    assert [mail["Subject"] for mail in mails()] == ["Your tickets for Élan <b>Vital</b>"] * 3


def test_tickets_that_are_void_by_now_are_not_sent_again(known: System) -> None:
    tell(known, sold(known))
    known.deliver(BookingCancelled(**about(), reason="buyer"), "ticket.on_booking_cancelled")

    resend(known)
    post(known)

    assert (len(mails()), notices(known)[0]["status"]) == (1, "DROPPED")


def test_what_was_sent_is_under_way_or_is_over_is_not_sent_again(known: System) -> None:
    event = BookingExpired(**about())
    known.deliver(event, "notify.on_booking_expired")
    waiting = resend(known)
    post(known)
    sent = resend(known)

    assert [(one.status, one.problem) for one in (waiting, sent)] == [(409, "not-resendable")] * 2
    assert "PENDING" in waiting.text
    assert "no tickets" in sent.text
