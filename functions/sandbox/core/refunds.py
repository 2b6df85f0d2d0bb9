"""Refunds of a session's payment, never more than its amount."""

from contextlib import suppress

from common import clock, ids, store
from common.request import RawRequest
from common.store import ConditionFailed, Item, Put, Update
from sandbox.core import sessions, stripe_http
from sandbox.core.errors import ResourceMissing, StripeProblem
from sandbox.core.model import INTENT_ID, payment_intent_id, session_id_of
from sandbox.core.params import RefundParams


def create(request: RawRequest, *, is_rejected: bool = False) -> Item:
    """Refund a payment, at most its unrefunded amount. Raises StripeProblem."""
    params = stripe_http.parse_params(request, RefundParams)
    session = sessions.get(session_id_of(params.payment_intent))
    if session["payment_status"] != "paid":
        raise StripeProblem(f"This PaymentIntent ({params.payment_intent}) has no successful charge.")
    if is_rejected or session.get("refuses"):
        _reject_once(session)
    refund = {
        "id": f"re_{stripe_http.id_suffix(request, ids.new())}",
        "object": "refund",
        "amount": params.amount or session["amount_total"] - session.get("amount_refunded", 0),
        "currency": session["currency"],
        "payment_intent": params.payment_intent,
        "metadata": params.metadata,
        "status": "succeeded",
        "created": int(clock.now().timestamp()),
    }
    if not refund["amount"]:
        raise _amount_error(session)
    item = sessions.to_item(refund, "refund", stripe_http.params_digest(request))
    try:
        store.transact(
            [
                Put(sessions.TABLE, item, condition="attribute_not_exists(#pk)"),
                _add_refund(session, refund["amount"], refund["id"]),
            ]
        )
    except ConditionFailed as failure:
        if 0 not in failure.failed_indexes:
            raise _amount_error(session) from None
        item = sessions.original(failure.old_items[0], item)
    return sessions.public_object(item)


def list_for_payment(intent: str) -> Item:
    """The refunds of a payment. Raises StripeProblem."""
    if not INTENT_ID.fullmatch(intent):
        raise ResourceMissing(
            f"No such payment_intent: '{intent[:64]}'", code="resource_missing", param="payment_intent"
        )
    session = sessions.get(session_id_of(intent))
    refunds = store.batch_get(
        sessions.TABLE, [sessions.key(refund_id, "refund") for refund_id in session.get("refund_ids", [])]
    )
    return {
        "object": "list",
        "url": "/v1/refunds",
        "has_more": False,
        "data": [sessions.public_object(refund) for refund in refunds],
    }


def fail_latest(session: Item) -> Item | None:
    """Let the latest accepted refund fail; None if there is none. Idempotent."""
    refunds = [
        store.get(sessions.TABLE, sessions.key(refund_id, "refund")) for refund_id in session.get("refund_ids", [])
    ]
    refund = refunds[-1] if refunds else None
    if refund and refund["status"] == "succeeded":
        fail_refund = Update(
            sessions.TABLE,
            sessions.key(refund["id"], "refund"),
            "SET #status = :failed",
            condition="#status = :before",
            values={"failed": "failed", "before": "succeeded"},
        )
        restore_amount = Update(
            sessions.TABLE,
            sessions.key(session["id"], "session"),
            "SET #amount_refunded = #amount_refunded - :amount",
            values={"amount": refund["amount"]},
        )
        with suppress(ConditionFailed):  # another call has failed it
            store.transact([fail_refund, restore_amount])
    return refund | {"status": "failed"} if refund else None


def _reject_once(session: Item) -> None:
    """Reject one refund, as for a merchant account without funds."""
    key = sessions.key(session["id"], "session")
    store.write(Update(sessions.TABLE, key, "SET #refuses = :none", values={"none": 0}))
    raise StripeProblem("You have insufficient funds in your account for this refund.", code="balance_insufficient")


def _add_refund(session: Item, amount: int, refund_id: str) -> Update:
    return Update(
        sessions.TABLE,
        sessions.key(session["id"], "session"),
        "SET #amount_refunded = if_not_exists(#amount_refunded, :none) + :amount,"
        " #refund_ids = list_append(if_not_exists(#refund_ids, :no_ids), :new_ids)",
        condition="#payment_status = :paid AND (attribute_not_exists(#amount_refunded) OR #amount_refunded <= :room)"
        " AND #amount_total >= :amount",
        values={
            "no_ids": [],
            "new_ids": [refund_id],
            "none": 0,
            "amount": amount,
            "paid": "paid",
            "room": session["amount_total"] - amount,
        },
    )


def _amount_error(session: Item) -> StripeProblem:
    refundable = session["amount_total"] - sessions.get(session["id"]).get("amount_refunded", 0)
    intent = payment_intent_id(session["id"])
    if not refundable:
        return StripeProblem(f"The charge of {intent} has already been refunded.", code="charge_already_refunded")
    return StripeProblem(
        f"The amount is greater than the unrefunded amount ({refundable}) of {intent}.", param="amount"
    )
