"""What mails say: why, how much, of which event, and in whose language."""

import string
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import pytest

from common import clock
from common.bus.base import Locale
from common.bus.booking import BookingCancelled, BookingExpired, BookingFailed
from common.bus.events import EventPublished
from common.bus.ticket import TicketOffered, TicketVoided
from notify.core import shows
from notify.core.model import RULES, Kind
from notify.core.words import LANGUAGES, de, en
from tests.support.postbox import (
    BOOKING,
    BUYER,
    EVENT,
    NOW,
    TAKER,
    about,
    envelope,
    mails,
    meet,
    notices,
    refunded,
    registered,
    settings,
    show,
    taker,
    tell,
    words,
)
from tests.support.system import System, row

pytestmark = pytest.mark.moto


@pytest.fixture(autouse=True)
def at_noon() -> Iterator[None]:
    clock.use(lambda: NOW)
    yield
    clock.use()


@pytest.fixture
def known(system: System) -> System:
    meet(system, registered(), show(EventPublished))
    with system.acting(row("notify.on_booking_failed")):
        shows.remember(BOOKING, EVENT)
    return system


def places(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


def test_every_language_has_every_sentence_with_the_same_places() -> None:
    english = LANGUAGES["en"].sentences

    assert set(LANGUAGES) == set(get_args(Locale))
    for language in LANGUAGES.values():
        assert language.sentences.keys() == english.keys()
        assert {key: places(said) for key, said in language.sentences.items()} == {
            key: places(said) for key, said in english.items()
        }
        assert (len(language.days), len(language.months)) == (7, 12)
        assert all(said.strip() == said != "" for said in language.sentences.values())


def test_every_kind_has_its_words_and_its_rule_and_every_reason_its_sentence() -> None:
    keys = en.LANGUAGE.sentences.keys()
    reasons = {
        f"{what}.{reason}"
        for what, event in (("failed", BookingFailed), ("cancelled", BookingCancelled))
        for reason in get_args(event.model_fields["reason"].annotation)
    }

    assert {str(kind) for kind in Kind} <= keys
    assert reasons <= keys
    assert RULES.keys() == set(Kind)


def test_no_sentence_is_the_same_in_both_languages_by_oversight() -> None:
    same = {key for key, said in de.LANGUAGE.sentences.items() if said == en.LANGUAGE.sentences[key]}

    assert same == {"place", "caption", "changed", "changed.name"}


def test_who_is_german_is_written_to_in_german(known: System) -> None:
    meet(known, settings("email", locale="de"))

    tell(known, BookingCancelled(**about(), reason="event_cancelled", refund=123456, message="Krank.\nLeider."))

    [mail] = mails()
    assert mail["Subject"] == "Élan <b>Vital</b> ist abgesagt"
    assert words(mail).startswith("Guten Tag Ada,\n")
    assert "Montag, 1. Juni 2026, 20:00 Uhr (Europe/Zurich)" in words(mail)
    assert "1.234,56 EUR" in words(mail)
    assert "Der Veranstalter schreibt: Krank.\nLeider." in words(mail)
    assert '<html lang="de">' in words(mail, "html")


def test_the_language_of_the_registration_counts_until_settings_say_otherwise(system: System) -> None:
    meet(system, registered(locale="de"), show(EventPublished))
    tell(system, BookingExpired(**about()))
    meet(system, settings("email", locale="en"), registered(locale="de"))
    tell(system, BookingExpired(**about()))

    assert [words(mail).split(" ")[0] for mail in mails()] == ["Guten", "Hello"]


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("declined", "declined"),
        ("amount_mismatch", "not the amount due"),
        ("no_room", "no places were left"),
        ("limit_reached", "as many places as one may have"),
        ("sale_closed", "closed"),
        ("cancelled", "after you had cancelled"),
    ],
)
def test_a_failed_booking_says_why_and_that_money_comes_back(known: System, reason: Any, said: str) -> None:
    tell(known, BookingFailed(**about(), reason=reason))

    assert said in words(mails()[0])
    assert "the whole amount is on its way back" in words(mails()[0])


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("buyer", "You cancelled your booking for Élan"),
        ("ticket_rejected", "could not make the tickets"),
        ("event_cancelled", "Monday, 1 June 2026, 20:00 (Europe/Zurich), will not take place"),
        ("refunded", "was paid back"),
        ("organiser", "The organiser of Élan <b>Vital</b> has cancelled your booking"),
    ],
)
def test_a_cancelled_booking_says_by_whom(known: System, reason: Any, said: str) -> None:
    tell(known, BookingCancelled(**about(), reason=reason))

    assert said in words(mails()[0])
    assert "The organiser writes" not in words(mails()[0])


@pytest.mark.parametrize(
    ("refund", "said"),
    [
        (None, "If you had paid, the whole amount is on its way back"),
        (0, "No money goes back to you: either nothing had been paid, or"),
        (1250, "Of what you paid, 12.50 EUR is on its way back"),
    ],
)
def test_a_cancelled_booking_says_what_comes_back(known: System, refund: int | None, said: str) -> None:
    tell(known, BookingCancelled(**about(), reason="buyer", refund=refund))

    assert said in words(mails()[0])
    assert words(mails()[0]).count("way back") == (0 if refund == 0 else 1)


@pytest.mark.parametrize(
    ("amount", "currency", "said"),
    [
        (123456, "EUR", "1,234.56 EUR"),
        (5, "EUR", "0.05 EUR"),
        (1250, "JPY", "1,250 JPY"),
        (1250, "KWD", "1.250 KWD"),
    ],
)
def test_a_refund_names_the_amount_in_its_currency(known: System, amount: int, currency: str, said: str) -> None:
    tell(known, refunded(amount, currency))

    assert f"We have sent {said} back" in words(mails()[0])
    assert "in all" not in words(mails()[0])


def test_a_part_of_a_refund_names_the_sum_of_all(known: System) -> None:
    tell(known, refunded(1000, prices=5000, refunded=3000))

    assert "Of 50.00 EUR that you paid, 30.00 EUR have been sent back in all." in words(mails()[0])


def test_an_offer_says_by_whom_and_how_to_accept(known: System) -> None:
    meet(known, taker())
    offer = {"transfer_id": "the-offer", "ticket_id": "t", "event_id": EVENT, "from_user_id": BUYER.user_id}

    tell(known, TicketOffered(**envelope() | {"user_id": TAKER.user_id} | offer))

    assert mails()[0]["Subject"] == "Ada offers you a ticket for Élan <b>Vital</b>"
    assert "accept the offer with the number the-offer" in words(mails()[0])


def test_a_ticket_that_was_withdrawn_is_named_and_one_that_went_with_its_booking_is_not_told_of(known: System) -> None:
    tell(known, TicketVoided(**about(), ticket_ids=("the-ticket",)))
    tell(known, TicketVoided(**about()))

    [mail] = mails()
    assert "Ticket: the-ticket" in words(mail)
    assert len(notices(known)) == 1


@pytest.mark.parametrize(("month", "clock_there"), [(1, "19:00"), (7, "20:00")])
def test_a_time_is_that_of_the_events_clocks_in_winter_and_summer(month: int, clock_there: str) -> None:
    moment = datetime(2026, month, 1, 18, tzinfo=UTC)

    assert clock_there in en.LANGUAGE.moment(moment, "Europe/Zurich")
    assert "1." in de.LANGUAGE.moment(moment, "Europe/Zurich")


def test_every_day_and_month_has_its_name() -> None:
    days = [datetime(2026, 1, 1, 12, tzinfo=UTC) + timedelta(days=31 * at) for at in range(12)]
    week = [datetime(2026, 6, at, 12, tzinfo=UTC) for at in range(1, 8)]

    assert [en.LANGUAGE.moment(one, "UTC").split(" ")[2] for one in days] == [f"{one:%B}" for one in days]
    assert [en.LANGUAGE.moment(one, "UTC").split(",")[0] for one in week] == [f"{one:%A}" for one in week]
