"""Erasure and export of a user: refund reasons are redacted, payments stay on record."""

import pytest

from common.bus.user import UserErased
from common.rpc.export import ExportUserRequest
from tests.support.drivers.payment_driver import Order
from tests.support.drivers.provider import ProviderNetwork
from tests.support.fixtures.movable_clock import START
from tests.support.system.system import Person, System

ORGANISER = Person("organiser")
REASON = "Anna's aunt was ill."


def erase(system: System, person: Person) -> None:
    fields = {"bus_event_id": "1", "correlation_id": "c", "causation_id": "c", "user_id": person.user_id}
    result = system.deliver(UserErased.model_validate(fields | {"occurred_at": START}), "payment.on_user_erased")
    assert result == {"payment.on_user_erased": {"batchItemFailures": []}}


@pytest.fixture
def refunded(system: System, order: Order, provider: ProviderNetwork) -> Order:
    """An order refunded in part by the organiser, with a reason, and in full by booking."""
    system.deliver(order.event_published(ORGANISER), "payment.on_event_changed")
    provider.pay(order.buyer, order.id, order.prices)
    request = {"reason": REASON, "amount": 1000}
    assert system.http(f"POST /v1/payments/{order.payment_id}/refund", request, by=ORGANISER).status == 201
    assert order.deliver_refunds(system)
    system.deliver(order.booking_cancelled(), "payment.on_booking_cancelled")
    assert order.deliver_refunds(system)
    return order


def test_erasure_redacts_only_the_organisers_refund_reasons(system: System, refunded: Order) -> None:
    before = refunded.stored_payment(system)

    erase(system, refunded.buyer)

    after = refunded.stored_payment(system)
    organiser_refund, booking_refund = before["refunds"]
    log_entry = after["logs"][-1]
    assert (organiser_refund["reason"], booking_refund["by"]) == (REASON, "booking")
    assert after["refunds"] == [organiser_refund | {"reason": ""}, booking_refund]
    assert (log_entry["action"], log_entry["actor"]) == ("erase", "user")
    assert (after["logs"][:-1], after["version"]) == (before["logs"], before["version"] + 1)
    changed = ("refunds", "logs", "version", "operation", "updated_at", "outbox")
    assert {k: v for k, v in after.items() if k not in changed} == {k: v for k, v in before.items() if k not in changed}
    assert REASON not in str(after)


def test_repeated_erasure_changes_nothing(system: System, refunded: Order) -> None:
    erase(system, refunded.buyer)
    before = refunded.stored_payment(system)

    erase(system, refunded.buyer)

    assert refunded.stored_payment(system) == before


def test_erasure_leaves_payments_of_other_users_unchanged(system: System, refunded: Order) -> None:
    before = refunded.stored_payment(system)

    erase(system, Person())

    assert refunded.stored_payment(system) == before


def test_export_holds_own_payments_without_the_provider_key(system: System, refunded: Order) -> None:
    exports = [
        system.invoke("payment.export_user", ExportUserRequest(user_id=person.user_id).model_dump())
        for person in (refunded.buyer, Person())
    ]

    assert refunded.payment_id in str(exports[0])
    assert REASON in str(exports[0])
    assert "idempotency_key" in refunded.stored_payment(system)
    assert "idempotency_key" not in str(exports[0])
    assert refunded.payment_id not in str(exports[1])
