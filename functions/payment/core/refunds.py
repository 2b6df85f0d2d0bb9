"""Giving money back: written down first, then asked of the provider, once however often it is tried."""

from common import log, store
from common.store import ConditionFailed, Update
from payment.core import provider, repository
from payment.core.model import Payment, State
from payment.core.provider import Declined, Money


def give_back(payment: Payment) -> None:
    """Refund a payment that succeeded; one that is being refunded is taken up where it was left.

    Raises ConditionFailed or Unreachable where the next try goes on.
    """
    if payment.status is State.SUCCEEDED:
        payment = Payment.of(store.write(repository.refunding(payment)))
    if payment.status is not State.REFUNDING:
        return
    try:
        _ask(payment)
    except Declined:
        refused(payment)
        return
    conclude(repository.refunded(payment))
    log.count("PaymentsRefunded")


def give_back_stray(payment: Payment, money: Money) -> None:
    """Send back money that pays for nothing: of a wrong amount, or a second time."""
    log.logger.error("stray money", extra={"payment_id": payment.id, "provider_payment": money.provider_payment})
    try:
        provider.current().refund(money, f"{payment.id}:stray:{money.provider_payment}", payment)
    except Declined:
        log.count("RefundsFailed")
        log.logger.exception("stray money not refunded", extra={"payment_id": payment.id})


def refused(payment: Payment) -> None:
    """The provider will not send it back: the money stays here."""
    alarm(payment)
    conclude(repository.unrefunded(payment))


def alarm(payment: Payment) -> None:
    """A refund has failed for good, and people must look."""
    log.count("RefundsFailed")
    log.logger.error("refund failed", extra={"payment_id": payment.id, "refund_key": payment.refund_key})


def conclude(change: Update) -> None:
    """Note how the refund went, unless that is known already."""
    try:
        store.write(change)
    except ConditionFailed:
        return


def _ask(payment: Payment) -> None:
    if payment.provider_payment is None:
        return  # free: there is nothing to send
    money = Money(payment.provider_payment, payment.prices, payment.currency)
    provider.current().refund(money, payment.refund_key, payment)
