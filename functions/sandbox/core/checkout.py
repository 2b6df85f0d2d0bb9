"""What a buyer does on the hosted page, and where that leads."""

from enum import StrEnum
from typing import Any

from common import clock, store
from common.reply import Binary, Reply, SeeOther
from common.request import RawRequest
from common.store import ConditionFailed, Item, Update
from sandbox.core import faults, page, refunds, sessions, webhook, wire
from sandbox.core.errors import Refusal
from sandbox.core.faults import NONE, Fault, Place, Struck
from sandbox.core.model import State, Trigger, payment_intent


class Outcome(StrEnum):
    PAID = "paid"
    DECLINED = "declined"
    CHALLENGED = "3ds"  # the bank asks the buyer first
    ABANDONED = "abandoned"
    PAID_REFUSING = "paid_refusing"  # paid, and its first refund will be refused: for tests, no button has it
    BOUNCED = "bounced"  # a refund that was accepted fails days later: for tests, no button has it
    LATE = "late"  # the money was under way when the session was expired


def show(session_id: str) -> Binary:
    """The page as it stands."""
    try:
        return page.checkout(sessions.find(session_id))
    except Refusal:
        return page.nothing()


def submit(session_id: str, request: RawRequest) -> Reply[Any]:
    """Carry out what was chosen. Choosing again is harmless: the same event is sent once more."""
    try:
        session = sessions.find(session_id)
        form = wire.form(request.body)
        outcome = Outcome(form.get("outcome", ""))
        faults.plan(session_id, str(form.get("faults", "")).split())
    except (Refusal, ValueError):
        return page.nothing()
    if outcome is Outcome.CHALLENGED and session["status"] == State.OPEN:
        return page.challenge(session)
    if outcome is Outcome.ABANDONED:
        return SeeOther(session.get("cancel_url") or session["success_url"])
    if outcome is Outcome.DECLINED:
        return _decline(session)
    if outcome is Outcome.BOUNCED:
        return _bounce(session)
    refuses = int(outcome is Outcome.PAID_REFUSING)
    return pay(session, Trigger.PAY_LATE if outcome is Outcome.LATE else Trigger.PAY, refuses)


def pay(session: Item, trigger: Trigger = Trigger.PAY, refuses: int = 0) -> SeeOther:
    """The money is in, and the merchant is told. Where it was in before, the merchant is told again."""
    struck = faults.strikes(session["id"], Place.PAY) if session["status"] != State.COMPLETE else NONE
    paid = {"payment_status": "paid", "payment_intent": payment_intent(session["id"]), "refuses": refuses}
    paid |= _other_money(session, struck)
    try:
        session = sessions.move(session["id"], trigger, completed_at=_now(), **paid)
    except ConditionFailed as failure:
        session = failure.old[0] or session
    if session["status"] != State.COMPLETE:
        return SeeOther(session["url"])  # over: the page says so
    told = _tell(session, struck)
    return SeeOther(session["success_url"] if told else session["url"])


def _other_money(session: Item, struck: Struck) -> Item:
    more = {"amount_total": session["amount_total"] + 100} if Fault.OTHER_AMOUNT in struck else {}
    currency = "usd" if session["currency"] != "usd" else "eur"
    return more | ({"currency": currency} if Fault.OTHER_CURRENCY in struck else {})


def _tell(session: Item, struck: Struck) -> bool:
    if Fault.WEBHOOK_LOST in struck:
        return True
    times = 2 if Fault.WEBHOOK_TWICE in struck else 1
    sent = [
        webhook.send("checkout.session.completed", sessions.shown(session), session["completed_at"])
        for _ in range(times)
    ]
    if Fault.WEBHOOK_REORDERED in struck:
        webhook.send("payment_intent.payment_failed", _declined(session), session["completed_at"] - 1)
    return all(sent)


def _bounce(session: Item) -> SeeOther:
    failed = refunds.bounce(session)
    if failed:
        webhook.send("refund.failed", sessions.shown(failed), failed["created"])
    return SeeOther(session["success_url"])


def _decline(session: Item) -> SeeOther:
    count = Update(
        sessions.TABLE,
        sessions.key(session["id"], "session"),
        "SET #declines = if_not_exists(#declines, :none) + :one",
        condition="#status = :open",
        values={"none": 0, "one": 1, "open": str(State.OPEN)},
    )
    try:
        session = store.write(count)
    except ConditionFailed:
        return SeeOther(session["url"])
    webhook.send("payment_intent.payment_failed", _declined(session), _now(), nth=session["declines"])
    return SeeOther(session["url"])


def _declined(session: Item) -> Item:
    return {
        "id": payment_intent(session["id"]),
        "object": "payment_intent",
        "amount": session["amount_total"],
        "currency": session["currency"],
        "status": "requires_payment_method",
        "metadata": session["metadata"],
        "last_payment_error": {"type": "card_error", "code": "card_declined", "message": "Your card was declined."},
    }


def _now() -> int:
    return int(clock.now().timestamp())
