"""Who may see a payment (its buyer and the event's organiser) and who may manage it."""

from common.api import Caller
from payment.core import event_copy, repository
from payment.core.errors import PaymentNotFound
from payment.core.model import Payment


def get_visible(caller: Caller, payment_id: str) -> Payment:
    """The caller's own payment, or one for an event they manage. Raises PaymentNotFound."""
    payment = repository.find(payment_id)
    if payment and payment.user_id == caller.user_id:
        return payment
    # Only the buyer gets the checkout page.
    return _require_managed(caller, payment)[0].model_copy(update={"checkout": None})


def get_managed(caller: Caller, payment_id: str) -> Payment:
    """A payment for an event that the caller manages. Raises PaymentNotFound."""
    return _require_managed(caller, repository.find(payment_id))[0]


def audit_name(caller: Caller, payment_id: str) -> str:
    """The caller's name in the log of a payment they manage. Raises PaymentNotFound."""
    return caller.audit_name(_require_managed(caller, repository.find(payment_id))[1])


def _require_managed(caller: Caller, payment: Payment | None) -> tuple[Payment, str]:
    event = event_copy.find(payment.event_id) if payment else None
    if not payment or not event or not caller.can_manage(event["organiser_id"]):
        raise PaymentNotFound
    return payment, event["organiser_id"]
