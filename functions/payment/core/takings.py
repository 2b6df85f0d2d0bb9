"""Money that the provider says it received: what is due, or what pays for nothing and goes back."""

from common import log, store
from common.store import Update
from payment.core import refunds, repository
from payment.core.model import LIFECYCLE, Payment, State, Trigger
from payment.core.provider import Money


def take(payment: Payment, money: Money) -> None:
    """The provider, when asked, says that it was paid.

    Raises ConditionFailed where the payment has changed meanwhile, and Unreachable.
    """
    if not money.covers(payment):
        # Before the state is written: whoever dies in between comes again, and the provider knows the key.
        return_stray(payment.id, money)
    change = settle(payment, money)
    if change:
        store.write(change)
        count(payment, money)


def settle(payment: Payment, money: Money) -> Update | None:
    """What this money makes of the payment, if anything."""
    if not LIFECYCLE.allows(payment.status, Trigger.SUCCEED):
        return None
    if money.covers(payment):
        return repository.success(payment, money)
    if payment.status is State.PENDING:
        return repository.failure(payment, "amount_mismatch", actor="provider")
    return None


def return_stray(payment_id: str, money: Money) -> None:
    """Send back money that did not become this payment's own. Repeating it is harmless.

    Raises Unreachable.
    """
    payment = repository.find(payment_id)
    if payment is None or payment.provider_payment == money.provider_payment:
        return
    if not money.covers(payment):
        log.count("ProviderAmountMismatch")
    refunds.give_back_stray(payment, money)


def count(before: Payment, money: Money) -> None:
    """Count money that was settled, if it is what was due."""
    if money.covers(before):
        log.count("PaymentsReceived" if before.status is State.PENDING else "PaymentsReceivedLate")
