"""What people are told by mail: once, in clear words, with their tickets."""

import email
import io
import json
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import default
from typing import Any

import boto3
import pytest
import zxingcpp
from botocore.exceptions import ClientError
from icalendar import Calendar
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.sesv2.models import sesv2_backends
from PIL import Image

from common import clock, env, ids
from common.bus import BusEvent
from common.bus.auth import UserRegistered
from common.bus.booking import BookedItem, BookingCancelled, BookingConfirmed, BookingExpired, BookingFailed
from common.bus.events import EventPublished, TypeTerms
from common.bus.notify import NotiCreated, NotiPending
from common.bus.payment import PaymentRefunded
from common.bus.ticket import TicketCreated
from common.bus.user import UserUpdated
from common.outbox import published
from infra import topology
from tests.support.system import REGION, SENDER, Person, System

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = datetime(2026, 3, 2, 12, tzinfo=UTC)
BUYER = Person(user_id=ids.derive("test", "buyer"))
BOOKING, EVENT, TYPE = (ids.derive("test", name) for name in ("booking", "event", "type"))
ADDRESS = "ada@mail.test"


@pytest.fixture(autouse=True)
def at_noon() -> Iterator[None]:
    clock.use(lambda: NOW)
    yield
    clock.use()


def envelope(at: datetime = NOW) -> dict[str, Any]:
    ids_of = {"correlation_id": "journey", "causation_id": "cause", "user_id": BUYER.user_id}
    return {"bus_event_id": str(uuid.uuid4()), "occurred_at": at} | ids_of


def about() -> dict[str, Any]:
    return envelope() | {"booking_id": BOOKING, "event_id": EVENT}


def registered(**changes: str) -> UserRegistered:
    names = {"user_name": "ada", "first_name": "Ada", "last_name": "Lovelace", "mobile_phone": "+4915112345678"}
    return UserRegistered(**envelope() | {"email": ADDRESS} | names | changes)


def updated(first_name: str, version: int = 2, at: datetime = LATER) -> UserUpdated:
    names = {"user_name": "ada", "first_name": first_name, "last_name": "King", "mobile_phone": "+4915112345678"}
    return UserUpdated(**envelope(at) | names, version=version)


def refunded(amount: int = 9000, currency: str = "EUR") -> PaymentRefunded:
    payment = {"payment_id": ids.derive("test", "payment"), "booking_id": BOOKING}
    return PaymentRefunded(**envelope() | payment, amount=amount, currency=currency)


TOLD: dict[str, Callable[[], BusEvent]] = {
    "booking_expired": lambda: BookingExpired(**about()),
    "booking_failed": lambda: BookingFailed(**about(), reason="no_room"),
    "booking_cancelled": lambda: BookingCancelled(**about(), reason="buyer"),
    "payment_refunded": refunded,
}


def consumer_of(event: BusEvent) -> str:
    return f"notify.on_{event.snake_name()}"


def meet(system: System, *messages: BusEvent) -> None:
    for message in messages or (registered(),):
        system.deliver(message, consumer_of(message))


def tell(system: System, event: BusEvent, *, tries: int = 1) -> bool:
    """Deliver it; whether it was acknowledged."""
    return not system.deliver(event, consumer_of(event), tries=tries)[consumer_of(event)]["batchItemFailures"]


def sold(system: System, qty: int = 2, name: str = "Élan <b>Vital</b>\r\nBcc: everybody@mail.test") -> TicketCreated:
    """A booking whose tickets are there, and what the bus says of it."""
    kinds = (TypeTerms(id=TYPE, name="Floor & Pit", prices=1, currency="EUR", capacity=9, status="ON_SALE"),)
    times = {"starts_at": datetime(2026, 6, 1, 18, tzinfo=UTC), "ends_at": datetime(2026, 6, 1, 21, tzinfo=UTC)}
    place = {"name": name, "venue": "Große Halle", "city": "Zürich", "zone": "Europe/Zurich"}
    sale = {"terms_version": 1, "organiser_id": "o", "status": "PUBLISHED", "max_per_user": 9, "hold_seconds": 600}
    show = EventPublished(**envelope() | {"event_id": EVENT} | times | place | sale, types=kinds)
    booked = (BookedItem(event_type_id=TYPE, qty=qty, unit_price=1),)
    system.deliver(show, "ticket.on_event_published")
    booking = BookingConfirmed(**about(), items=booked, prices=qty, currency="EUR")
    system.deliver(booking, "ticket.on_booking_confirmed")
    [issue] = [one for one in system.scan(topology.TICKETS) if one["sk"] == "issue"]
    [created] = published(issue)
    assert isinstance(created, TicketCreated)
    return created


def mails() -> list[EmailMessage]:
    """Everything that the mail service was given."""
    sent = sesv2_backends[DEFAULT_ACCOUNT_ID][REGION].core_backend.sent_messages
    return [email.message_from_string(one.raw_data, policy=default) for one in sent]


def words(mail: EmailMessage, kind: str = "plain") -> str:
    body = mail.get_body((kind,))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


def notices(system: System) -> list[dict[str, Any]]:
    return [one for one in system.scan(topology.NOTICES) if one["sk"] == "notification"]


def logged(caplog: pytest.LogCaptureFixture) -> str:
    """Every line with its stack and its fields."""
    return caplog.text + "".join(str(vars(one)) for one in caplog.records)


class Died(BaseException):
    """The process ended here; nothing catches it."""


@contextmanager
def dying(call: str) -> Iterator[None]:
    """Let the process die when the first call of this kind has been carried out; it must happen."""
    events = env.client(call.partition(".")[0]).meta.events

    def die(**_: Any) -> None:
        raise Died

    events.register(f"after-call.{call}", die)
    try:
        with pytest.raises(Died):
            yield
    finally:
        events.unregister(f"after-call.{call}", die)


@contextmanager
def refusing() -> Iterator[None]:
    """The mail service refuses, and names the address in its words, as SES does."""
    events = env.client("sesv2").meta.events

    def refuse(**_: Any) -> None:
        raise ClientError({"Error": {"Code": "MessageRejected", "Message": f"{ADDRESS} is not verified"}}, "SendEmail")

    events.register("before-call.sesv2.SendEmail", refuse)
    try:
        yield
    finally:
        events.unregister("before-call.sesv2.SendEmail", refuse)


@pytest.mark.parametrize("kind", TOLD)
def test_each_bus_event_is_told_in_one_mail_and_kept_with_every_attribute(system: System, kind: str) -> None:
    meet(system)

    event = TOLD[kind]()
    assert tell(system, event)

    [mail] = mails()
    assert (mail["From"], mail["To"]) == (SENDER, ADDRESS)
    assert words(mail).startswith("Hello Ada,\n")
    assert BOOKING in words(mail)
    assert BOOKING in words(mail, "html")
    [shown] = system.http("GET /v1/notifications", by=BUYER).json["items"]
    assert shown == {
        "id": ids.derive("notification", kind, event.bus_event_id),
        "user_id": BUYER.user_id,
        "kind": kind,
        "status": "CREATED",
        "booking_id": BOOKING,
        "payment_id": ids.derive("test", "payment") if kind == "payment_refunded" else None,
        "read_at": None,
        "created_at": "2026-03-01T12:00:00Z",
        "updated_at": "2026-03-01T12:00:00Z",
    }


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("declined", "declined"),
        ("amount_mismatch", "not the amount due"),
        ("no_room", "no places were left"),
        ("sale_closed", "closed"),
    ],
)
def test_a_failed_booking_says_why_and_that_money_comes_back(system: System, reason: Any, said: str) -> None:
    meet(system)

    tell(system, BookingFailed(**about(), reason=reason))

    assert said in words(mails()[0])
    assert "the whole amount is on its way back" in words(mails()[0])


@pytest.mark.parametrize(
    ("reason", "said"), [("buyer", "You cancelled"), ("ticket_rejected", "could not make the tickets")]
)
def test_a_cancelled_booking_says_by_whom(system: System, reason: Any, said: str) -> None:
    meet(system)

    tell(system, BookingCancelled(**about(), reason=reason))

    assert said in words(mails()[0])


@pytest.mark.parametrize(
    ("amount", "currency", "said"),
    [
        (123456, "EUR", "1,234.56 EUR"),
        (5, "EUR", "0.05 EUR"),
        (1250, "JPY", "1,250 JPY"),
        (1250, "KWD", "1.250 KWD"),
    ],
)
def test_a_refund_names_the_amount_in_its_currency(system: System, amount: int, currency: str, said: str) -> None:
    meet(system)

    tell(system, refunded(amount, currency))

    assert f"We have sent {said} back" in words(mails()[0])


def test_the_tickets_come_with_qr_codes_that_decode_and_a_calendar_file(system: System) -> None:
    meet(system)
    created = sold(system)

    assert tell(system, created)

    [mail] = mails()
    stored = {one["qr_payload"]: one["code"] for one in system.scan(topology.TICKETS) if one["sk"] == "ticket"}
    parts = {kind: [p for p in mail.walk() if p.get_content_type() == kind] for kind in ("image/png", "text/calendar")}
    pictures = [part.get_content() for part in parts["image/png"]]
    decoded = {zxingcpp.read_barcodes(Image.open(io.BytesIO(one)))[0].text for one in pictures}
    assert decoded == set(stored)
    assert all(code in words(mail) for code in stored.values())
    for part in parts["image/png"]:
        assert f"cid:{part['Content-ID'].strip('<>')}" in words(mail, "html")
    [attached] = parts["text/calendar"]
    assert len(Calendar.from_ical(attached.get_content()).walk("VEVENT")) == 1
    assert "Monday, 1 June 2026, 20:00 (Europe/Zurich), Große Halle, Zürich." in words(mail)


def test_what_people_have_typed_begins_no_header_and_no_tag(system: System) -> None:
    meet(system, registered(first_name="<script>alert(1)</script>"))

    tell(system, sold(system))

    [mail] = mails()
    assert mail["Bcc"] is None
    assert mail["Subject"] == "Your tickets for Élan <b>Vital</b> Bcc: everybody@mail.test"
    page = words(mail, "html")
    assert "<script>" not in page
    assert "<b>" not in page
    assert "Floor &amp; Pit" in page


@pytest.mark.parametrize(
    "address", ["ada@mail.test\r\nBcc: everybody@mail.test", "ada lovelace@mail.test", "mail.test"]
)
def test_an_address_that_is_none_fails_without_being_told(
    system: System, caplog: pytest.LogCaptureFixture, address: str
) -> None:
    meet(system, registered(email=address))
    event = BookingExpired(**about())

    assert not tell(system, event)
    assert tell(system, event, tries=5)

    assert mails() == []
    assert notices(system)[0]["status"] == "FAILED"
    assert "NotSent" in logged(caplog)
    assert "mail.test" not in logged(caplog)


def test_a_message_that_comes_again_sends_nothing_again(system: System) -> None:
    meet(system)
    event = BookingExpired(**about())
    tell(system, event)
    before = system.scan(topology.NOTICES)

    assert tell(system, event)

    assert len(mails()) == 1
    assert system.scan(topology.NOTICES) == before


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
    system: System, first: Callable[[], Any], then: Callable[[], Any], said: tuple[str, str]
) -> None:
    meet(system)

    assert tell(system, first())
    assert tell(system, then())

    assert all(word in words(mail) for word, mail in zip(said, mails(), strict=True))
    assert [one["status"] for one in notices(system)] == ["CREATED", "CREATED"]
    assert {one["booking_id"] for one in notices(system)} == {BOOKING}


def test_dying_before_the_mail_is_made_up_for(system: System) -> None:
    meet(system)
    event = BookingExpired(**about())
    with dying("dynamodb.PutItem"):
        tell(system, event)
    assert (mails(), notices(system)[0]["status"]) == ([], "PENDING")

    assert tell(system, event)

    assert len(mails()) == 1
    assert [one["did"] for one in notices(system)[0]["logs"]] == ["create", "send"]


def test_dying_between_the_mail_and_its_mark_repeats_the_mail_rather_than_losing_it(system: System) -> None:
    meet(system)
    event = BookingExpired(**about())
    with dying("sesv2.SendEmail"):
        tell(system, event)
    assert (len(mails()), notices(system)[0]["status"]) == (1, "PENDING")

    assert tell(system, event)

    assert len(mails()) == 2
    assert notices(system)[0]["status"] == "CREATED"


def test_dying_after_the_mark_repeats_nothing(system: System) -> None:
    meet(system)
    event = BookingExpired(**about())
    with dying("dynamodb.UpdateItem"):
        tell(system, event)

    assert tell(system, event)

    assert len(mails()) == 1
    assert notices(system)[0]["version"] == 2


def test_the_bus_hears_of_pending_and_of_created(system: System) -> None:
    event = BookingExpired(**about())
    assert not tell(system, event)
    [pending] = published(notices(system)[0])
    meet(system)
    assert tell(system, event)
    [created] = published(notices(system)[0])

    assert isinstance(pending, NotiPending)
    assert isinstance(created, NotiCreated)
    assert (created.notification_id, created.user_id, created.kind) == (
        ids.derive("notification", "booking_expired", event.bus_event_id),
        BUYER.user_id,
        "booking_expired",
    )


def test_an_address_that_comes_late_is_waited_for(system: System) -> None:
    event = BookingExpired(**about())

    assert not tell(system, event)
    meet(system, updated("Ada"))
    assert not tell(system, event)
    meet(system, registered())

    assert tell(system, event)
    assert len(mails()) == 1


def test_a_mail_that_never_goes_out_ends_failed_and_stays_so(system: System) -> None:
    meet(system)
    event = BookingExpired(**about())
    with refusing():
        assert not tell(system, event, tries=4)
        assert tell(system, event, tries=5)

    assert tell(system, event)

    assert notices(system)[0]["status"] == "FAILED"
    assert mails() == []


def test_giving_up_before_anything_was_written_still_leaves_a_record(system: System) -> None:
    event, events = BookingExpired(**about()), env.client("dynamodb").meta.events
    seen: list[int] = []

    def refuse_the_first(**_: Any) -> None:
        seen.append(1)
        if len(seen) == 1:
            raise ClientError({"Error": {"Code": "ThrottlingException", "Message": "slow down"}}, "PutItem")

    events.register("before-call.dynamodb.PutItem", refuse_the_first)
    assert tell(system, event, tries=5)
    events.unregister("before-call.dynamodb.PutItem", refuse_the_first)

    assert len(seen) == 2
    assert notices(system)[0]["status"] == "FAILED"


def test_giving_up_after_the_mail_went_out_changes_nothing(system: System) -> None:
    meet(system)
    event, events = BookingExpired(**about()), env.client("dynamodb").meta.events
    seen: list[int] = []

    def lose_the_reply(**_: Any) -> None:
        seen.append(1)
        if len(seen) == 1:
            raise ConnectionError

    events.register("after-call.dynamodb.UpdateItem", lose_the_reply)
    assert tell(system, event, tries=5)
    events.unregister("after-call.dynamodb.UpdateItem", lose_the_reply)

    assert seen
    assert (len(mails()), notices(system)[0]["status"]) == (1, "CREATED")


def test_tickets_that_are_not_rendered_yet_are_asked_for_again(system: System) -> None:
    meet(system)
    created = TicketCreated(**about(), ticket_ids=("t",))

    assert not tell(system, created)
    assert mails() == []
    sold(system)

    assert tell(system, created)
    assert len(mails()) == 1


def test_tickets_that_became_void_before_the_mail_are_not_sent_and_leave_nothing_open(
    system: System, capfd: pytest.CaptureFixture[str]
) -> None:
    meet(system)
    created = sold(system)
    gone = BookingCancelled(**about(), reason="ticket_rejected")
    system.deliver(gone, "ticket.on_booking_cancelled")

    assert tell(system, created)
    assert tell(system, created)

    [notice] = notices(system)
    assert (mails(), notice["status"], notice["kind"]) == ([], "DROPPED", "tickets_created")
    assert [one["did"] for one in notice["logs"]] == ["create", "drop"]
    assert "MailsFailed" not in capfd.readouterr().out
    assert system.http("GET /v1/notifications", by=BUYER).json["items"][0]["status"] == "DROPPED"


def test_no_address_name_or_phone_is_logged(system: System, caplog: pytest.LogCaptureFixture) -> None:
    meet(system, registered(), updated("Augusta"))
    with refusing():
        assert not tell(system, BookingExpired(**about()))
    tell(system, BookingExpired(**about()))

    assert "MessageRejected" in logged(caplog)
    assert not any(word in logged(caplog) for word in (ADDRESS, "Lovelace", "Augusta", "4915112345678"))


def test_a_contact_is_what_a_mail_needs_and_never_rides_the_bus(system: System) -> None:
    meet(system)

    [contact] = system.scan(topology.NOTICES)

    assert set(contact) == {"pk", "sk", "email", "user_name", "first_name", "last_name"}


def test_a_contact_ends_the_same_in_whatever_order_its_news_arrive() -> None:
    # Whoever wrote the newer names had a clock that was behind.
    first, second, third = registered(), updated("Augusta", 2, LATER), updated("Ada Augusta", 3, NOW)
    orders = [
        (first, second, third),
        (third, second, first),
        (second, first, third),
        (third, first, first, second, third),
    ]

    ends: list[list[dict[str, Any]]] = []
    for order in orders:
        with System().running() as own:
            meet(own, *order)
            ends.append(own.scan(topology.NOTICES))

    assert all(one == ends[0] for one in ends)
    assert (ends[0][0]["email"], ends[0][0]["first_name"]) == (ADDRESS, "Ada Augusta")


def test_the_newest_name_is_greeted(system: System) -> None:
    meet(system, updated("Augusta"), registered())

    tell(system, BookingExpired(**about()))

    assert words(mails()[0]).startswith("Hello Augusta,")


def test_notifications_are_listed_to_their_owner_only_and_in_pages(system: System) -> None:
    meet(system)
    for event in TOLD.values():
        tell(system, event())

    first = system.http("GET /v1/notifications", by=BUYER, query={"limit": "3"}).json
    rest = system.http("GET /v1/notifications", by=BUYER, query={"limit": "3", "next_token": first["next_token"]}).json

    assert {one["kind"] for one in first["items"] + rest["items"]} == set(TOLD)
    assert (len(first["items"]), len(rest["items"]), rest["next_token"]) == (3, 1, None)
    assert system.http("GET /v1/notifications", by=Person()).json["items"] == []


@pytest.mark.parametrize(
    ("query", "status"),
    [({"limit": "0"}, 422), ({"limit": "101"}, 422), ({"next_token": "forged"}, 400), ({"x": "1"}, 422)],
)
def test_a_list_asked_for_wrongly_is_refused(system: System, query: dict[str, str], status: int) -> None:
    assert system.http("GET /v1/notifications", by=BUYER, query=query).status == status


def test_every_mail_that_is_sent_is_counted(system: System, capfd: pytest.CaptureFixture[str]) -> None:
    meet(system)
    tell(system, BookingExpired(**about()))

    counted = [json.loads(line) for line in capfd.readouterr().out.splitlines() if "MailsSent" in line]

    assert [one["MailsSent"] for one in counted] == [[1.0]]


def test_the_mail_service_refuses_a_sender_that_is_not_verified(system: System) -> None:
    meet(system)
    boto3.client("sesv2").delete_email_identity(EmailIdentity=SENDER)

    assert not tell(system, BookingExpired(**about()))
    assert mails() == []
