"""The provider's API operations, each with the faults that are active for it."""

from common.request import RawRequest
from common.store import Item
from sandbox.core import checkout, faults, refunds, sessions, stripe_http, webhook
from sandbox.core.faults import ActiveFaults, Fault, Operation
from sandbox.core.model import INTENT_ID, session_id_of
from sandbox.core.params import RefundParams


def create_session(request: RawRequest) -> Item:
    """Create a session, or return that of the same idempotency key. Raises StripeProblem."""
    session_id = sessions.new_session_id(request)

    def create(active: ActiveFaults) -> Item:
        session = sessions.create(request, session_id)
        if Fault.WEBHOOK_EARLY in active:  # the buyer pays before the response arrives
            checkout.pay(sessions.get(session_id))
        return session

    return faults.with_faults(session_id, Operation.OPEN, create)


def get_session(session_id: str) -> Item:
    """The session. Raises StripeProblem."""
    return faults.with_faults(session_id, Operation.LOOK, lambda _: sessions.public_object(sessions.get(session_id)))


def expire_session(session_id: str) -> Item:
    """Expire an open session. Raises StripeProblem."""
    return faults.with_faults(session_id, Operation.CLOSE, lambda _: sessions.expire(session_id))


def create_refund(request: RawRequest) -> Item:
    """Refund a payment. Raises StripeProblem."""
    session_id = session_id_of(stripe_http.parse_params(request, RefundParams).payment_intent)

    def create(active: ActiveFaults) -> Item:
        created = refunds.create(request, is_rejected=Fault.REFUSED in active)
        if Fault.WEBHOOK_EARLY in active:
            webhook.send("refund.updated", created, created["created"])
        return created

    return faults.with_faults(session_id, Operation.REFUND, create)


def list_refunds(intent: str) -> Item:
    """The refunds of a payment. Raises StripeProblem."""
    if not INTENT_ID.fullmatch(intent):
        return refunds.list_for_payment(intent)
    return faults.with_faults(session_id_of(intent), Operation.LOOK, lambda _: refunds.list_for_payment(intent))
