"""E-mail texts: reason, amount, event and language."""

import string
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import pytest

from common.bus.base import Locale
from common.bus.booking import BookingCancelled, BookingExpired, BookingFailed
from common.bus.events import EventPublished
from common.bus.ticket import TicketOffered, TicketVoided
from notify.core.model import DELIVERY_RULES, Kind
from notify.core.templates import LANGUAGES, de, en
from tests.support.drivers.notify_driver import (
    BUYER,
    EVENT,
    OTHER_USER,
    body_text,
    booking_fields,
    deliver_copies,
    event_envelope,
    event_message,
    notifications,
    notify,
    other_user_registered,
    payment_refunded,
    sent_mails,
    settings_changed,
    user_registered,
)
from tests.support.system.system import System

pytestmark = pytest.mark.moto


def placeholders(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


def test_languages_have_the_same_templates_and_placeholders() -> None:
    english = LANGUAGES["en"].templates

    assert set(LANGUAGES) == set(get_args(Locale))
    for language in LANGUAGES.values():
        assert language.templates.keys() == english.keys()
        assert {key: placeholders(template) for key, template in language.templates.items()} == {
            key: placeholders(template) for key, template in english.items()
        }
        assert (len(language.days), len(language.months)) == (7, 12)
        assert all(template.strip() == template != "" for template in language.templates.values())


def test_every_kind_and_reason_has_a_template() -> None:
    keys = en.LANGUAGE.templates.keys()
    reasons = {
        f"{what}.{reason}"
        for what, event in (("failed", BookingFailed), ("cancelled", BookingCancelled))
        for reason in get_args(event.model_fields["reason"].annotation)
    }

    assert {str(kind) for kind in Kind} <= keys
    assert reasons <= keys
    assert DELIVERY_RULES.keys() == set(Kind)


def test_every_template_is_translated() -> None:
    same = {key for key, template in de.LANGUAGE.templates.items() if template == en.LANGUAGE.templates[key]}

    assert same == {"place", "caption", "changed", "changed.name"}


def test_german_user_gets_german_email(ready_system: System) -> None:
    deliver_copies(ready_system, settings_changed("email", locale="de"))

    notify(
        ready_system,
        BookingCancelled(**booking_fields(), reason="event_cancelled", refund=123456, message="Krank.\nLeider."),
    )

    [mail] = sent_mails()
    assert mail["Subject"] == "Élan <b>Vital</b> ist abgesagt"
    assert body_text(mail).startswith("Guten Tag Ada,\n")
    assert "Montag, 1. Juni 2026, 20:00 Uhr (Europe/Zurich)" in body_text(mail)
    assert "1.234,56 EUR" in body_text(mail)
    assert "Der Veranstalter schreibt: Krank.\nLeider." in body_text(mail)
    assert '<html lang="de">' in body_text(mail, "html")


def test_settings_override_the_language_of_registration(system: System) -> None:
    deliver_copies(system, user_registered(locale="de"), event_message(EventPublished))
    notify(system, BookingExpired(**booking_fields()))
    deliver_copies(system, settings_changed("email", locale="en"), user_registered(locale="de"))
    notify(system, BookingExpired(**booking_fields()))

    assert [body_text(mail).split(" ")[0] for mail in sent_mails()] == ["Guten", "Hello"]


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("declined", "declined"),
        ("amount_mismatch", "not the amount due"),
        ("no_room", "no places were left"),
        ("limit_reached", "as many places as one may have"),
        ("sale_closed", "closed"),
        ("cancelled", "after you had cancelled"),
    ],
)
def test_booking_failed_email_names_reason_and_refund(ready_system: System, reason: Any, expected: str) -> None:
    notify(ready_system, BookingFailed(**booking_fields(), reason=reason))

    assert expected in body_text(sent_mails()[0])
    assert "the whole amount is on its way back" in body_text(sent_mails()[0])


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("buyer", "You cancelled your booking for Élan"),
        ("ticket_rejected", "could not make the tickets"),
        ("event_cancelled", "Monday, 1 June 2026, 20:00 (Europe/Zurich), will not take place"),
        ("refunded", "was paid back"),
        ("organiser", "The organiser of Élan <b>Vital</b> has cancelled your booking"),
    ],
)
def test_booking_cancelled_email_names_the_reason(ready_system: System, reason: Any, expected: str) -> None:
    notify(ready_system, BookingCancelled(**booking_fields(), reason=reason))

    assert expected in body_text(sent_mails()[0])
    assert "The organiser writes" not in body_text(sent_mails()[0])


@pytest.mark.parametrize(
    ("refund", "expected"),
    [
        (None, "If you had paid, the whole amount is on its way back"),
        (0, "No money goes back to you: either nothing had been paid, or"),
        (1250, "Of what you paid, 12.50 EUR is on its way back"),
    ],
)
def test_booking_cancelled_email_names_the_refund(ready_system: System, refund: int | None, expected: str) -> None:
    notify(ready_system, BookingCancelled(**booking_fields(), reason="buyer", refund=refund))

    assert expected in body_text(sent_mails()[0])
    assert body_text(sent_mails()[0]).count("way back") == (0 if refund == 0 else 1)


@pytest.mark.parametrize(
    ("amount", "currency", "expected"),
    [
        (123456, "EUR", "1,234.56 EUR"),
        (5, "EUR", "0.05 EUR"),
        (1250, "JPY", "1,250 JPY"),
        (1250, "KWD", "1.250 KWD"),
    ],
)
def test_refund_email_formats_amount_in_its_currency(
    ready_system: System, amount: int, currency: str, expected: str
) -> None:
    notify(ready_system, payment_refunded(amount, currency))

    assert f"We have sent {expected} back" in body_text(sent_mails()[0])
    assert "in all" not in body_text(sent_mails()[0])


def test_partial_refund_email_names_the_total_refunded(ready_system: System) -> None:
    notify(ready_system, payment_refunded(1000, prices=5000, refunded=3000))

    assert "Of 50.00 EUR that you paid, 30.00 EUR have been sent back in all." in body_text(sent_mails()[0])


def test_offer_email_names_sender_and_transfer_id(ready_system: System) -> None:
    deliver_copies(ready_system, other_user_registered())
    offer = {"transfer_id": "the-offer", "ticket_id": "t", "event_id": EVENT, "from_user_id": BUYER.user_id}

    notify(ready_system, TicketOffered(**event_envelope() | {"user_id": OTHER_USER.user_id} | offer))

    assert sent_mails()[0]["Subject"] == "Ada offers you a ticket for Élan <b>Vital</b>"
    assert "accept the offer with the number the-offer" in body_text(sent_mails()[0])


def test_only_individually_voided_tickets_are_announced(ready_system: System) -> None:
    notify(ready_system, TicketVoided(**booking_fields(), ticket_ids=("the-ticket",)))
    notify(ready_system, TicketVoided(**booking_fields()))

    [mail] = sent_mails()
    assert "Ticket: the-ticket" in body_text(mail)
    assert len(notifications(ready_system)) == 1


@pytest.mark.parametrize(("month", "local_time"), [(1, "19:00"), (7, "20:00")])
def test_times_are_formatted_in_the_event_zone(month: int, local_time: str) -> None:
    moment = datetime(2026, month, 1, 18, tzinfo=UTC)

    assert local_time in en.LANGUAGE.format_datetime(moment, "Europe/Zurich")
    assert "1." in de.LANGUAGE.format_datetime(moment, "Europe/Zurich")


def test_every_day_and_month_has_a_name() -> None:
    days = [datetime(2026, 1, 1, 12, tzinfo=UTC) + timedelta(days=31 * at) for at in range(12)]
    week = [datetime(2026, 6, at, 12, tzinfo=UTC) for at in range(1, 8)]

    assert [en.LANGUAGE.format_datetime(one, "UTC").split(" ")[2] for one in days] == [f"{one:%B}" for one in days]
    assert [en.LANGUAGE.format_datetime(one, "UTC").split(",")[0] for one in week] == [f"{one:%A}" for one in week]
