"""Payments in their table: create, find, and update under a version check.

pk               sk       content
payment id       payment  a payment, with its refunds
request id       claim    a buyer's Idempotency-Key (checkout.py)
event#<id>       event    a provider event that was applied (webhook.py)
event id         show     the copy of a published event (event_copy.py)
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from common import clock, ids, outbox, store
from common.bus.payment import PaymentFailed, PaymentSucceeded
from common.outbox import event_entry
from common.pagination.paginator import IndexPaginator
from common.retries import Contention, backoff
from common.store import ConditionFailed, Put, Update
from payment.core.model import LIFECYCLE, CapturedPayment, Payment, Trigger

TABLE = "payments"
_MAX_ATTEMPTS = 8  # to update a payment that others update at the same time
BY_USER = IndexPaginator(TABLE, "by_user", "user_id", "created_at")


class PaymentNotOpenYet(Exception):
    """The booking's payment does not exist yet: BookingOrdered has not been processed."""


def key(payment_id: str) -> dict[str, str]:
    return {"pk": payment_id, "sk": "payment"}


def find(payment_id: str) -> Payment | None:
    item = store.get(TABLE, key(payment_id))
    return Payment.from_item(item) if item else None


def find_by_booking(booking_id: str) -> Payment | None:
    return find(ids.derive("payment", booking_id))


def get_by_booking(booking_id: str) -> Payment:
    """Raises PaymentNotOpenYet."""
    payment = find_by_booking(booking_id)
    if payment is None:
        raise PaymentNotOpenYet(booking_id)
    return payment


def update_with_retry(payment_id: str, build_update: Callable[[Payment], Update | None]) -> Payment | None:
    """Write the update that `build_update` returns for the current payment; after a conflict, read and build again.

    Returns the updated payment, or None if there was nothing to update. Raises Contention.
    """
    for attempt in range(_MAX_ATTEMPTS):
        payment = find(payment_id)
        update = build_update(payment) if payment else None
        if update is None:
            return None
        try:
            return Payment.from_item(store.write(update))
        except ConditionFailed:
            backoff(attempt)
    raise Contention(payment_id)


def create(fields: Mapping[str, Any], publish: Sequence[dict[str, Any]]) -> None:
    """Store a new payment unless the booking already has one."""
    item = key(fields["id"]) | dict(fields)
    item = outbox.new_item(item, actor="booking", trigger="open", publish=publish, keep_correlation=True)
    try:
        store.write(Put(TABLE, item, condition="attribute_not_exists(#pk)"))
    except ConditionFailed:
        return  # a redelivered order


def succeed(payment: Payment, captured: CapturedPayment) -> Update:
    """The amount due was captured."""
    sets = {"provider_payment": captured.provider_payment, "paid_at": clock.iso(clock.now())}
    return transition(payment, Trigger.SUCCEED, "provider", [event_entry(PaymentSucceeded)], sets)


def fail(payment: Payment, reason: str, *, actor: str) -> Update:
    """The payment ends unpaid."""
    return transition(payment, Trigger.FAIL, actor, [event_entry(PaymentFailed)], {"reason": reason})


def cancel(payment: Payment) -> Update:
    """The booking was cancelled before the payment was made. Publishes nothing: booking knows."""
    return transition(payment, Trigger.CANCEL, "booking")


def transition(
    payment: Payment,
    trigger: Trigger,
    actor: str,
    publish: Sequence[dict[str, Any]] = (),
    sets: Mapping[str, Any] | None = None,
) -> Update:
    """The transition, on condition that the payment is still at this version."""
    return outbox.transition(
        TABLE,
        key(payment.id),
        LIFECYCLE,
        trigger,
        actor=actor,
        publish=publish,
        sets=sets,
        extra_condition="#version = :seen",
        values={"seen": payment.version},
    )
