"""Start a payment: find or open its hosted checkout page, once per attempt and per Idempotency-Key."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from common import clock, log, outbox, store
from common.idempotency import IdempotencyKeyReused, IdempotentRequest
from common.store import ConditionFailed, Put, Update
from payment.core import repository, settlement
from payment.core.errors import (
    AlreadyPaid,
    NotPayable,
    OrderNotFound,
    PaymentClosed,
    PaymentDeadlinePassed,
    PriceMismatch,
    ProviderUnavailable,
)
from payment.core.model import Checkout, Payment, State
from payment.core.providers import registry
from payment.core.providers.port import ProviderRejected, ProviderUnreachable
from payment.core.schemas import PaymentRequest

_DEADLINE_REASONS = ("expired", "declined")
_IDEMPOTENCY_RETENTION = timedelta(days=30)


def start(user_id: str, request: PaymentRequest, idempotency_key: str | None) -> tuple[Payment, bool]:
    """Open a checkout for an order. Returns the payment, and whether it already had one.

    Raises the errors of START_ERRORS.
    """
    idempotent_request = _idempotency_for(user_id, request, idempotency_key) if idempotency_key else None
    is_replay = idempotent_request is not None and _was_seen(idempotent_request)
    payment = _synced(_requested_payment(user_id, request))
    if is_replay and (payment.checkout_url or payment.status is not State.PENDING):
        return payment, True
    _require_payable(payment)
    if idempotent_request and not is_replay:
        _remember(idempotent_request)
    if payment.checkout_url:
        return payment, True
    return _open_checkout(payment), False


def mark_checkout_ended(payment: Payment) -> Update | None:
    """The provider has expired the checkout unpaid. None if the payment is not pending or has no checkout."""
    ended_checkout = payment.checkout and payment.checkout.model_copy(update={"over": True})
    return (
        _update_while_pending(payment, "end_checkout", {"checkout": ended_checkout.model_dump()})
        if ended_checkout
        else None
    )


def mark_declined(payment: Payment) -> Update | None:
    """A card was declined; the checkout stays open for another. None if the payment is not pending."""
    return _update_while_pending(payment, "decline", {"declined_at": clock.iso(clock.now())})


def _requested_payment(user_id: str, request: PaymentRequest) -> Payment:
    payment = repository.find_by_booking(request.order_id)
    if payment is None or payment.user_id != user_id:
        raise OrderNotFound
    if request.price != payment.prices:
        raise PriceMismatch(request.price, payment.prices, payment.currency)
    return payment


def _synced(payment: Payment) -> Payment:
    """The payment after its checkout was read at the provider, in case a webhook is late or lost.

    A returned page thus works, and another is opened only after the provider has ended the one before:
    two open pages could both be paid. A declined card ends no page: it accepts another card.
    """
    if payment.checkout_url is None or payment.checkout is None:
        return payment
    try:
        outcome = registry.get_provider().get_checkout(payment.checkout.session_id)
        if outcome and outcome.captured:
            settlement.record_capture(payment, outcome.captured)
        elif outcome:
            _write_if_any(mark_checkout_ended(payment))
    except (ProviderUnreachable, ProviderRejected, ConditionFailed):
        log.logger.warning("checkout lookup failed", exc_info=True)  # return the page as it is stored
    return repository.find(payment.id) or payment


def _write_if_any(update: Update | None) -> None:
    if update:
        store.write(update)


def _require_payable(payment: Payment) -> None:
    if payment.status is State.SUCCEEDED:
        raise AlreadyPaid
    if payment.status is State.FAILED and payment.reason in _DEADLINE_REASONS:
        raise PaymentDeadlinePassed
    if payment.status is not State.PENDING:
        raise PaymentClosed
    if clock.now() >= payment.pay_before:
        raise PaymentDeadlinePassed


def _open_checkout(payment: Payment) -> Payment:
    """Store the attempt first: a checkout whose reply is lost is found again under the attempt's key."""
    if not payment.has_open_attempt:
        payment = _start_attempt(payment, actor="buyer")
        _require_payable(payment)
    if not payment.checkout_url:
        payment = _save_checkout(payment, _create_checkout(payment))
        _require_payable(payment)
    log.count("PaymentsStarted")
    return payment


def _create_checkout(payment: Payment) -> Checkout:
    try:
        return registry.get_provider().create_checkout(payment)
    except ProviderUnreachable:
        log.count("CheckoutsFailed")
        log.logger.warning("checkout not opened", exc_info=True)
        raise ProviderUnavailable from None
    except ProviderRejected:
        # Permanent: the provider does not accept this amount or currency.
        log.count("CheckoutsRefused")
        log.logger.exception("checkout refused", extra={"payment_id": payment.id})
        raise NotPayable from None


def _start_attempt(payment: Payment, *, actor: str) -> Payment:
    """Count the next attempt before the provider is called. Returns the current payment,
    with another writer's changes if that was first."""
    update = outbox.versioned_update(
        repository.TABLE,
        repository.key(payment.id),
        trigger="start",
        actor=actor,
        sets={"attempt": payment.attempt + 1, "idempotency_key": payment.next_attempt_key()},
        removes=("checkout", "declined_at"),
        condition="#status = :pending AND #attempt = :before",
        values={"pending": State.PENDING, "before": payment.attempt},
    )
    return _write_or_current(update)


def _save_checkout(payment: Payment, checkout: Checkout) -> Payment:
    """Store the attempt's checkout. Returns the current payment, with another writer's changes if that was first."""
    update = outbox.versioned_update(
        repository.TABLE,
        repository.key(payment.id),
        trigger="open_checkout",
        actor="provider",
        sets={"checkout": checkout.model_dump()},
        condition="#status = :pending AND #attempt = :attempt AND attribute_not_exists(#checkout)",
        values={"pending": State.PENDING, "attempt": payment.attempt},
    )
    return _write_or_current(update)


def _update_while_pending(payment: Payment, trigger: str, sets: Mapping[str, Any]) -> Update | None:
    if payment.status is not State.PENDING:
        return None
    return outbox.versioned_update(
        repository.TABLE,
        repository.key(payment.id),
        trigger=trigger,
        actor="provider",
        sets=sets,
        condition="#version = :seen",
        values={"seen": payment.version},
    )


def _write_or_current(update: Update) -> Payment:
    try:
        return Payment.from_item(store.write(update))
    except ConditionFailed as failure:
        return Payment.from_item(failure.old_items[0] or {})


def _idempotency_for(user_id: str, request: PaymentRequest, idempotency_key: str) -> IdempotentRequest:
    return IdempotentRequest.from_key("payment-claim", user_id, idempotency_key, request)


def _was_seen(idempotent_request: IdempotentRequest) -> bool:
    """Whether the same request came with this key before. Raises IdempotencyKeyReused for another request."""
    return idempotent_request.is_replay_of(store.get(repository.TABLE, _idempotency_item_key(idempotent_request)))


def _remember(idempotent_request: IdempotentRequest) -> None:
    """Bind the key to this request. Raises IdempotencyKeyReused if another request has bound it meanwhile."""
    expires_at = int((clock.now() + _IDEMPOTENCY_RETENTION).timestamp())
    item = _idempotency_item_key(idempotent_request) | {
        "request_hash": idempotent_request.request_hash,
        "expires_at": expires_at,
    }
    try:
        store.write(Put(repository.TABLE, item, condition="attribute_not_exists(#pk)"))
    except ConditionFailed as failure:
        if not idempotent_request.is_replay_of(failure.old_items[0]):
            raise IdempotencyKeyReused from None


def _idempotency_item_key(idempotent_request: IdempotentRequest) -> dict[str, str]:
    return {"pk": idempotent_request.id, "sk": "claim"}
