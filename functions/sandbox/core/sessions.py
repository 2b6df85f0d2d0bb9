"""Checkout sessions in their table, and the objects that the API returns."""

from datetime import timedelta
from typing import Any

from common import clock, env, ids, store
from common.request import RawRequest
from common.store import ConditionFailed, Item, Put, Update
from sandbox.core import stripe_http
from sandbox.core.errors import IdempotencyKeyReused, ResourceMissing, StripeProblem
from sandbox.core.model import LIFECYCLE, State, Trigger
from sandbox.core.params import SessionParams

TABLE = "sandbox"
_RETENTION = timedelta(days=30)


def new_session_id(request: RawRequest) -> str:
    """The id of the session that the request creates. Raises StripeProblem."""
    return f"cs_test_{stripe_http.id_suffix(request, ids.new())}"


def create(request: RawRequest, session_id: str) -> Item:
    """Create a session, or return that of the same idempotency key. Raises StripeProblem."""
    params, now = stripe_http.parse_params(request, SessionParams), clock.now()
    lines = list(params.line_items.values())
    if len({line.price_data.currency for line in lines}) > 1:
        raise StripeProblem("All line items must have one currency.", code="parameter_invalid", param="line_items")
    session = params.model_dump(exclude={"line_items"}) | {
        "id": session_id,
        "object": "checkout.session",
        "livemode": False,
        "status": str(State.OPEN),
        "payment_status": "unpaid",
        "payment_intent": None,
        "amount_total": sum(line.quantity * line.price_data.unit_amount for line in lines),
        "currency": lines[0].price_data.currency,
        "description": ", ".join(line.price_data.product_data.name for line in lines),
        "url": f"{env.setting('PUBLIC_URL')}/sandbox/pay/{session_id}",
        "created": int(now.timestamp()),
    }
    item = to_item(session, "session", stripe_http.params_digest(request))
    try:
        store.write(Put(TABLE, item, condition="attribute_not_exists(#pk)"))
    except ConditionFailed as failure:
        item = original(failure.old_items[0], item)
    return public_object(item)


def get(session_id: str) -> Item:
    """The stored session. Raises StripeProblem."""
    item = store.get(TABLE, key(session_id, "session"))
    if item is None:
        raise ResourceMissing(f"No such checkout.session: '{session_id}'", code="resource_missing", param="session")
    return item


def expire(session_id: str) -> Item:
    """Expire an open session. Raises StripeProblem."""
    before = get(session_id)
    try:
        return public_object(transition(session_id, Trigger.EXPIRE))
    except ConditionFailed:
        status = get(session_id)["status"] if before["status"] == State.OPEN else before["status"]
        message = f'Only Checkout Sessions with a status in ["open"] can be expired. This one is `{status}`.'
        raise StripeProblem(message) from None


def transition(session_id: str, trigger: Trigger, **sets: Any) -> Item:
    """Carry out the transition. Raises ConditionFailed."""
    sources = {f"from{at}": str(state) for at, state in enumerate(LIFECYCLE.sources(trigger))}
    fields = {"status": str(LIFECYCLE.target(trigger))} | sets
    return store.write(
        Update(
            TABLE,
            key(session_id, "session"),
            "SET " + ", ".join(f"#{name} = :{name}" for name in fields),
            condition=f"#status IN ({', '.join(':' + name for name in sources)})",
            values=fields | sources,
        )
    )


def public_object(item: Item) -> Item:
    """The object as the API returns it, without internal attributes."""
    hidden = (
        "pk",
        "sk",
        "expires_at",
        "digest",
        "amount_refunded",
        "completed_at",
        "declines",
        "refuses",
        "refund_ids",
    )
    defaults = {"payment_intent": None} if item["sk"] == "session" else {}
    return defaults | {name: value for name, value in item.items() if name not in hidden}


def key(object_id: str, kind: str) -> dict[str, str]:
    return {"pk": object_id, "sk": kind}


def to_item(fields: Item, kind: str, digest: str) -> Item:
    """The stored item: the object with internal attributes."""
    expires_at = int((clock.now() + _RETENTION).timestamp())
    return key(fields["id"], kind) | fields | {"digest": digest, "expires_at": expires_at}


def original(stored: Item | None, item: Item) -> Item:
    """The object that the same parameters created before. Raises StripeProblem for other parameters."""
    if stored is None or stored["digest"] != item["digest"]:
        raise IdempotencyKeyReused(
            "Keys for idempotent requests can only be used with the parameters they were first used with."
        )
    return stored
