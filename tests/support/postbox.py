"""Notify from without: bus events that people are to be told of, and the mails that went out."""

import email
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.sesv2.models import sesv2_backends

from common import clock, env, ids
from common.bus import BusEvent
from common.bus.auth import UserRegistered
from common.bus.booking import BookedItem, BookingConfirmed
from common.bus.events import EventCancelled, EventChanged, EventPublished, TypeTerms
from common.bus.payment import PaymentRefunded
from common.bus.ticket import TicketCreated, TicketTransferred
from common.bus.user import SettingsChanged, UserUpdated
from common.outbox import published
from infra import topology
from tests.support.system import REGION, Person, System

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = datetime(2026, 3, 2, 12, tzinfo=UTC)
STARTS = datetime(2026, 6, 1, 18, tzinfo=UTC)
BUYER, TAKER = (Person(user_id=ids.derive("test", name)) for name in ("buyer", "taker"))
BOOKING, EVENT, TYPE = (ids.derive("test", name) for name in ("booking", "event", "type"))
ADDRESS, OTHER_ADDRESS = "ada@mail.test", "tom@mail.test"
SENDING = "notify.on_noti_pending"


def envelope(at: datetime | None = None) -> dict[str, Any]:
    ids_of = {"correlation_id": "journey", "causation_id": "cause", "user_id": BUYER.user_id}
    return {"bus_event_id": str(uuid.uuid4()), "occurred_at": at or clock.now()} | ids_of


def about() -> dict[str, Any]:
    return envelope() | {"booking_id": BOOKING, "event_id": EVENT}


def registered(**changes: str) -> UserRegistered:
    names = {"user_name": "ada", "first_name": "Ada", "last_name": "Lovelace", "mobile_phone": "+4915112345678"}
    return UserRegistered(**envelope() | {"email": ADDRESS} | names | changes)


def taker() -> UserRegistered:
    return registered(user_id=TAKER.user_id, email=OTHER_ADDRESS, user_name="tom", first_name="Tom")


def updated(first_name: str, version: int = 2, at: datetime = LATER) -> UserUpdated:
    names = {"user_name": "ada", "first_name": first_name, "last_name": "King", "mobile_phone": "+4915112345678"}
    return UserUpdated(**envelope(at) | names, version=version)


def settings(*channels: str, locale: Any = "en", version: int = 1) -> SettingsChanged:
    return SettingsChanged(**envelope(), locale=locale, zone="Europe/Berlin", channels=channels, version=version)


def show(event: type[EventPublished] | type[EventChanged] | type[EventCancelled], **changes: Any) -> Any:
    """The event as a bus event tells it, by default as it is published."""
    kinds = (TypeTerms(id=TYPE, name="Floor & Pit", prices=1, currency="EUR", capacity=9, status="ON_SALE"),)
    times = {"starts_at": STARTS, "ends_at": STARTS + timedelta(hours=3)}
    place = {"name": "Élan <b>Vital</b>", "venue": "Große Halle", "city": "Zürich", "zone": "Europe/Zurich"}
    sale = {"terms_version": 1, "event_version": 2, "status": "PUBLISHED", "max_per_user": 9, "hold_seconds": 600}
    return event(
        **envelope() | {"event_id": EVENT, "organiser_id": "o", "types": kinds} | times | place | sale | changes
    )


def refunded(amount: int = 9000, currency: str = "EUR", **more: Any) -> PaymentRefunded:
    payment = {"payment_id": ids.derive("test", "payment"), "booking_id": BOOKING}
    return PaymentRefunded(**envelope() | payment, amount=amount, currency=currency, **more)


def transferred(ticket_id: str, giver: str = BUYER.user_id, to: str = TAKER.user_id) -> TicketTransferred:
    return TicketTransferred(**about() | {"user_id": to}, ticket_id=ticket_id, from_user_id=giver)


def created(*ticket_ids: str, booking: str = BOOKING, user: str = BUYER.user_id) -> TicketCreated:
    return TicketCreated(**about() | {"booking_id": booking, "user_id": user}, ticket_ids=ticket_ids)


def meet(system: System, *messages: BusEvent) -> None:
    """Let notify hear of people and events."""
    for message in messages:
        is_event = isinstance(message, EventPublished | EventChanged | EventCancelled)
        system.deliver(message, "notify.keep_event" if is_event else f"notify.on_{message.snake_name()}")


def tell(system: System, event: BusEvent, *, tries: int = 1) -> bool:
    """Deliver what is to be told, then what that leaves to be sent; whether both were acknowledged."""
    consumer = f"notify.on_{event.snake_name()}"
    heard = not system.deliver(event, consumer)[consumer]["batchItemFailures"]
    return heard and post(system, tries=tries)


def post(system: System, *, kind: str = "", tries: int = 1) -> bool:
    """Send all that is waiting to be sent, or all of a kind; whether it was."""
    waiting = [one for one in notices(system) if one["status"] == "PENDING" and kind in one["kind"]]
    sent = [send(system, one, tries=tries) for one in waiting]
    return all(sent)


def send(system: System, notice: dict[str, Any], *, tries: int = 1) -> bool:
    [pending] = published(notice)
    return not system.deliver(pending, SENDING, tries=tries)[SENDING]["batchItemFailures"]


def sold(system: System, qty: int = 2) -> TicketCreated:
    """A booking whose tickets are there, and what the bus says of it."""
    booked = (BookedItem(event_type_id=TYPE, qty=qty, unit_price=1),)
    system.deliver(show(EventPublished), "ticket.keep_event")
    booking = BookingConfirmed(**about(), items=booked, prices=qty, currency="EUR")
    system.deliver(booking, "ticket.on_booking_confirmed")
    [issue] = [one for one in system.scan(topology.TICKETS) if one["sk"] == "issue"]
    [made] = published(issue)
    assert isinstance(made, TicketCreated)
    return made


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


def item(system: System, kind: str) -> dict[str, Any]:
    """The only item of notify's of its kind."""
    [found] = [one for one in system.scan(topology.NOTICES) if one["sk"].split("#")[0] == kind]
    return found


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
