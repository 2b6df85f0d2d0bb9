"""A payment: the amount due for a booking, its checkout and refunds, and its states."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict

from common.states.payment import LIFECYCLE, State, Trigger

__all__ = [
    "BOOKING_ACTOR",
    "LIFECYCLE",
    "REFUND_FAILED",
    "REFUND_PENDING",
    "REFUND_SUCCEEDED",
    "CapturedPayment",
    "Checkout",
    "FrozenModel",
    "Item",
    "Payment",
    "Refund",
    "RefundStatus",
    "State",
    "Trigger",
]

RefundStatus = Literal["PENDING", "SUCCEEDED", "FAILED"]
REFUND_PENDING: RefundStatus = "PENDING"  # not yet accepted by the provider
REFUND_SUCCEEDED: RefundStatus = "SUCCEEDED"  # accepted by the provider
REFUND_FAILED: RefundStatus = "FAILED"  # rejected by the provider, or failed after it was accepted
BOOKING_ACTOR = "booking"  # requests the refunds of ended bookings


class FrozenModel(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)


class Refund(FrozenModel):
    """One refund of a payment; times are ISO 8601 strings, as stored."""

    id: str
    amount: int  # minor units
    reason: str
    by: str  # the organiser's id, `admin`, or BOOKING_ACTOR
    status: RefundStatus = REFUND_PENDING
    requested_at: str
    accepted_at: str | None = None  # by the provider; kept if the refund fails later
    ended_at: str | None = None  # when we recorded that it succeeded or failed
    request_hash: str | None = None

    def to_item(self) -> dict[str, Any]:
        return self.model_dump(exclude_none=True)


class Checkout(FrozenModel):
    """The provider's hosted checkout page of one attempt; `over` once the provider has expired it."""

    session_id: str
    url: str
    over: bool = False


class Item(FrozenModel):
    """`qty` places of one event type, at the price they were held for; `unit_price` in minor units."""

    event_type_id: str
    qty: int
    unit_price: int


class Payment(FrozenModel):
    """The amount due for one booking. `attempt` counts the checkouts that were started.

    An attempt without a `checkout` is one whose reply was lost: the provider returns the same
    checkout again for the same `idempotency_key`.
    """

    id: str
    user_id: str
    booking_id: str
    event_id: str = ""
    items: tuple[Item, ...] = ()
    prices: int  # minor units
    currency: str
    method: str
    idempotency_key: str  # of the latest attempt, at the provider
    status: State
    pay_before: datetime
    version: int
    attempt: int = 0
    checkout: Checkout | None = None
    declined_at: datetime | None = None  # when a card was declined in the latest attempt
    reason: str | None = None
    provider_payment: str | None = None
    refunded: int = 0  # minor units
    refunds: tuple[Refund, ...] = ()  # oldest first
    paid_at: datetime | None = None
    created_at: datetime
    updated_at: datetime
    logs: tuple[Mapping[str, Any], ...] = ()

    @classmethod
    def from_item(cls, item: Mapping[str, Any]) -> Self:
        return cls.model_validate(item)

    @property
    def has_open_attempt(self) -> bool:
        """Whether a checkout may be open at the provider, including one whose reply was lost."""
        return self.attempt > 0 and not (self.checkout and self.checkout.over)

    @property
    def checkout_url(self) -> str | None:
        """The hosted page, while the payment can be paid there."""
        is_payable = self.status is State.PENDING and self.checkout and not self.checkout.over
        return self.checkout.url if self.checkout and is_payable else None

    @property
    def refundable(self) -> int:
        """Minor units that are captured and neither refunded nor pending: the largest possible refund."""
        pending = sum(refund.amount for refund in self.refunds if refund.status == REFUND_PENDING)
        return self.prices - self.refunded - pending if self.provider_payment else 0

    def find_refund(self, refund_id: str) -> Refund | None:
        return next((refund for refund in self.refunds if refund.id == refund_id), None)

    def refund_key(self, refund: Refund) -> str:
        """The refund's idempotency key at the provider, the same for every try."""
        return f"{self.id}:refund:{refund.id}"

    def next_attempt_key(self) -> str:
        """The idempotency key of the next attempt at the provider."""
        return f"{self.id}:{self.attempt + 1}"


@dataclass(frozen=True)
class CapturedPayment:
    """Money that the provider has received; `amount` in minor units, `currency` ISO 4217."""

    provider_payment: str
    amount: int
    currency: str

    def covers(self, payment: Payment) -> bool:
        """Whether this is exactly the amount due, in its currency."""
        return (self.amount, self.currency) == (payment.prices, payment.currency)
