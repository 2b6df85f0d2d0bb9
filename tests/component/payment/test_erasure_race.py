"""A refund during the erasure of its user: no refund is lost, and both reasons are redacted."""

from common.bus.user import UserErased
from tests.support.drivers.payment_driver import Order
from tests.support.drivers.provider import ProviderNetwork
from tests.support.faults.aws_errors import interleaved
from tests.support.fixtures.movable_clock import START
from tests.support.system.system import HttpResponse, Person, System

ORGANISER = Person("organiser")


def refund(system: System, order: Order, amount: int, reason: str) -> HttpResponse:
    request = {"reason": reason, "amount": amount}
    return system.http(f"POST /v1/payments/{order.payment_id}/refund", request, by=ORGANISER)


def test_refund_requested_during_erasure_is_kept_and_redacted(
    system: System, order: Order, provider: ProviderNetwork
) -> None:
    system.deliver(order.event_published(ORGANISER), "payment.on_event_changed")
    provider.pay(order.buyer, order.id, order.prices)
    assert refund(system, order, 1000, "Anna's aunt was ill.").status == 201
    fields = {"bus_event_id": "1", "correlation_id": "c", "causation_id": "c", "user_id": order.buyer.user_id}
    event = UserErased.model_validate(fields | {"occurred_at": START})

    with interleaved("UpdateItem", lambda: refund(system, order, 500, "Anna's uncle, too.")):
        result = system.deliver(event, "payment.on_user_erased")

    item = order.stored_payment(system)
    assert result == {"payment.on_user_erased": {"batchItemFailures": []}}
    assert [(one["amount"], one["reason"], one["by"]) for one in item["refunds"]] == [
        (1000, "", ORGANISER.user_id),
        (500, "", ORGANISER.user_id),
    ]
    assert "Anna" not in str(item)
    assert order.actions(system)[-3:] == ["refund", "refund", "erase"]
