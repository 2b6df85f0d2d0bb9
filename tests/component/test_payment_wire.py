"""What the provider is asked, whole: a word that it does not know is a page that nobody can pay on."""

from datetime import timedelta
from urllib.parse import parse_qsl

import pytest

from payment.core import stripe_provider
from payment.core.provider import Declined, Unreachable, current
from tests.support.orders import Clock, Order
from tests.support.provider import Provider
from tests.support.system import Person, System, row

BOSS = Person("organiser")


def test_a_page_is_asked_for_by_card_in_the_orders_own_currency(
    system: System, order: Order, provider: Provider
) -> None:
    system.http("POST /v1/payments", order.request, by=order.buyer)

    (asked,) = provider.calls
    back = f"https://tickets.test/v1/payments/{order.payment_id}"
    assert dict(parse_qsl(asked.params)) == {
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
        "success_url": back,
        "cancel_url": back,
    }
    assert asked.key == f"{order.payment_id}:1"


@pytest.mark.parametrize(("currency", "amount"), [("EUR", "1000"), ("ISK", "100000"), ("JPY", "1000")])
def test_a_refund_names_its_payment_its_row_and_its_amount_as_the_provider_counts_it(
    system: System, provider: Provider, currency: str, amount: str
) -> None:
    order = Order(currency=currency)
    system.deliver(order.ordered(), "payment.on_booking_ordered")
    system.deliver(order.show(BOSS), "payment.keep_event")
    provider.pay(order.buyer, order.id, order.prices)
    wanted = {"reason": "Rain.", "amount": 1000}
    refund = system.http(f"POST /v1/payments/{order.payment_id}/refund", wanted, by=BOSS).json

    order.send_back(system)

    (asked,) = provider.refunds()
    key = f"{order.payment_id}:refund:{refund['id']}"
    assert dict(parse_qsl(asked.params)) == {
        "payment_intent": order.stored(system)["provider_payment"],
        "amount": amount,
        "metadata[payment_id]": order.payment_id,
        "metadata[refund_key]": key,
    }
    assert asked.key == key


@pytest.mark.parametrize(
    ("amount", "currency", "expected"),
    [(1000, "eur", (1000, "EUR")), (1050, "isk", (10, "ISK")), (None, None, (0, "")), (7, "jpy", (7, "JPY"))],
)
def test_money_is_counted_in_the_currencys_own_minor_units(
    amount: int | None, currency: str | None, expected: tuple[int, str]
) -> None:
    found = stripe_provider.received(amount, currency)

    assert (found, type(found[0])) == (expected, int)


def test_a_no_says_what_the_provider_said(system: System, order: Order, provider: Provider) -> None:
    provider.refusals.append(("/sessions/cs_1", {"message": "No such session: cs_1"}))

    with system.acting(row("payment.start_payment")), pytest.raises(Declined, match="No such session: cs_1"):
        current().look("cs_1")


def test_silence_says_what_was_not_answered(system: System, order: Order, provider: Provider) -> None:
    provider.down = True

    with system.acting(row("payment.start_payment")), pytest.raises(Unreachable, match="down"):
        current().look("cs_1")


@pytest.mark.parametrize(("since", "looked"), [(timedelta(hours=23), True), (timedelta(hours=23, seconds=-1), False)])
def test_a_refund_is_looked_for_from_when_the_provider_may_have_forgotten_its_key(
    system: System, order: Order, provider: Provider, clock: Clock, since: timedelta, looked: bool
) -> None:
    provider.pay(order.buyer, order.id, order.prices)
    system.deliver(order.failed("no_room"), "payment.on_booking_failed")
    clock.now += since

    order.send_back(system)

    assert ("GET /sandbox/v1/refunds" in [one.call for one in provider.calls]) is looked
