"""Request parameters: the part of Stripe's that the sandbox reads."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Metadata = dict[Annotated[str, Field(max_length=40)], Annotated[str, Field(max_length=500)]]
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
    """Parameters of a new session; others are ignored."""

    mode: Literal["payment"]
    line_items: dict[str, _Line] = Field(min_length=1, max_length=100)
    success_url: Url
    cancel_url: Url | None = None
    client_reference_id: str | None = Field(default=None, max_length=200)
    metadata: Metadata = Field(default_factory=dict, max_length=50)


class RefundParams(_Params):
    payment_intent: str = Field(pattern="^pi_[0-9a-f]{32}$")
    amount: int | None = Field(default=None, ge=1, le=10**15)
    metadata: Metadata = Field(default_factory=dict, max_length=50)
