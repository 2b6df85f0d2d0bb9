"""A refund: money of a payment that shall go back, in whole or in part."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

RefundStatus = Literal["PENDING", "SUCCEEDED", "FAILED"]
PENDING: RefundStatus = "PENDING"  # the provider is being asked
SUCCEEDED: RefundStatus = "SUCCEEDED"  # the provider has accepted to send it
FAILED: RefundStatus = "FAILED"  # the provider will not send it, or could not
BOOKING = "booking"  # who asks where the booking ended, and nobody's word is needed


class Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)


class Refund(Part):
    """One of them; times are as they are stored."""

    id: str
    amount: int  # minor units
    reason: str
    by: str  # the organiser's id, `admin`, or BOOKING
    status: RefundStatus = PENDING
    requested_at: str
    accepted_at: str | None = None  # when the provider said that it would send it, whatever became of that
    ended_at: str | None = None  # when the provider's answer was heard
    request_hash: str | None = None

    def stored(self) -> dict[str, Any]:
        return self.model_dump(exclude_none=True)
