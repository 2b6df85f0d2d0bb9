"""Checkout sessions, as the API gives them out."""

from datetime import timedelta
from typing import Any

from common import clock, env, ids, store
from common.request import RawRequest
from common.store import ConditionFailed, Item, Put, Update
from sandbox.core import wire
from sandbox.core.errors import KeyMisused, Missing, Refusal
from sandbox.core.model import LIFECYCLE, State, Trigger
from sandbox.core.params import SessionParams

TABLE = "sandbox"
_KEPT = timedelta(days=30)


def named(request: RawRequest) -> str:
    """The id of the session that the request makes. Raises Refusal."""
    return f"cs_test_{wire.named(request, ids.new())}"


def create(request: RawRequest, session_id: str) -> Item:
    """A new session, or that of the same idempotency key. Raises Refusal."""
    asked, now = wire.params(request, SessionParams), clock.now()
    lines = list(asked.line_items.values())
    if len({line.price_data.currency for line in lines}) > 1:
        raise Refusal("All line items must have one currency.", code="parameter_invalid", param="line_items")
    session = asked.model_dump(exclude={"line_items"}) | {
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
    item = to_store(session, "session", wire.digest(request))
    try:
        store.write(Put(TABLE, item, condition="attribute_not_exists(#pk)"))
    except ConditionFailed as failure:
        item = repeated(failure.old[0], item)
    return shown(item)


def find(session_id: str) -> Item:
    """The stored session. Raises Refusal."""
    item = store.get(TABLE, key(session_id, "session"))
    if item is None:
        raise Missing(f"No such checkout.session: '{session_id}'", code="resource_missing", param="session")
    return item


def expire(session_id: str) -> Item:
    """End an open session. Raises Refusal."""
    before = find(session_id)
    try:
        return shown(move(session_id, Trigger.EXPIRE))
    except ConditionFailed:
        status = find(session_id)["status"] if before["status"] == State.OPEN else before["status"]
        told = f'Only Checkout Sessions with a status in ["open"] can be expired. This one is `{status}`.'
        raise Refusal(told) from None


def move(session_id: str, trigger: Trigger, **sets: Any) -> Item:
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


def shown(item: Item) -> Item:
    """The object without what only the sandbox knows of it."""
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


def to_store(made: Item, kind: str, digest: str) -> Item:
    """The object with what only the sandbox knows of it."""
    expires = int((clock.now() + _KEPT).timestamp())
    return key(made["id"], kind) | made | {"digest": digest, "expires_at": expires}


def repeated(before: Item | None, item: Item) -> Item:
    """The object that was made before, for the same parameters. Raises Refusal for others."""
    if before is None or before["digest"] != item["digest"]:
        raise KeyMisused("Keys for idempotent requests can only be used with the parameters they were first used with.")
    return before
