"""Refunds: money of a payment goes back, never more than it had."""

from contextlib import suppress

from common import clock, ids, store
from common.request import RawRequest
from common.store import ConditionFailed, Item, Put, Update
from sandbox.core import sessions, wire
from sandbox.core.errors import Missing, Refusal
from sandbox.core.model import INTENT, payment_intent, session_of
from sandbox.core.params import RefundParams


def create(request: RawRequest, *, refused: bool = False) -> Item:
    """Send money of a payment back, at most what is left of it. Raises Refusal."""
    asked = wire.params(request, RefundParams)
    session = sessions.find(session_of(asked.payment_intent))
    if session["payment_status"] != "paid":
        raise Refusal(f"This PaymentIntent ({asked.payment_intent}) has no successful charge.")
    if refused or session.get("refuses"):
        _refuse(session)
    made = {
        "id": f"re_{wire.named(request, ids.new())}",
        "object": "refund",
        "amount": asked.amount or session["amount_total"] - session.get("amount_refunded", 0),
        "currency": session["currency"],
        "payment_intent": asked.payment_intent,
        "metadata": asked.metadata,
        "status": "succeeded",
        "created": int(clock.now().timestamp()),
    }
    if not made["amount"]:
        raise _too_much(session)
    item = sessions.to_store(made, "refund", wire.digest(request))
    try:
        store.transact(
            [
                Put(sessions.TABLE, item, condition="attribute_not_exists(#pk)"),
                _give(session, made["amount"], made["id"]),
            ]
        )
    except ConditionFailed as failure:
        if 0 not in failure.failed:
            raise _too_much(session) from None
        item = sessions.repeated(failure.old[0], item)
    return sessions.shown(item)


def listed(intent: str) -> Item:
    """The refunds of a payment. Raises Refusal."""
    if not INTENT.fullmatch(intent):
        raise Missing(f"No such payment_intent: '{intent[:64]}'", code="resource_missing", param="payment_intent")
    session = sessions.find(session_of(intent))
    made = store.batch_get(sessions.TABLE, [sessions.key(one, "refund") for one in session.get("refund_ids", [])])
    return {"object": "list", "url": "/v1/refunds", "has_more": False, "data": [sessions.shown(one) for one in made]}


def bounce(session: Item) -> Item | None:
    """The newest refund that was accepted does not arrive; None if there is none. Harmless to repeat."""
    made = [store.get(sessions.TABLE, sessions.key(one, "refund")) for one in session.get("refund_ids", [])]
    refund = made[-1] if made else None
    if refund and refund["status"] == "succeeded":
        failed = {"failed": "failed", "before": "succeeded"}
        back = {"amount": refund["amount"]}
        ends = Update(sessions.TABLE, sessions.key(refund["id"], "refund"), "SET #status = :failed",
                      condition="#status = :before", values=failed)  # fmt: skip
        kept = Update(sessions.TABLE, sessions.key(session["id"], "session"),
                      "SET #amount_refunded = #amount_refunded - :amount", values=back)  # fmt: skip
        with suppress(ConditionFailed):  # another call was quicker
            store.transact([ends, kept])
    return refund | {"status": "failed"} if refund else None


def _refuse(session: Item) -> None:
    """As a merchant's empty account would: this once."""
    key = sessions.key(session["id"], "session")
    store.write(Update(sessions.TABLE, key, "SET #refuses = :none", values={"none": 0}))
    raise Refusal("You have insufficient funds in your account for this refund.", code="balance_insufficient")


def _give(session: Item, amount: int, refund_id: str) -> Update:
    return Update(
        sessions.TABLE,
        sessions.key(session["id"], "session"),
        "SET #amount_refunded = if_not_exists(#amount_refunded, :none) + :amount,"
        " #refund_ids = list_append(if_not_exists(#refund_ids, :nobody), :made)",
        condition="#payment_status = :paid AND (attribute_not_exists(#amount_refunded) OR #amount_refunded <= :room)"
        " AND #amount_total >= :amount",
        values={
            "nobody": [],
            "made": [refund_id],
            "none": 0,
            "amount": amount,
            "paid": "paid",
            "room": session["amount_total"] - amount,
        },
    )


def _too_much(session: Item) -> Refusal:
    left = session["amount_total"] - sessions.find(session["id"]).get("amount_refunded", 0)
    intent = payment_intent(session["id"])
    if not left:
        return Refusal(f"The charge of {intent} has already been refunded.", code="charge_already_refunded")
    return Refusal(f"The amount is greater than the unrefunded amount ({left}) of {intent}.", param="amount")
