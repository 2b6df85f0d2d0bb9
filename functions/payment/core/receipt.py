"""The receipt of a payment: its items, total and refunds."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Self

from pydantic import Field

from common.api import ResponseModel
from payment.core.errors import NotPaid
from payment.core.model import REFUND_SUCCEEDED, Item, Payment

# ISO 4217 currencies whose minor unit is not a hundredth
_CURRENCIES_BY_DECIMALS = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF",
    3: "BHD IQD JOD KWD LYD OMR TND",
}
_DECIMALS_BY_CURRENCY = {
    code: decimals for decimals, codes in _CURRENCIES_BY_DECIMALS.items() for code in codes.split()
}


class ReceiptItem(ResponseModel):
    """So many places of one type; `sum` is `qty` times `unit_price`."""

    event_type_id: str
    name: str | None = Field(description="the type's name, if its event is known by now", examples=["Seat"])
    qty: int
    unit_price: int
    sum: int

    @classmethod
    def from_item(cls, item: Item, names: Mapping[str, str]) -> Self:
        name = names.get(item.event_type_id)
        return cls.model_validate(item.model_dump() | {"name": name, "sum": item.qty * item.unit_price})


class ReceiptRefund(ResponseModel):
    """An amount that went back."""

    id: str
    amount: int
    reason: str
    refunded_at: datetime


class ReceiptView(ResponseModel):
    """All amounts are in minor units: 1 of them is 10^-`decimals` of the currency."""

    number: str = Field(examples=["R-20310501-8D4B8D3E6D0C"])
    payment_id: str
    booking_id: str
    event_id: str
    event_name: str | None = Field(description="null if the event is not known by now", examples=["Spring concert"])
    items: tuple[ReceiptItem, ...]
    total: int = Field(description="the sum of the items: what was paid")
    currency: str
    decimals: int
    method: str
    paid_at: datetime
    refunds: tuple[ReceiptRefund, ...]
    refunded: int = Field(description="the sum of the refunds")
    net: int = Field(description="the total without the refunds")

    @classmethod
    def from_payment(cls, payment: Payment, event: Mapping[str, Any] | None) -> Self:
        """Raises NotPaid."""
        if payment.paid_at is None:
            raise NotPaid
        event_fields = event or {"name": None, "types": {}}
        return cls(
            number=f"R-{payment.paid_at:%Y%m%d}-{payment.id.replace('-', '')[:12].upper()}",
            payment_id=payment.id,
            booking_id=payment.booking_id,
            event_id=payment.event_id,
            event_name=event_fields["name"],
            items=tuple(ReceiptItem.from_item(item, event_fields["types"]) for item in payment.items),
            total=payment.prices,
            currency=payment.currency,
            decimals=_DECIMALS_BY_CURRENCY.get(payment.currency, 2),
            method=payment.method,
            paid_at=payment.paid_at,
            refunds=_refunds(payment),
            refunded=payment.refunded,
            net=payment.prices - payment.refunded,
        )


def _refunds(payment: Payment) -> tuple[ReceiptRefund, ...]:
    succeeded = (refund for refund in payment.refunds if refund.status == REFUND_SUCCEEDED)
    return tuple(
        ReceiptRefund.model_validate(refund.model_dump() | {"refunded_at": refund.ended_at}) for refund in succeeded
    )
