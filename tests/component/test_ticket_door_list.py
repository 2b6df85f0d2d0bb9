"""What a door takes along: the whole list however it is read, and keys for tickets of every age."""

import base64
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from tests.component.test_ticket_desk import booking, do, now, ticket
from tests.component.test_ticket_door import scan
from tests.component.test_ticket_issuing import (
    CANCELLED,
    CONFIRMED,
    at_noon,
    cancelled,
    confirmed,
    items,
    terms,
)
from tests.component.test_ticket_undoing import door
from tests.support.memory import Memory
from tests.support.system import System
from ticket.core import signature

__all__ = ["at_noon", "booking", "ticket"]


@pytest.fixture
def one_at_a_time(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    """No answer of a table has more than one item, as none has more than a megabyte."""
    assert isinstance(system, Memory)
    whole = system.query
    monkeypatch.setattr(system, "query", lambda *asked, **how: whole(*asked, **how | {"limit": 1}))


def test_an_event_without_tickets_has_counts_of_nothing(system: System) -> None:
    system.deliver(terms(), "ticket.keep_event")

    assert door(system).json["counts"] == {"issued": 0, "void": 0, "checked_in": 0}
    assert door(system).json["revoked"] == []


@pytest.mark.usefixtures("one_at_a_time")
def test_a_list_of_many_answers_is_whole(system: System) -> None:
    system.deliver(terms(), "ticket.keep_event")
    bookings = [confirmed(2) for _ in range(12)]
    for one in bookings:
        system.deliver(one, CONFIRMED)
        system.deliver(cancelled(one), CANCELLED)

    found = door(system).json

    assert found["counts"] == {"issued": 24, "void": 24, "checked_in": 0}
    assert found["revoked"] == [{"ticket_id": one["id"], "serial": None} for one in items(system, "ticket")]


def test_a_ticket_reissued_and_then_cancelled_with_its_booking_is_dead_in_all_its_codes(system: System) -> None:
    system.deliver(terms(), "ticket.keep_event")
    bookings = [confirmed(2) for _ in range(8)]
    for one in bookings:
        system.deliver(one, CONFIRMED)
    for made in items(system, "ticket"):
        do(system, "reissue", made)
    for one in bookings:
        system.deliver(cancelled(one), CANCELLED)

    assert [one["serial"] for one in door(system).json["revoked"]] == [None] * 16


def test_the_keys_of_a_door_prove_tickets_from_before_and_after_a_rotation(
    system: System, ticket: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signature, "KIDS", ("2", "1"))

    keys = {one["kid"]: one["x"] for one in door(system).json["keys"]}

    assert set(keys) == {"2", "1"}
    assert len(set(keys.values())) == 2
    assert all(len(one) == 43 and "=" not in one for one in keys.values())  # RFC 7515: 32 bytes without padding
    body, _, signed = ticket["qr_payload"].rpartition(".")
    public = Ed25519PublicKey.from_public_bytes(base64.urlsafe_b64decode(keys["1"] + "="))
    public.verify(base64.b32decode(signed + "=" * (-len(signed) % 8)), body.encode())


def test_the_revoked_serial_is_the_last_that_was_replaced(system: System, ticket: dict[str, Any]) -> None:
    for _ in range(3):
        do(system, "reissue", ticket)

    assert door(system).json["revoked"] == [{"ticket_id": ticket["id"], "serial": 3}]
    assert scan(system, now(system, ticket)["latest_code"]).status == 201
