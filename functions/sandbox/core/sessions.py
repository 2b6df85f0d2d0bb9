"""Checkout sessions and refunds, as the API gives them out."""

from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from common import clock, env, ids, store
from common.request import RawRequest
from common.store import ConditionFailed, Item, Put, Update
from sandbox.core import wire
from sandbox.core.errors import KeyMisused, Missing, Refusal
from sandbox.core.model import LIFECYCLE, State, Trigger, payment_intent, session_of

TABLE = "sandbox"
_KEPT = timedelta(days=30)

Url = Annotated[str, StringConstraints(pattern=r"^https?://", max_length=2048)]


class _Params(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class _Product(_Params):
    name: str = Field(max_length=500)


class _Price(_Params):
    currency: str = Field(pattern="^[a-z]{3}$")
    unit_amount: int = Field(ge=1, le=99_999_999)
    product_data: _Product


class _Line(_Params):
    quantity: int = Field(ge=1, le=1_000)
    price_data: _Price


class SessionParams(_Params):
    """What a session is made of; anything else that Stripe knows is let pass."""

    mode: Literal["payment"]
    line_items: dict[str, _Line] = Field(min_length=1, max_length=100)
    success_url: Url
    cancel_url: Url | None = None
    client_reference_id: str | None = Field(default=None, max_length=200)
    metadata: dict[str, str] = Field(default_factory=dict, max_length=50)


class RefundParams(_Params):
    payment_intent: str = Field(pattern="^pi_[0-9a-f]{32}$")
    amount: int | None = Field(default=None, ge=1)
    metadata: dict[str, str] = Field(default_factory=dict, max_length=50)


def create(request: RawRequest) -> Item:
    """A new session, or that of the same idempotency key. Raises Refusal."""
    asked, now = wire.params(request, SessionParams), clock.now()
    session_id = f"cs_test_{wire.named(request, ids.new())}"
    lines = list(asked.line_items.values())
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
    item = _item(session, "session", wire.digest(request))
    try:
        store.write(Put(TABLE, item, condition="attribute_not_exists(#pk)"))
    except ConditionFailed as failure:
        item = _repeated(failure.old[0], item)
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


def refund(request: RawRequest) -> Item:
    """Send money of a payment back, at most what is left of it. Raises Refusal."""
    asked = wire.params(request, RefundParams)
    session = find(session_of(asked.payment_intent))
    if session["payment_status"] != "paid":
        raise Refusal(f"This PaymentIntent ({asked.payment_intent}) has no successful charge.")
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
    item = _item(made, "refund", wire.digest(request))
    try:
        store.transact([Put(TABLE, item, condition="attribute_not_exists(#pk)"), _give(session, made["amount"])])
    except ConditionFailed as failure:
        if 0 not in failure.failed:
            raise _too_much(session) from None
        item = _repeated(failure.old[0], item)
    return shown(item)


def shown(item: Item) -> Item:
    """The object without what only the sandbox knows of it."""
    hidden = ("pk", "sk", "expires_at", "digest", "amount_refunded", "completed_at", "declines")
    defaults = {"payment_intent": None} if item["sk"] == "session" else {}
    return defaults | {name: value for name, value in item.items() if name not in hidden}


def key(object_id: str, kind: str) -> dict[str, str]:
    return {"pk": object_id, "sk": kind}


def _give(session: Item, amount: int) -> Update:
    return Update(
        TABLE,
        key(session["id"], "session"),
        "SET #amount_refunded = if_not_exists(#amount_refunded, :none) + :amount",
        condition="#payment_status = :paid AND (attribute_not_exists(#amount_refunded) OR #amount_refunded <= :room)"
        " AND #amount_total >= :amount",
        values={"none": 0, "amount": amount, "paid": "paid", "room": session["amount_total"] - amount},
    )


def _too_much(session: Item) -> Refusal:
    left = session["amount_total"] - find(session["id"]).get("amount_refunded", 0)
    intent = payment_intent(session["id"])
    if not left:
        return Refusal(f"The charge of {intent} has already been refunded.", code="charge_already_refunded")
    return Refusal(f"The amount is greater than the unrefunded amount ({left}) of {intent}.", param="amount")


def _item(made: Item, kind: str, digest: str) -> Item:
    expires = int((clock.now() + _KEPT).timestamp())
    return key(made["id"], kind) | made | {"digest": digest, "expires_at": expires}


def _repeated(before: Item | None, item: Item) -> Item:
    if before is None or before["digest"] != item["digest"]:
        raise KeyMisused("Keys for idempotent requests can only be used with the parameters they were first used with.")
    return before
