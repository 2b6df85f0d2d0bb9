"""Payments in their table: how they are opened, moved and found again.

pk               sk       what
payment id       payment  a payment, with its refunds
claim's id       claim    a buyer's Idempotency-Key (claims.py)
event#<id>       event    an event of the provider that was heard (intake.py)
event id         show     the copy of a published event (catalogue.py)
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from common import clock, ids, outbox, store
from common.bus.payment import PaymentFailed, PaymentSucceeded
from common.cursor import Listing
from common.outbox import entry
from common.patience import NotNow, pause
from common.store import ConditionFailed, Put, Update
from payment.core.model import LIFECYCLE, Payment, Trigger
from payment.core.provider import Money

TABLE = "payments"
_TRIES = 8  # at a payment that changes under one's hands
MINE = Listing(TABLE, "by_user", "user_id", "created_at")


class NotOpenYet(Exception):
    """The booking's payment is not open yet: its order is still on the way."""


def key(payment_id: str) -> dict[str, str]:
    return {"pk": payment_id, "sk": "payment"}


def find(payment_id: str) -> Payment | None:
    item = store.get(TABLE, key(payment_id))
    return Payment.of(item) if item else None


def of_booking(booking_id: str) -> Payment | None:
    return find(ids.derive("payment", booking_id))


def existing(booking_id: str) -> Payment:
    """Raises NotOpenYet."""
    payment = of_booking(booking_id)
    if payment is None:
        raise NotOpenYet(booking_id)
    return payment


def decide(payment_id: str, change: Callable[[Payment], Update | None]) -> Payment | None:
    """Make the change that the payment as it is calls for; looked at anew where another writer was quicker.

    Returns the payment after it, None where none was called for. Raises NotNow.
    """
    for tried in range(_TRIES):
        payment = find(payment_id)
        update = change(payment) if payment else None
        if update is None:
            return None
        try:
            return Payment.of(store.write(update))
        except ConditionFailed:
            pause(tried)
    raise NotNow(payment_id)


def put(fields: Mapping[str, Any], publish: Sequence[dict[str, Any]]) -> None:
    """A new payment, unless there is one for the booking already."""
    item = key(fields["id"]) | dict(fields)
    item = outbox.born(item, actor="booking", trigger="open", publish=publish, followed=True)
    try:
        store.write(Put(TABLE, item, condition="attribute_not_exists(#pk)"))
    except ConditionFailed:
        return  # the same order, heard before


def success(payment: Payment, money: Money) -> Update:
    """The money is in."""
    sets = {"provider_payment": money.provider_payment, "paid_at": clock.iso(clock.now())}
    return move(payment, Trigger.SUCCEED, "provider", [entry(PaymentSucceeded)], sets)


def failure(payment: Payment, reason: str, *, actor: str) -> Update:
    """No money will be taken for it any more."""
    return move(payment, Trigger.FAIL, actor, [entry(PaymentFailed)], {"reason": reason})


def cancellation(payment: Payment) -> Update:
    """Nothing is due any more; whoever cancelled the booking knows."""
    return move(payment, Trigger.CANCEL, "booking")


def move(
    payment: Payment,
    trigger: Trigger,
    actor: str,
    publish: Sequence[dict[str, Any]] = (),
    sets: Mapping[str, Any] | None = None,
) -> Update:
    """The transition, provided that the payment is still what it was when it was decided upon."""
    return outbox.transition(
        TABLE,
        key(payment.id),
        LIFECYCLE,
        trigger,
        actor=actor,
        publish=publish,
        sets=sets,
        also="#version = :seen",
        values={"seen": payment.version},
    )
