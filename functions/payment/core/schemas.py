"""HTTP requests and responses of payment."""

from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import Field

from common.api import Request, ResponseModel
from common.store import Item
from payment.core.model import Payment, Refund, RefundStatus, State

_ONE_LINE = r"^[^\u0000-\u001f\u007f]*[^\s\u0000-\u001f\u007f][^\u0000-\u001f\u007f]*$"  # one line, not blank


class PaymentRequest(Request):
    """Which order is to be paid, and the price that its buyer agrees to."""

    order_id: Annotated[str, Field(min_length=1, max_length=64, description="the booking's id")]
    price: Annotated[int, Field(ge=0, le=10**12, description="the amount due, in minor units")]


class RefundRequest(Request):
    """How much of a payment goes back, and why."""

    amount: Annotated[
        int | None, Field(ge=1, le=10**12, description="in minor units; all that is left without it", examples=[2500])
    ] = None
    reason: Annotated[
        str,
        Field(
            min_length=1,
            max_length=200,
            pattern=_ONE_LINE,
            description="the buyer reads it",
            examples=["The bar was shut."],
        ),
    ]


class RefundView(ResponseModel):
    """Money that shall go back (PENDING), was sent (SUCCEEDED), or was not, for the provider refused (FAILED)."""

    id: str
    amount: int = Field(description="in minor units")
    reason: str
    by: str = Field(description="who asked for it: a user's id, admin (in the organiser's place), or booking")
    status: RefundStatus
    requested_at: datetime
    ended_at: datetime | None = Field(description="when the provider sent it or refused")

    @classmethod
    def from_refund(cls, refund: Refund) -> Self:
        return cls.model_validate(refund.model_dump())


class PaymentView(ResponseModel):
    id: str
    user_id: str
    booking_id: str
    prices: int = Field(description="the amount due, in minor units, fees included")
    currency: str
    method: str
    idempotency_key: str = Field(description="what the provider knows the latest attempt by")
    status: State
    reason: str | None = Field(description="why it failed: expired · declined · amount_mismatch")
    refunded: int = Field(description="what went back, in minor units")
    pay_before: datetime
    paid_at: datetime | None
    checkout_url: str | None = Field(description="the provider's hosted page, while it can be paid there")
    created_at: datetime
    updated_at: datetime

    @classmethod
    def from_payment(cls, payment: Payment) -> Self:
        reason = payment.reason if payment.status is State.FAILED else None
        computed = {"checkout_url": payment.checkout_url, "reason": reason}
        return cls.model_validate(payment.model_dump() | computed | cls._detail_fields(payment))

    @classmethod
    def from_item(cls, item: Item) -> Self:
        return cls.from_payment(Payment.from_item(item))

    @classmethod
    def _detail_fields(cls, payment: Payment) -> dict[str, Any]:  # noqa: ARG003 - used by subclasses
        return {}


class LogView(ResponseModel):
    version: int
    action: str
    actor: str
    at: datetime


class PaymentHistoryView(ResponseModel):
    payment_id: str
    status: State
    attempts: int = Field(description="how many of the provider's pages were begun")
    logs: tuple[LogView, ...]
    paid_at: datetime | None
    created_at: datetime
    updated_at: datetime


class PaymentDetail(PaymentView):
    """A payment with all that happened to it."""

    refunds: tuple[RefundView, ...] = Field(description="in the order in which they were asked for")
    history: PaymentHistoryView

    @classmethod
    def _detail_fields(cls, payment: Payment) -> dict[str, Any]:
        logs = [{"version": version, **log} for version, log in enumerate(payment.logs, 1)]
        refunds = [RefundView.from_refund(refund) for refund in payment.refunds]
        return {
            "refunds": refunds,
            "history": payment.model_dump() | {"payment_id": payment.id, "logs": logs, "attempts": payment.attempt},
        }


class WebhookAcknowledgement(ResponseModel):
    """The provider need not send this event again."""

    received: bool = True
