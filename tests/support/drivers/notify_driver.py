"""A driver for notify: delivers bus events and reads the sent e-mails."""

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
from common.outbox import outbox_events
from infra import topology
from tests.support.system.system import REGION, Person, System

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = datetime(2026, 3, 2, 12, tzinfo=UTC)
STARTS = datetime(2026, 6, 1, 18, tzinfo=UTC)
BUYER, OTHER_USER = (Person(user_id=ids.derive("test", name)) for name in ("buyer", "taker"))
BOOKING, EVENT, TYPE = (ids.derive("test", name) for name in ("booking", "event", "type"))
ADDRESS, OTHER_ADDRESS = "ada@mail.test", "tom@mail.test"
SEND_FUNCTION = "notify.send_notification"


def event_envelope(at: datetime | None = None) -> dict[str, Any]:
    references = {"correlation_id": "journey", "causation_id": "cause", "user_id": BUYER.user_id}
    return {"bus_event_id": str(uuid.uuid4()), "occurred_at": at or clock.now()} | references


def booking_fields() -> dict[str, Any]:
    return event_envelope() | {"booking_id": BOOKING, "event_id": EVENT}


def user_registered(**changes: str) -> UserRegistered:
    names = {"user_name": "ada", "first_name": "Ada", "last_name": "Lovelace", "mobile_phone": "+4915112345678"}
    return UserRegistered(**event_envelope() | {"email": ADDRESS} | names | changes)


def other_user_registered() -> UserRegistered:
    return user_registered(user_id=OTHER_USER.user_id, email=OTHER_ADDRESS, user_name="tom", first_name="Tom")


def user_updated(first_name: str, version: int = 2, at: datetime = LATER) -> UserUpdated:
    names = {"user_name": "ada", "first_name": first_name, "last_name": "King", "mobile_phone": "+4915112345678"}
    return UserUpdated(**event_envelope(at) | names, version=version)


def settings_changed(*channels: str, locale: Any = "en", version: int = 1) -> SettingsChanged:
    return SettingsChanged(**event_envelope(), locale=locale, zone="Europe/Berlin", channels=channels, version=version)


def event_message(event_class: type[EventPublished] | type[EventChanged] | type[EventCancelled], **changes: Any) -> Any:
    """A bus event of the event, by default EventPublished."""
    event_types = (TypeTerms(id=TYPE, name="Floor & Pit", prices=1, currency="EUR", capacity=9, status="ON_SALE"),)
    times = {"starts_at": STARTS, "ends_at": STARTS + timedelta(hours=3)}
    place = {"name": "Élan <b>Vital</b>", "venue": "Große Halle", "city": "Zürich", "zone": "Europe/Zurich"}
    sale = {"terms_version": 1, "event_version": 2, "status": "PUBLISHED", "max_per_user": 9, "hold_seconds": 600}
    return event_class(
        **event_envelope()
        | {"event_id": EVENT, "organiser_id": "o", "types": event_types}
        | times
        | place
        | sale
        | changes
    )


def payment_refunded(amount: int = 9000, currency: str = "EUR", **more: Any) -> PaymentRefunded:
    payment = {"payment_id": ids.derive("test", "payment"), "booking_id": BOOKING}
    return PaymentRefunded(**event_envelope() | payment, amount=amount, currency=currency, **more)


def ticket_transferred(
    ticket_id: str, from_user_id: str = BUYER.user_id, user_id: str = OTHER_USER.user_id
) -> TicketTransferred:
    return TicketTransferred(**booking_fields() | {"user_id": user_id}, ticket_id=ticket_id, from_user_id=from_user_id)


def tickets_created(*ticket_ids: str, booking: str = BOOKING, user: str = BUYER.user_id) -> TicketCreated:
    return TicketCreated(**booking_fields() | {"booking_id": booking, "user_id": user}, ticket_ids=ticket_ids)


def deliver_copies(system: System, *messages: BusEvent) -> None:
    """Deliver the messages to notify's copies of users and events."""
    for message in messages:
        is_event = isinstance(message, EventPublished | EventChanged | EventCancelled)
        system.deliver(message, "notify.on_event_changed" if is_event else f"notify.on_{message.snake_name()}")


def notify(system: System, event: BusEvent, *, tries: int = 1) -> bool:
    """Deliver the event, then the resulting NotiPending; whether both were acknowledged."""
    consumer = f"notify.on_{event.snake_name()}"
    acknowledged = not system.deliver(event, consumer)[consumer]["batchItemFailures"]
    return acknowledged and send_pending(system, tries=tries)


def send_pending(system: System, *, kind: str = "", tries: int = 1) -> bool:
    """Deliver all NotiPending, or those of a kind; whether they were acknowledged."""
    pending = [one for one in notifications(system) if one["status"] == "PENDING" and kind in one["kind"]]
    sent = [send_notification(system, one, tries=tries) for one in pending]
    return all(sent)


def send_notification(system: System, notification: dict[str, Any], *, tries: int = 1) -> bool:
    [pending] = outbox_events(notification)
    return not system.deliver(pending, SEND_FUNCTION, tries=tries)[SEND_FUNCTION]["batchItemFailures"]


def issue_tickets(system: System, qty: int = 2) -> TicketCreated:
    """A booking with issued tickets, and its bus event."""
    booked = (BookedItem(event_type_id=TYPE, qty=qty, unit_price=1),)
    system.deliver(event_message(EventPublished), "ticket.on_event_changed")
    booking = BookingConfirmed(**booking_fields(), items=booked, prices=qty, currency="EUR")
    system.deliver(booking, "ticket.on_booking_confirmed")
    [issue] = [one for one in system.scan(topology.TICKETS) if one["sk"] == "issue"]
    [event] = outbox_events(issue)
    assert isinstance(event, TicketCreated)
    return event


def sent_mails() -> list[EmailMessage]:
    """All e-mails passed to SES."""
    sent = sesv2_backends[DEFAULT_ACCOUNT_ID][REGION].core_backend.sent_messages
    return [email.message_from_string(one.raw_data, policy=default) for one in sent]


def body_text(mail: EmailMessage, subtype: str = "plain") -> str:
    body = mail.get_body((subtype,))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


def notifications(system: System) -> list[dict[str, Any]]:
    return [one for one in system.scan(topology.NOTIFICATIONS) if one["sk"] == "notification"]


def single_item(system: System, kind: str) -> dict[str, Any]:
    """The only item of this kind in notify's table."""
    [found] = [one for one in system.scan(topology.NOTIFICATIONS) if one["sk"].split("#")[0] == kind]
    return found


def logged_text(caplog: pytest.LogCaptureFixture) -> str:
    """The text of all log lines, with stack traces and fields."""
    return caplog.text + "".join(str(vars(one)) for one in caplog.records)


class ProcessDied(BaseException):
    """The process ends here. A BaseException, so that no product code catches it."""


@contextmanager
def dying_after(call: str) -> Iterator[None]:
    """End the process after the first call of this kind; fails if there is none."""
    events = env.client(call.partition(".")[0]).meta.events

    def die(**_: Any) -> None:
        raise ProcessDied

    events.register(f"after-call.{call}", die)
    try:
        with pytest.raises(ProcessDied):
            yield
    finally:
        events.unregister(f"after-call.{call}", die)


@contextmanager
def rejecting_emails() -> Iterator[None]:
    """SES rejects e-mails with the address in its message."""
    events = env.client("sesv2").meta.events

    def refuse(**_: Any) -> None:
        raise ClientError({"Error": {"Code": "MessageRejected", "Message": f"{ADDRESS} is not verified"}}, "SendEmail")

    events.register("before-call.sesv2.SendEmail", refuse)
    try:
        yield
    finally:
        events.unregister("before-call.sesv2.SendEmail", refuse)
