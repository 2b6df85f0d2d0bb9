"""Complete requests to Stripe: an unknown parameter would break every checkout."""

from datetime import timedelta
from urllib.parse import parse_qsl

import pytest

from payment.core.providers import stripe
from payment.core.providers.port import ProviderRejected, ProviderUnreachable
from payment.core.providers.registry import get_provider
from tests.support.drivers.payment_driver import Order
from tests.support.drivers.provider import ProviderNetwork
from tests.support.fixtures.movable_clock import MovableClock
from tests.support.system.system import Person, System, row

ORGANISER = Person("organiser")


def test_checkout_request_uses_card_and_order_currency(system: System, order: Order, provider: ProviderNetwork) -> None:
    system.http("POST /v1/payments", order.request, by=order.buyer)

    (call,) = provider.calls
    return_url = f"https://tickets.test/v1/payments/{order.payment_id}"
    assert dict(parse_qsl(call.params)) == {
        "mode": "payment",
        "payment_method_types[0]": "card",
        "adaptive_pricing[enabled]": "false",
        "line_items[0][quantity]": "1",
        "line_items[0][price_data][currency]": "eur",
        "line_items[0][price_data][unit_amount]": "5000",
        "line_items[0][price_data][product_data][name]": f"Booking {order.id}",
        "client_reference_id": order.payment_id,
        "metadata[payment_id]": order.payment_id,
        "metadata[booking_id]": order.id,
        "payment_intent_data[metadata][payment_id]": order.payment_id,
        "payment_intent_data[metadata][booking_id]": order.id,
        "success_url": return_url,
        "cancel_url": return_url,
    }
    assert call.key == f"{order.payment_id}:1"


@pytest.mark.parametrize(("currency", "amount"), [("EUR", "1000"), ("ISK", "100000"), ("JPY", "1000")])
def test_refund_request_names_payment_key_and_stripe_amount(
    system: System, provider: ProviderNetwork, currency: str, amount: str
) -> None:
    order = Order(currency=currency)
    system.deliver(order.booking_ordered(), "payment.on_booking_ordered")
    system.deliver(order.event_published(ORGANISER), "payment.on_event_changed")
    provider.pay(order.buyer, order.id, order.prices)
    request = {"reason": "Rain.", "amount": 1000}
    refund = system.http(f"POST /v1/payments/{order.payment_id}/refund", request, by=ORGANISER).json

    order.deliver_refunds(system)

    (call,) = provider.successful_refunds()
    key = f"{order.payment_id}:refund:{refund['id']}"
    assert dict(parse_qsl(call.params)) == {
        "payment_intent": order.stored_payment(system)["provider_payment"],
        "amount": amount,
        "metadata[payment_id]": order.payment_id,
        "metadata[refund_key]": key,
    }
    assert call.key == key


@pytest.mark.parametrize(
    ("amount", "currency", "expected"),
    [(1000, "eur", (1000, "EUR")), (1050, "isk", (10, "ISK")), (None, None, (0, "")), (7, "jpy", (7, "JPY"))],
)
def test_stripe_amounts_convert_to_minor_units(
    amount: int | None, currency: str | None, expected: tuple[int, str]
) -> None:
    converted = stripe.from_stripe_amount(amount, currency)

    assert (converted, type(converted[0])) == (expected, int)


def test_rejection_carries_the_provider_message(system: System, order: Order, provider: ProviderNetwork) -> None:
    provider.error_responses.append(("/sessions/cs_1", {"message": "No such session: cs_1"}))

    with (
        system.as_function(row("payment.start_payment")),
        pytest.raises(ProviderRejected, match="No such session: cs_1"),
    ):
        get_provider().get_checkout("cs_1")


def test_unreachable_provider_carries_the_cause(system: System, order: Order, provider: ProviderNetwork) -> None:
    provider.is_down = True

    with system.as_function(row("payment.start_payment")), pytest.raises(ProviderUnreachable, match="down"):
        get_provider().get_checkout("cs_1")


@pytest.mark.parametrize(
    ("elapsed", "is_listed"), [(timedelta(hours=23), True), (timedelta(hours=23, seconds=-1), False)]
)
def test_refund_is_looked_up_after_key_lifetime(
    system: System, order: Order, provider: ProviderNetwork, clock: MovableClock, elapsed: timedelta, is_listed: bool
) -> None:
    provider.pay(order.buyer, order.id, order.prices)
    system.deliver(order.booking_failed("no_room"), "payment.on_booking_failed")
    clock.now += elapsed

    order.deliver_refunds(system)

    assert ("GET /sandbox/v1/refunds" in [one.call for one in provider.calls]) is is_listed
