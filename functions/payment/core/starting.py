"""What a buyer does with a payment: it is started, and started again as long as it is open."""

from common import clock, log, store
from common.store import ConditionFailed, Update
from payment.core import checkouts, claims, provider, repository, takings
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


def start(user_id: str, request: PaymentRequest, key: str | None) -> tuple[Payment, bool]:
    """Open the provider's page for an order. Returns the payment, and whether it was open before."""
    claim = claims.of(user_id, request, key) if key else None
    repeated = claim is not None and claims.made(claim)
    payment = _looked_at(_due(user_id, request))
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


def _looked_at(payment: Payment) -> Payment:
    """The payment after a look at its page: if that is over, or was paid, and nobody has told us, it is noted.

    So a page that is given out works; and another is opened only once the provider has ended the one
    before, for two open pages could both be paid. A declined card ends none: the page takes another.
    """
    if payment.page is None or payment.checkout is None:
        return payment
    try:
        ended = provider.current().look(payment.checkout.session_id)
        if ended and ended.money:
            takings.take(payment, ended.money)
        elif ended:
            _write(checkouts.over(payment))
    except (Unreachable, Declined, ConditionFailed):
        log.logger.warning("page not looked at", exc_info=True)  # nothing is known against it
    return repository.find(payment.id) or payment


def _write(change: Update | None) -> None:
    if change:
        store.write(change)


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
        payment = checkouts.begin(payment, actor="buyer")
        _refuse(payment)
    if not payment.page:
        payment = checkouts.keep(payment, _page(payment))
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
