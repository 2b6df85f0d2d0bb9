"""What the provider tells us by webhook: verified, then read into the little that we act upon."""

import hashlib
import json
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from stripe import SignatureVerificationError, WebhookSignature

from common import body, clock, env
from common.api import RawRequest
from common.problems import Malformed
from payment.core.errors import BadSignature
from payment.core.provider import Money
from payment.core.stripe_provider import received

TOLERANCE = 300  # seconds that the signature's time may differ from ours, either way
_MINE = ("checkout.session.", "payment_intent.payment_failed", "refund.", "charge.refund.updated")


class Subject(BaseModel):
    """A Checkout session, payment intent or refund, as far as we care."""

    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)

    id: str
    metadata: dict[str, str] | None = None
    client_reference_id: str | None = None
    status: str | None = None
    payment_status: str | None = None
    payment_intent: str | None = None
    amount_total: int | None = None
    currency: str | None = None

    @property
    def payment_id(self) -> str | None:
        return (self.metadata or {}).get("payment_id") or self.client_reference_id

    @property
    def failed(self) -> bool:
        """A refund that will not be."""
        return bool(self.refund_key) and self.status in ("failed", "canceled")

    @property
    def refund_key(self) -> str | None:
        return (self.metadata or {}).get("refund_key")


class _Data(BaseModel):
    object: dict[str, Any]


class Notice(BaseModel):
    """One event of the provider. Of types that are not ours nothing but the type is read."""

    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)

    id: str = Field(min_length=1, max_length=255)
    type: str
    created: int
    data: _Data

    @classmethod
    def read(cls, content: bytes) -> Self:
        """Raises Malformed."""
        body.check(content)
        try:
            return cls.model_validate_json(content)
        except ValidationError as error:
            raise Malformed(f"This is no event; fields that are wrong: {error.error_count()}.") from None

    @property
    def ours(self) -> bool:
        return self.type.startswith(_MINE)

    @property
    def digest(self) -> str:
        """Of what it says; the envelope (deliveries pending, API version) may differ when it is sent again."""
        said = json.dumps([self.type, self.created, self.data.object], sort_keys=True)
        return hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()

    def subject(self) -> Subject:
        """Raises Malformed."""
        try:
            return Subject.model_validate(self.data.object)
        except ValidationError as error:
            raise Malformed(f"This is no {self.type}; fields that are wrong: {error.error_count()}.") from None

    def money(self, subject: Subject) -> Money | None:
        """What has been received with it."""
        paid = self.type in ("checkout.session.completed", "checkout.session.async_payment_succeeded")
        if not paid or subject.payment_status != "paid" or subject.payment_intent is None:
            return None
        return Money(subject.payment_intent, *received(subject.amount_total, subject.currency))


def verified(request: RawRequest) -> Notice:
    """The event of a request that the provider signed within the tolerance. Raises BadSignature or Malformed."""
    header = request.headers.get("stripe-signature", "")
    if not header.isascii():  # the verifier's comparison takes ASCII only
        raise BadSignature
    if not any(_signed(request.body, header, secret) for secret in _secrets()):
        raise BadSignature
    # The verifier's own tolerance lets any future time pass.
    if abs(_signed_at(header) - clock.now().timestamp()) > TOLERANCE:
        raise BadSignature("The signature is not of this moment.")
    return Notice.read(request.body)


def _secrets() -> list[str]:
    # While the secret is changed the provider may sign with either.
    known = json.loads(env.secret("provider"))
    # A sandbox stage has one secret for both.
    return [known.get("webhook_secret", known["api_key"]), *filter(None, [known.get("previous_webhook_secret")])]


def _signed(content: bytes, header: str, secret: str) -> bool:
    try:
        return bool(WebhookSignature.verify_header(content, header, secret))
    except (SignatureVerificationError, UnicodeDecodeError):
        return False


def _signed_at(header: str) -> int:
    # The very `t` that the verifier has just used, found as it finds it.
    parts = (part.split("=", 2) for part in header.split(","))
    return next(int(part[1]) for part in parts if part[0] == "t")
