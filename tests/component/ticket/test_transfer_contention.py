"""Concurrent offers, cancellations and acceptances: one transfer, or a specific error."""

from typing import Any

import pytest

from common import ids
from tests.support.drivers.ticket_driver import (
    accept_transfer,
    act_on_ticket,
    cancel_transfer,
    create_transfer,
    interleaved_before_write,
    interleaved_between_reads,
    stored_items,
    stored_ticket,
    violations,
)
from tests.support.system.system import HttpResponse, System


@pytest.mark.parametrize("key", ["one", None])
def test_concurrent_duplicate_offer_is_created_once(system: System, ticket: dict[str, Any], key: str | None) -> None:
    first: list[HttpResponse] = []

    with interleaved_before_write(lambda: first.append(create_transfer(system, ticket, key=key))):
        second = create_transfer(system, ticket, key=key)

    assert first[0].status == 201
    assert "idempotency-replayed" not in first[0].headers
    if key:
        assert (second.status, second.json, second.headers["idempotency-replayed"]) == (201, first[0].json, "true")
    else:
        assert (second.status, second.problem) == (409, "transfer-pending")
    assert len(stored_items(system, "transfer")) == 1


def test_concurrent_offers_sharing_key_conflict(system: System, ticket: dict[str, Any]) -> None:
    with interleaved_before_write(lambda: create_transfer(system, ticket, key="one")):
        other = create_transfer(system, ticket, key="one", to=ids.new())

    assert (other.status, other.problem) == (422, "idempotency-key-reused")


def test_offer_of_ticket_voided_concurrently_is_rejected(system: System, ticket: dict[str, Any]) -> None:
    with interleaved_before_write(lambda: act_on_ticket(system, "void", ticket)):
        response = create_transfer(system, ticket)

    assert (response.status, response.problem) == (409, "ticket-void")


def test_concurrent_duplicate_transfer_cancellation_succeeds(system: System, ticket: dict[str, Any]) -> None:
    create_transfer(system, ticket)

    with interleaved_before_write(lambda: cancel_transfer(system, ticket)):
        response = cancel_transfer(system, ticket)

    assert response.status == 204
    assert [one["action"] for one in stored_ticket(system, ticket)["logs"]].count("cancel") == 1


def test_transfer_accepted_during_cancellation_stays_accepted(system: System, ticket: dict[str, Any]) -> None:
    offered = create_transfer(system, ticket)

    with interleaved_before_write(lambda: accept_transfer(system, offered)):
        response = cancel_transfer(system, ticket)

    assert (response.status, response.problem) == (410, "transfer-closed")
    assert stored_items(system, "transfer")[0]["status"] == "ACCEPTED"


def test_acceptance_racing_between_reads_gives_same_ticket(system: System, ticket: dict[str, Any]) -> None:
    offered, first = create_transfer(system, ticket), list[HttpResponse]()

    with interleaved_between_reads("transfer", "ticket", lambda: first.append(accept_transfer(system, offered))):
        second = accept_transfer(system, offered)

    assert (first[0].status, second.status, second.json) == (200, 200, first[0].json)
    assert violations(system) == []
