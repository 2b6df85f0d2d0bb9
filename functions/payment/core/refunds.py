"""Giving money back: written down first, then asked of the provider, once however often it is tried.

Whoever wants money back only writes that it shall go; RefundRequested then wakes the one who asks the
provider. So nothing is lost by a death or an outage, and the queue tries again.
"""

from datetime import timedelta

from common import clock, ids, log
from common.store import Update
from payment.core import ledger, provider, repository
from payment.core.model import Payment
from payment.core.provider import Declined, Money
from payment.core.refund import BOOKING, FAILED, PENDING, Refund

_KEY_LASTS = timedelta(hours=23)  # the provider remembers keys for a day
_STRAY = ":stray:"
_REASON = "booking_ended"  # however it ended: of two messages that say so, either may come first


def give_back(payment_id: str, at_most: int | None) -> None:
    """The booking is over: so much of its money goes back, all that is left where none is said.

    What went back by the organiser's word counts only in that no more can go than was paid.
    Hearing of the same end again asks for nothing new, unless the provider had refused.
    """

    def decided(payment: Payment) -> Update | None:
        if not payment.prices:
            return ledger.returned(payment)
        refund = _due(payment, payment.prices if at_most is None else at_most)
        return ledger.asked(payment, refund) if refund else None

    payment = repository.decide(payment_id, decided)
    if payment and not payment.prices:
        repository.decide(payment_id, decided)


def _due(payment: Payment, amount: int) -> Refund | None:
    before = [one for one in payment.refunds if one.by == BOOKING]
    given = sum(one.amount for one in before if one.status != FAILED)
    due = min(amount - given, payment.left)
    if due <= 0:
        return None
    named = ids.derive("refund", payment.id, BOOKING, len(before) + 1)
    return Refund(id=named, amount=due, reason=_REASON, by=BOOKING, requested_at=clock.iso(clock.now()))


def send(payment_id: str, refund_id: str) -> None:
    """Ask the provider to send the money, and note what it says. Raises Unreachable where it says nothing."""
    payment = repository.find(payment_id)
    refund = payment.refund(refund_id) if payment else None
    if not payment or not refund or refund.status != PENDING:
        return  # answered before
    money = Money(str(payment.provider_payment), refund.amount, payment.currency)
    try:
        if not _sent_long_ago(refund, money, payment.refund_key(refund)):
            provider.current().refund(money, payment.refund_key(refund), payment)
    except Declined:
        if repository.decide(payment_id, lambda now: ledger.refused(now, now.refund(refund_id))):
            alarm(payment, payment.refund_key(refund))
        return
    if repository.decide(payment_id, lambda now: ledger.sent(now, now.refund(refund_id))):
        log.count("PaymentsRefunded")


def _sent_long_ago(refund: Refund, money: Money, key: str) -> bool:
    # A message may be put back into its queue days later, and by then the provider may have forgotten the key.
    if clock.now() - clock.parse(refund.requested_at) < _KEY_LASTS:
        return False
    return provider.current().has_refunded(money, key)


def give_back_stray(payment: Payment, money: Money) -> None:
    """Send back money that pays for nothing: of a wrong amount, or a second time."""
    log.logger.error("stray money", extra={"payment_id": payment.id, "provider_payment": money.provider_payment})
    try:
        provider.current().refund(money, stray_key(payment, money), payment)
    except Declined:
        log.count("RefundsFailed")
        log.logger.exception("stray money not refunded", extra={"payment_id": payment.id})


def stray_key(payment: Payment, money: Money) -> str:
    """What the provider knows the refund of money by that paid for nothing."""
    return f"{payment.id}{_STRAY}{money.provider_payment}"


def is_stray(refund_key: str) -> bool:
    """Whether the provider knows money that paid for nothing by this key: no row of ours tells of it."""
    return _STRAY in refund_key


def alarm(payment: Payment, refund_key: str) -> None:
    """A refund has failed for good, and people must look."""
    log.count("RefundsFailed")
    log.logger.error("refund failed", extra={"payment_id": payment.id, "refund_key": refund_key})
