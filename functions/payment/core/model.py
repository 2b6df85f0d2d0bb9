"""A payment: what is due for a booking, and the states that its money goes through."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Self

from common.states.payment import LIFECYCLE, State, Trigger
from payment.core.refund import PENDING, Part, Refund

__all__ = ["LIFECYCLE", "Checkout", "Item", "Payment", "State", "Trigger"]


class Checkout(Part):
    """The provider's hosted page of one attempt; `over` once the provider has closed it."""

    session_id: str
    url: str
    over: bool = False


class Item(Part):
    """So many places of one type, at the price that was held."""

    event_type_id: str
    qty: int
    unit_price: int


class Payment(Part):
    """What is due for one booking. `attempt` counts the checkouts that were begun.

    A checkout that was begun and is not known is one whose reply was lost: the provider finds it
    again under the same `idempotency_key`.
    """

    id: str
    user_id: str
    booking_id: str
    event_id: str = ""
    items: tuple[Item, ...] = ()
    prices: int  # minor units
    currency: str
    method: str
    idempotency_key: str  # what the provider knows the latest attempt by
    status: State
    pay_before: datetime
    version: int
    attempt: int = 0
    checkout: Checkout | None = None
    declined_at: datetime | None = None  # the latest attempt was declined
    reason: str | None = None
    provider_payment: str | None = None
    refunded: int = 0  # minor units that went back
    refunds: tuple[Refund, ...] = ()  # in the order in which they were asked for
    paid_at: datetime | None = None
    created_at: datetime
    updated_at: datetime
    logs: tuple[Mapping[str, Any], ...] = ()

    @classmethod
    def of(cls, item: Mapping[str, Any]) -> Self:
        """The payment that the item holds."""
        return cls.model_validate(item)

    @property
    def begun(self) -> bool:
        """A checkout may be open at the provider, whether or not we know of it."""
        return self.attempt > 0 and not (self.checkout and self.checkout.over)

    @property
    def page(self) -> str | None:
        """Where it can be paid at this moment, if it can."""
        open_page = self.status is State.PENDING and self.checkout and not self.checkout.over
        return self.checkout.url if self.checkout and open_page else None

    @property
    def left(self) -> int:
        """What was paid and has neither gone back nor shall: the most that a refund may be."""
        asked = sum(one.amount for one in self.refunds if one.status == PENDING)
        return self.prices - self.refunded - asked if self.provider_payment else 0

    def refund(self, refund_id: str) -> Refund | None:
        return next((one for one in self.refunds if one.id == refund_id), None)

    def refund_key(self, refund: Refund) -> str:
        """What the provider knows the refund by, however often it is asked for it."""
        return f"{self.id}:refund:{refund.id}"

    def next_key(self) -> str:
        """The provider's idempotency key of the next attempt."""
        return f"{self.id}:{self.attempt + 1}"
