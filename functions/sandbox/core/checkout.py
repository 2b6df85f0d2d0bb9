"""What a buyer does on the hosted page, and where that leads."""

from enum import StrEnum
from typing import Any

from common import clock, store
from common.reply import Binary, Reply, SeeOther
from common.request import RawRequest
from common.store import ConditionFailed, Item, Update
from sandbox.core import page, refunds, sessions, webhook, wire
from sandbox.core.errors import Refusal
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
        outcome = Outcome(wire.form(request.body).get("outcome", ""))
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
    return _pay(session, Trigger.PAY_LATE if outcome is Outcome.LATE else Trigger.PAY, refuses)


def _pay(session: Item, trigger: Trigger, refuses: int) -> SeeOther:
    paid = {"payment_status": "paid", "payment_intent": payment_intent(session["id"]), "refuses": refuses}
    try:
        session = sessions.move(session["id"], trigger, completed_at=_now(), **paid)
    except ConditionFailed as failure:
        session = failure.old[0] or session
    if session["status"] != State.COMPLETE:
        return SeeOther(session["url"])  # over: the page says so
    told = webhook.send("checkout.session.completed", sessions.shown(session), session["completed_at"])
    return SeeOther(session["success_url"] if told else session["url"])


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
