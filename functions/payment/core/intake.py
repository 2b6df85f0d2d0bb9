"""Taking in what the provider tells us: money, declined cards and refunds, each event once."""

from datetime import timedelta

from common import clock, log, store
from common.store import ConditionFailed, Item, Put, Update
from payment.core import checkouts, ledger, refunds, repository, takings
from payment.core.errors import EventIdReused, ProviderUnavailable
from payment.core.model import Payment
from payment.core.notice import Notice, Subject
from payment.core.provider import Unreachable
from payment.core.refund import Refund

_REMEMBERED = timedelta(days=60)  # the provider sends again for 3 days, its operators for 30
_TRIES = 3
_DECLINED = ("payment_intent.payment_failed", "checkout.session.async_payment_failed")


def receive(notice: Notice) -> None:
    """Act upon one event. Events and payments that are not ours are let pass.

    Raises EventIdReused, or ProviderUnavailable where the provider shall send it again.
    """
    subject = notice.subject() if notice.ours else None
    payment = repository.find(subject.payment_id) if subject and subject.payment_id else None
    if subject is None or payment is None:
        log.count("ProviderEventsIgnored")
        log.logger.info("ignored", extra={"provider_event": notice.id, "provider_type": notice.type})
        return
    _once(notice, subject, payment)
    money = notice.money(subject)
    try:
        if money:
            takings.return_stray(payment.id, money)
    except Unreachable as none:
        raise ProviderUnavailable from none


def _once(notice: Notice, subject: Subject, payment: Payment) -> None:
    for _ in range(_TRIES):
        change = _change(notice, subject, payment)
        try:
            store.transact([_seen(notice, payment), *([change] if change else [])])
        except ConditionFailed as failure:
            if 0 in failure.failed:
                return _same(notice, failure.old[0] or {})
            payment = repository.find(payment.id) or payment  # changed meanwhile: decide anew
            continue
        return _tell(notice, subject, payment, change)
    raise ProviderUnavailable


def _change(notice: Notice, subject: Subject, payment: Payment) -> Update | None:
    money = notice.money(subject)
    if money:
        return takings.settle(payment, money)
    if notice.type in _DECLINED:
        return checkouts.declined(payment)
    if notice.type == "checkout.session.expired" and payment.checkout and payment.checkout.session_id == subject.id:
        return checkouts.over(payment)
    return _refund(subject, payment)


def _refund(subject: Subject, payment: Payment) -> Update | None:
    refund = _named(subject, payment)
    if subject.failed:
        return ledger.refused(payment, refund)
    return ledger.sent(payment, refund) if subject.status == "succeeded" else None


def _named(subject: Subject, payment: Payment) -> Refund | None:
    return next((one for one in payment.refunds if payment.refund_key(one) == subject.refund_key), None)


def _seen(notice: Notice, payment: Payment) -> Put:
    item: Item = {"pk": f"event#{notice.id}", "sk": "event", "payment_id": payment.id, "digest": notice.digest}
    item["expires_at"] = int((clock.now() + _REMEMBERED).timestamp())
    return Put(repository.TABLE, item, condition="attribute_not_exists(#pk)")


def _same(notice: Notice, before: Item) -> None:
    if before.get("digest") != notice.digest:
        log.count("ProviderEventsForged")
        raise EventIdReused
    log.logger.info("seen before", extra={"provider_event": notice.id})


def _tell(notice: Notice, subject: Subject, before: Payment, change: Update | None) -> None:
    money = notice.money(subject)
    if change and money:
        takings.count(before, money)
    elif subject.failed and (change or refunds.is_stray(str(subject.refund_key))):
        refunds.alarm(before, str(subject.refund_key))
    elif change and subject.refund_key:
        log.count("PaymentsRefunded")
    elif change and notice.type in _DECLINED:
        log.count("PaymentsDeclined")
