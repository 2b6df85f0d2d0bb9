"""UserErased while the organiser gives money back: no refund is lost, and the words of both go."""

from common.bus.user import UserErased
from tests.support.orders import START, Order
from tests.support.provider import Provider
from tests.support.refusals import meanwhile
from tests.support.system import Person, Reply, System

BOSS = Person("organiser")


def refund(system: System, order: Order, amount: int, reason: str) -> Reply:
    wanted = {"reason": reason, "amount": amount}
    return system.http(f"POST /v1/payments/{order.payment_id}/refund", wanted, by=BOSS)


def test_a_refund_that_is_asked_for_during_the_erasure_stays_and_loses_its_words_too(
    system: System, order: Order, provider: Provider
) -> None:
    system.deliver(order.show(BOSS), "payment.keep_event")
    provider.pay(order.buyer, order.id, order.prices)
    assert refund(system, order, 1000, "Anna's aunt was ill.").status == 201
    fixed = {"bus_event_id": "1", "correlation_id": "c", "causation_id": "c", "user_id": order.buyer.user_id}
    erased = UserErased.model_validate(fixed | {"occurred_at": START})

    with meanwhile("UpdateItem", lambda: refund(system, order, 500, "Anna's uncle, too.")):
        answer = system.deliver(erased, "payment.on_user_erased")

    item = order.stored(system)
    assert answer == {"payment.on_user_erased": {"batchItemFailures": []}}
    assert [(one["amount"], one["reason"], one["by"]) for one in item["refunds"]] == [
        (1000, "", BOSS.user_id),
        (500, "", BOSS.user_id),
    ]
    assert "Anna" not in str(item)
    assert order.steps(system)[-3:] == ["refund", "refund", "erase"]
