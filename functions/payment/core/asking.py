"""Asking the provider what no webhook has told us: money that came late, refunds that were not carried out."""

from collections.abc import Callable, Iterator
from datetime import timedelta

from common import clock, log
from common.calls.payment import Asked
from common.patience import NotNow
from common.store import ConditionFailed
from payment.core import ledger, provider, refunds, repository, takings
from payment.core.model import Payment
from payment.core.provider import Declined, Money, Unreachable
from payment.core.refund import SUCCEEDED

_KEY_LASTS = timedelta(hours=23)  # so long the provider gives an earlier attempt's page again under its key


def ask(payment_id: str) -> Asked:
    """Take in what the provider knows. Asking again learns nothing more, and harms nobody."""
    payment = repository.find(payment_id)
    if payment is None or not payment.attempt:
        return Asked(learnt=False)
    # What the provider does not say of pages is no reason not to ask for refunds.
    found = [_answer(payment, about) for about in (_pages, _refunds)]
    if any(found):
        log.count("PaymentsCorrected")
    return Asked(learnt=any(found), answered=None not in found)


def _answer(payment: Payment, about: Callable[[Payment], bool]) -> bool | None:
    """Whether anything was learnt, None where the provider does not say."""
    try:
        return about(payment)
    except (Unreachable, Declined, ConditionFailed, NotNow):
        log.logger.warning("not answered", exc_info=True, extra={"payment_id": payment.id})
        return None


def _pages(payment: Payment) -> bool:
    """Whether one of its pages was paid, and nobody has told us."""
    found = [_money(payment, session_id) for session_id in _sessions(payment)]
    return any(found)


def _sessions(payment: Payment) -> Iterator[str]:
    """All pages that the payment had: the latest is known, those before are found by their attempts' keys."""
    if payment.checkout:
        yield payment.checkout.session_id
    if clock.now() - payment.created_at > _KEY_LASTS:
        return
    known = payment.attempt if payment.checkout else payment.attempt + 1
    for attempt in range(1, known):
        named = payment.model_copy(update={"idempotency_key": f"{payment.id}:{attempt}"})
        yield provider.current().open(named).session_id


def _money(payment: Payment, session_id: str) -> bool:
    ended = provider.current().look(session_id)
    money = ended.money if ended else None
    now = repository.find(payment.id)
    if money is None or now is None or now.provider_payment == money.provider_payment or _gone_back(now, money):
        return False
    takings.take(now, money)
    if money.covers(now):
        takings.return_stray(now.id, money)
    return True


def _gone_back(payment: Payment, money: Money) -> bool:
    return provider.current().has_refunded(money, refunds.stray_key(payment, money))


def _refunds(payment: Payment) -> bool:
    """Whether a refund that counts as sent was refused after all, which is noted now."""
    undone = False
    for row in payment.refunds:
        money = Money(str(payment.provider_payment), row.amount, payment.currency)
        if row.status != SUCCEEDED or not provider.current().refund_failed(money, payment.refund_key(row)):
            continue
        if _refused(payment.id, row.id):
            refunds.alarm(payment, payment.refund_key(row))
            undone = True
    return undone


def _refused(payment_id: str, refund_id: str) -> bool:
    return repository.decide(payment_id, lambda now: ledger.refused(now, now.refund(refund_id))) is not None
