"""The door manifest: complete over any number of query pages, with keys for tickets of every age."""

import base64
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from tests.support.drivers.ticket_driver import (
    ON_CANCELLED,
    ON_CONFIRMED,
    act_on_ticket,
    booking_cancelled,
    booking_confirmed,
    check_in,
    event_terms,
    get_door,
    stored_items,
    stored_ticket,
)
from tests.support.system.in_memory_system import InMemorySystem
from tests.support.system.system import System
from ticket.core import signature


@pytest.fixture
def single_item_pages(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every query page holds one item, as a real one holds at most one megabyte."""
    assert isinstance(system, InMemorySystem)
    query = system.query
    monkeypatch.setattr(system, "query", lambda *args, **kwargs: query(*args, **kwargs | {"limit": 1}))


def test_event_without_tickets_has_zero_counts(system: System) -> None:
    system.deliver(event_terms(), "ticket.on_event_changed")

    assert get_door(system).json["counts"] == {"issued": 0, "void": 0, "checked_in": 0}
    assert get_door(system).json["revoked"] == []


@pytest.mark.usefixtures("single_item_pages")
def test_manifest_of_many_query_pages_is_complete(system: System) -> None:
    system.deliver(event_terms(), "ticket.on_event_changed")
    bookings = [booking_confirmed(2) for _ in range(12)]
    for one in bookings:
        system.deliver(one, ON_CONFIRMED)
        system.deliver(booking_cancelled(one), ON_CANCELLED)

    body = get_door(system).json

    assert body["counts"] == {"issued": 24, "void": 24, "checked_in": 0}
    assert body["revoked"] == [{"ticket_id": one["id"], "serial": None} for one in stored_items(system, "ticket")]


def test_cancellation_after_reissue_revokes_all_serials(system: System) -> None:
    system.deliver(event_terms(), "ticket.on_event_changed")
    bookings = [booking_confirmed(2) for _ in range(8)]
    for one in bookings:
        system.deliver(one, ON_CONFIRMED)
    for issued in stored_items(system, "ticket"):
        act_on_ticket(system, "reissue", issued)
    for one in bookings:
        system.deliver(booking_cancelled(one), ON_CANCELLED)

    assert [one["serial"] for one in get_door(system).json["revoked"]] == [None] * 16


def test_door_keys_verify_tickets_across_key_rotation(
    system: System, ticket: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signature, "KEY_IDS", ("2", "1"))

    keys = {one["kid"]: one["x"] for one in get_door(system).json["keys"]}

    assert set(keys) == {"2", "1"}
    assert len(set(keys.values())) == 2
    assert all(len(one) == 43 and "=" not in one for one in keys.values())  # RFC 7515: 32 bytes without padding
    body, _, signed = ticket["qr_payload"].rpartition(".")
    public = Ed25519PublicKey.from_public_bytes(base64.urlsafe_b64decode(keys["1"] + "="))
    public.verify(base64.b32decode(signed + "=" * (-len(signed) % 8)), body.encode())


def test_revoked_serial_is_last_replaced_one(system: System, ticket: dict[str, Any]) -> None:
    for _ in range(3):
        act_on_ticket(system, "reissue", ticket)

    assert get_door(system).json["revoked"] == [{"ticket_id": ticket["id"], "serial": 3}]
    assert check_in(system, stored_ticket(system, ticket)["latest_code"]).status == 201
