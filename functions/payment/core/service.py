"""What a buyer does with a payment: it is opened by the booking, then started."""

from common import clock, ids, log
from common.bus.booking import BookingOrdered
from common.bus.payment import PaymentSucceeded
from common.outbox import entry
from payment.core import claims, provider, repository
from payment.core.errors import (
    AlreadyPaid,
    HoldOver,
    NotPayable,
    OrderUnknown,
    PaymentClosed,
    PriceMismatch,
    ProviderUnavailable,
)
from payment.core.model import Checkout, Payment, State
from payment.core.provider import Declined, Unreachable
from payment.core.schemas import PaymentRequest

_TIME_IS_UP = ("expired", "declined")


def open_for(order: BookingOrdered) -> None:
    """Open the payment of a booking, once. Where nothing is due it has succeeded at once."""
    payment_id = ids.derive("payment", order.booking_id)
    moment = clock.iso(clock.now())
    due = {"status": State.PENDING, "method": "card"}
    free = {"status": State.SUCCEEDED, "method": "free", "succeeded_at": moment, "paid_at": moment}
    fixed = {
        "id": payment_id,
        "user_id": order.user_id,
        "booking_id": order.booking_id,
        "event_id": order.event_id,
        "items": [one.model_dump() for one in order.items],
        "prices": order.prices,
        "currency": order.currency,
        "pay_before": clock.iso(order.pay_before),
        "attempt": 0,
        "idempotency_key": f"{payment_id}:0",
        "refunded": 0,
        "refunds": [],
    }
    repository.put(fixed | (due if order.prices else free), [] if order.prices else [entry(PaymentSucceeded)])


def start(user_id: str, request: PaymentRequest, key: str | None) -> tuple[Payment, bool]:
    """Open the provider's page for an order. Returns the payment, and whether it was open before."""
    claim = claims.of(user_id, request, key) if key else None
    repeated = claim is not None and claims.made(claim)
    payment = _due(user_id, request)
    if repeated and (payment.page or payment.status is not State.PENDING):
        return payment, True
    _refuse(payment)
    if claim and not repeated:
        claims.make(claim)
    if payment.page:
        return payment, True
    return _checkout(payment), False


def _due(user_id: str, request: PaymentRequest) -> Payment:
    payment = repository.of_booking(request.order_id)
    if payment is None or payment.user_id != user_id:
        raise OrderUnknown
    if request.price != payment.prices:
        raise PriceMismatch(request.price, payment.prices, payment.currency)
    return payment


def _refuse(payment: Payment) -> None:
    if payment.status is State.SUCCEEDED:
        raise AlreadyPaid
    if payment.status is State.FAILED and payment.reason in _TIME_IS_UP:
        raise HoldOver
    if payment.status is not State.PENDING:
        raise PaymentClosed
    if clock.now() >= payment.pay_before:
        raise HoldOver


def _checkout(payment: Payment) -> Payment:
    """Intent first: whatever is lost from here on is found again under the attempt's key."""
    if not payment.begun:
        payment = repository.begin(payment, actor="buyer")
        _refuse(payment)
    if not payment.page:
        payment = repository.keep(payment, _page(payment))
        _refuse(payment)
    log.count("PaymentsStarted")
    return payment


def _page(payment: Payment) -> Checkout:
    try:
        return provider.current().open(payment)
    except Unreachable:
        log.count("CheckoutsFailed")
        log.logger.warning("checkout not opened", exc_info=True)
        raise ProviderUnavailable from None
    except Declined:
        # Nobody can pay this order, and no waiting helps: what is sold is not what the provider takes.
        log.count("CheckoutsRefused")
        log.logger.exception("checkout refused", extra={"payment_id": payment.id})
        raise NotPayable from None
