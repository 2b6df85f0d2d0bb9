"""What is written of a payment's checkouts: attempts that begin, pages that open, and what ends them."""

from collections.abc import Mapping
from typing import Any

from common import clock, outbox, store
from common.store import ConditionFailed, Update
from payment.core.model import Checkout, Payment, State
from payment.core.repository import TABLE, key


def begin(payment: Payment, *, actor: str) -> Payment:
    """Count the next attempt, before the provider hears of it. Returns the payment as it then is,
    which may be how another writer left it."""
    named = payment.next_key()
    change = outbox.change(
        TABLE,
        key(payment.id),
        trigger="start",
        actor=actor,
        sets={"attempt": payment.attempt + 1, "idempotency_key": named},
        removes=("checkout", "declined_at"),
        condition="#status = :pending AND #attempt = :before",
        values={"pending": State.PENDING, "before": payment.attempt},
    )
    return _either(change)


def keep(payment: Payment, checkout: Checkout) -> Payment:
    """Note the attempt's checkout. Returns the payment as it then is."""
    change = outbox.change(
        TABLE,
        key(payment.id),
        trigger="open_checkout",
        actor="provider",
        sets={"checkout": checkout.model_dump()},
        condition="#status = :pending AND #attempt = :attempt AND attribute_not_exists(#checkout)",
        values={"pending": State.PENDING, "attempt": payment.attempt},
    )
    return _either(change)


def over(payment: Payment) -> Update | None:
    """The provider has closed the page, and nothing was paid there."""
    ended = payment.checkout and payment.checkout.model_copy(update={"over": True})
    return _noted(payment, "end_checkout", {"checkout": ended.model_dump()}) if ended else None


def declined(payment: Payment) -> Update | None:
    """A card was declined; the page is still there for another."""
    return _noted(payment, "decline", {"declined_at": clock.iso(clock.now())})


def _noted(payment: Payment, trigger: str, sets: Mapping[str, Any]) -> Update | None:
    if payment.status is not State.PENDING:
        return None
    return outbox.change(
        TABLE,
        key(payment.id),
        trigger=trigger,
        actor="provider",
        sets=sets,
        condition="#version = :seen",
        values={"seen": payment.version},
    )


def _either(change: Update) -> Payment:
    try:
        return Payment.of(store.write(change))
    except ConditionFailed as failure:
        return Payment.of(failure.old[0] or {})
