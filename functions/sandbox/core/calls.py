"""The provider's API calls, each with what goes wrong with it when that was asked for."""

from common.request import RawRequest
from common.store import Item
from sandbox.core import checkout, faults, refunds, sessions, webhook, wire
from sandbox.core.faults import Fault, Place, Struck
from sandbox.core.model import INTENT, session_of
from sandbox.core.params import RefundParams


def open_session(request: RawRequest) -> Item:
    """A new session, or that of the same idempotency key. Raises Refusal."""
    session_id = sessions.named(request)

    def opened(struck: Struck) -> Item:
        made = sessions.create(request, session_id)
        if Fault.WEBHOOK_EARLY in struck:  # the buyer is quicker than the answer
            checkout.pay(sessions.find(session_id))
        return made

    return faults.suffering(session_id, Place.OPEN, opened)


def look_at(session_id: str) -> Item:
    """The session as it is. Raises Refusal."""
    return faults.suffering(session_id, Place.LOOK, lambda _: sessions.shown(sessions.find(session_id)))


def close(session_id: str) -> Item:
    """End an open session. Raises Refusal."""
    return faults.suffering(session_id, Place.CLOSE, lambda _: sessions.expire(session_id))


def refund(request: RawRequest) -> Item:
    """Send money of a payment back. Raises Refusal."""
    session_id = session_of(wire.params(request, RefundParams).payment_intent)

    def sent(struck: Struck) -> Item:
        made = refunds.create(request, refused=Fault.REFUSED in struck)
        if Fault.WEBHOOK_EARLY in struck:
            webhook.send("refund.updated", made, made["created"])
        return made

    return faults.suffering(session_id, Place.REFUND, sent)


def refunds_of(intent: str) -> Item:
    """The refunds of a payment. Raises Refusal."""
    if not INTENT.fullmatch(intent):
        return refunds.listed(intent)
    return faults.suffering(session_of(intent), Place.LOOK, lambda _: refunds.listed(intent))
