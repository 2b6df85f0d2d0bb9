"""Whose payment it is: the buyer's own, and those for events that somebody organises."""

from common.api import Caller
from payment.core import catalogue, repository
from payment.core.errors import PaymentUnknown
from payment.core.model import Payment


def seen(caller: Caller, payment_id: str) -> Payment:
    """The payment of the caller's own, or for an event that they organise. Raises PaymentUnknown."""
    payment = repository.find(payment_id)
    if payment and payment.user_id == caller.user_id:
        return payment
    # The page to pay on is the buyer's alone.
    return _organised(caller, payment)[0].model_copy(update={"checkout": None})


def organised(caller: Caller, payment_id: str) -> Payment:
    """The payment for an event that is the caller's to manage. Raises PaymentUnknown."""
    return _organised(caller, repository.find(payment_id))[0]


def actor(caller: Caller, payment_id: str) -> str:
    """How such a payment's log names the caller. Raises PaymentUnknown."""
    return caller.actor(_organised(caller, repository.find(payment_id))[1])


def _organised(caller: Caller, payment: Payment | None) -> tuple[Payment, str]:
    event = catalogue.find(payment.event_id) if payment else None
    if not payment or not event or not caller.manages(event["organiser_id"]):
        raise PaymentUnknown
    return payment, event["organiser_id"]
