"""Outcomes that a buyer chooses on the hosted page."""

from enum import StrEnum
from typing import Any

from common import clock, store
from common.request import RawRequest
from common.responses import BinaryResponse, Response, SeeOther
from common.store import ConditionFailed, Item, Update
from sandbox.core import faults, page, refunds, sessions, stripe_http, webhook
from sandbox.core.errors import StripeProblem
from sandbox.core.faults import NO_FAULTS, ActiveFaults, Fault, Operation
from sandbox.core.model import State, Trigger, payment_intent_id


class Outcome(StrEnum):
    PAID = "paid"
    DECLINED = "declined"
    CHALLENGED = "3ds"  # 3-D Secure: the bank asks the buyer first
    ABANDONED = "abandoned"
    PAID_REFUSING = "paid_refusing"  # paid, and its first refund is rejected: for tests, no button
    BOUNCED = "bounced"  # the latest refund fails after it was accepted: for tests, no button
    LATE = "late"  # the money was in transit when the session expired


def render(session_id: str) -> BinaryResponse:
    """The page in its current state."""
    try:
        return page.checkout_page(sessions.get(session_id))
    except StripeProblem:
        return page.not_found_page()


def submit(session_id: str, request: RawRequest) -> Response[Any]:
    """Apply the chosen outcome. A repetition only sends the same event again."""
    try:
        session = sessions.get(session_id)
        form = stripe_http.parse_form(request.body)
        outcome = Outcome(form.get("outcome", ""))
        faults.plan_faults(session_id, str(form.get("faults", "")).split())
    except (StripeProblem, ValueError):
        return page.not_found_page()
    if outcome is Outcome.CHALLENGED and session["status"] == State.OPEN:
        return page.challenge_page(session)
    if outcome is Outcome.ABANDONED:
        return SeeOther(session.get("cancel_url") or session["success_url"])
    if outcome is Outcome.DECLINED:
        return _decline(session)
    if outcome is Outcome.BOUNCED:
        return _fail_refund(session)
    refuses = int(outcome is Outcome.PAID_REFUSING)
    return pay(session, Trigger.PAY_LATE if outcome is Outcome.LATE else Trigger.PAY, refuses)


def pay(session: Item, trigger: Trigger = Trigger.PAY, refuses: int = 0) -> SeeOther:
    """Complete the session and send the webhook; for a completed session, send it again."""
    active = faults.consume_faults(session["id"], Operation.PAY) if session["status"] != State.COMPLETE else NO_FAULTS
    payment_fields = {"payment_status": "paid", "payment_intent": payment_intent_id(session["id"]), "refuses": refuses}
    payment_fields |= _altered_amount(session, active)
    try:
        session = sessions.transition(session["id"], trigger, completed_at=_now(), **payment_fields)
    except ConditionFailed as failure:
        session = failure.old_items[0] or session
    if session["status"] != State.COMPLETE:
        return SeeOther(session["url"])  # expired: the page says so
    is_delivered = _send_webhooks(session, active)
    return SeeOther(session["success_url"] if is_delivered else session["url"])


def _altered_amount(session: Item, active: ActiveFaults) -> Item:
    fields = {"amount_total": session["amount_total"] + 100} if Fault.OTHER_AMOUNT in active else {}
    currency = "usd" if session["currency"] != "usd" else "eur"
    return fields | ({"currency": currency} if Fault.OTHER_CURRENCY in active else {})


def _send_webhooks(session: Item, active: ActiveFaults) -> bool:
    if Fault.WEBHOOK_LOST in active:
        return True
    times = 2 if Fault.WEBHOOK_TWICE in active else 1
    deliveries = [
        webhook.send("checkout.session.completed", sessions.public_object(session), session["completed_at"])
        for _ in range(times)
    ]
    if Fault.WEBHOOK_REORDERED in active:
        webhook.send("payment_intent.payment_failed", _declined_intent(session), session["completed_at"] - 1)
    return all(deliveries)


def _fail_refund(session: Item) -> SeeOther:
    failed = refunds.fail_latest(session)
    if failed:
        webhook.send("refund.failed", sessions.public_object(failed), failed["created"])
    return SeeOther(session["success_url"])


def _decline(session: Item) -> SeeOther:
    increment = Update(
        sessions.TABLE,
        sessions.key(session["id"], "session"),
        "SET #declines = if_not_exists(#declines, :none) + :one",
        condition="#status = :open",
        values={"none": 0, "one": 1, "open": str(State.OPEN)},
    )
    try:
        session = store.write(increment)
    except ConditionFailed:
        return SeeOther(session["url"])
    webhook.send("payment_intent.payment_failed", _declined_intent(session), _now(), nth=session["declines"])
    return SeeOther(session["url"])


def _declined_intent(session: Item) -> Item:
    return {
        "id": payment_intent_id(session["id"]),
        "object": "payment_intent",
        "amount": session["amount_total"],
        "currency": session["currency"],
        "status": "requires_payment_method",
        "metadata": session["metadata"],
        "last_payment_error": {"type": "card_error", "code": "card_declined", "message": "Your card was declined."},
    }


def _now() -> int:
    return int(clock.now().timestamp())
