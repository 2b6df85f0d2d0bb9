"""UserErased and the person's copy at payment: what was written about refunds goes, money stays on record."""

import pytest

from common.bus.user import UserErased
from common.calls.export import ExportUser
from tests.support.orders import START, Order
from tests.support.provider import Provider
from tests.support.system import Person, System

BOSS = Person("organiser")
REASON = "Anna's aunt was ill."


def forget(system: System, person: Person) -> None:
    fixed = {"bus_event_id": "1", "correlation_id": "c", "causation_id": "c", "user_id": person.user_id}
    answer = system.deliver(UserErased.model_validate(fixed | {"occurred_at": START}), "payment.on_user_erased")
    assert answer == {"payment.on_user_erased": {"batchItemFailures": []}}


@pytest.fixture
def refunded(system: System, order: Order, provider: Provider) -> Order:
    """An order of which the organiser gave a part back with words, and booking the rest without."""
    system.deliver(order.show(BOSS), "payment.keep_event")
    provider.pay(order.buyer, order.id, order.prices)
    wanted = {"reason": REASON, "amount": 1000}
    assert system.http(f"POST /v1/payments/{order.payment_id}/refund", wanted, by=BOSS).status == 201
    assert order.send_back(system)
    system.deliver(order.cancelled(), "payment.on_booking_cancelled")
    assert order.send_back(system)
    return order


def test_the_organisers_words_go_and_all_else_stays(system: System, refunded: Order) -> None:
    before = refunded.stored(system)

    forget(system, refunded.buyer)

    after = refunded.stored(system)
    theirs, bookings = before["refunds"]
    line = after["logs"][-1]
    assert (theirs["reason"], bookings["by"]) == (REASON, "booking")
    assert after["refunds"] == [theirs | {"reason": ""}, bookings]
    assert (line["did"], line["by"]) == ("erase", "user")
    assert (after["logs"][:-1], after["version"]) == (before["logs"], before["version"] + 1)
    moved = ("refunds", "logs", "version", "operation", "updated_at", "outbox")
    assert {k: v for k, v in after.items() if k not in moved} == {k: v for k, v in before.items() if k not in moved}
    assert REASON not in str(after)


def test_erasing_again_finds_nothing_to_do(system: System, refunded: Order) -> None:
    forget(system, refunded.buyer)
    before = refunded.stored(system)

    forget(system, refunded.buyer)

    assert refunded.stored(system) == before


def test_what_was_written_about_another_stays(system: System, refunded: Order) -> None:
    before = refunded.stored(system)

    forget(system, Person())

    assert refunded.stored(system) == before


def test_the_copy_holds_the_persons_payments_without_our_key_towards_the_provider(
    system: System, refunded: Order
) -> None:
    copies = [
        system.invoke("payment.export_user", ExportUser(user_id=person.user_id).model_dump())
        for person in (refunded.buyer, Person())
    ]

    assert refunded.payment_id in str(copies[0])
    assert REASON in str(copies[0])
    assert "idempotency_key" in refunded.stored(system)
    assert "idempotency_key" not in str(copies[0])
    assert refunded.payment_id not in str(copies[1])
