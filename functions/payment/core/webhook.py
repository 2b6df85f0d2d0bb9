"""Provider events: verify their signature, and apply captures, declined cards and refunds, each event once."""

import hashlib
import json
from datetime import timedelta
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from stripe import SignatureVerificationError, WebhookSignature

from common import clock, env, json_body, log, store
from common.api import RawRequest
from common.problems import BadRequest
from common.store import ConditionFailed, Item, Put, Update
from payment.core import checkout, refunds, repository, settlement
from payment.core.errors import EventIdReused, InvalidSignature, ProviderUnavailable
from payment.core.model import CapturedPayment, Payment, Refund
from payment.core.providers.port import ProviderUnreachable
from payment.core.providers.stripe import from_stripe_amount

_EVENT_RETENTION = timedelta(days=60)  # Stripe resends for 3 days, its dashboard for 30
_MAX_ATTEMPTS = 3
_DECLINED_EVENTS = ("payment_intent.payment_failed", "checkout.session.async_payment_failed")
TOLERANCE_SECONDS = 300  # that the signature's time may differ from ours, either way
_RELEVANT_TYPES = ("checkout.session.", "payment_intent.payment_failed", "refund.", "charge.refund.updated")


class StripeObject(BaseModel):
    """A Checkout session, payment intent or refund: the fields that we read."""

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
    def is_failed_refund(self) -> bool:
        return bool(self.refund_key) and self.status in ("failed", "canceled")

    @property
    def refund_key(self) -> str | None:
        return (self.metadata or {}).get("refund_key")


class _EventData(BaseModel):
    object: dict[str, Any]


class WebhookEvent(BaseModel):
    """One event of the provider. Its object is parsed only if the type is relevant."""

    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)

    id: str = Field(min_length=1, max_length=255)
    type: str
    created: int
    data: _EventData

    @classmethod
    def parse(cls, content: bytes) -> Self:
        """Raises BadRequest."""
        json_body.validate(content)
        try:
            return cls.model_validate_json(content)
        except ValidationError as error:
            raise BadRequest(f"This is no event; fields that are wrong: {error.error_count()}.") from None

    @property
    def is_relevant(self) -> bool:
        return self.type.startswith(_RELEVANT_TYPES)

    @property
    def digest(self) -> str:
        """Hash of the content, without the envelope: pending deliveries and API version may differ on a resend."""
        content = json.dumps([self.type, self.created, self.data.object], sort_keys=True)
        return hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()

    def stripe_object(self) -> StripeObject:
        """Raises BadRequest."""
        try:
            return StripeObject.model_validate(self.data.object)
        except ValidationError as error:
            raise BadRequest(f"This is no {self.type}; fields that are wrong: {error.error_count()}.") from None

    def captured_payment(self, stripe_object: StripeObject) -> CapturedPayment | None:
        """The money that the event reports as received; None for other events."""
        is_capture = self.type in ("checkout.session.completed", "checkout.session.async_payment_succeeded")
        if not is_capture or stripe_object.payment_status != "paid" or stripe_object.payment_intent is None:
            return None
        return CapturedPayment(
            stripe_object.payment_intent, *from_stripe_amount(stripe_object.amount_total, stripe_object.currency)
        )


def verify(request: RawRequest) -> WebhookEvent:
    """The event of a request that the provider signed within the tolerance. Raises InvalidSignature or BadRequest."""
    header = request.headers.get("stripe-signature", "")
    if not header.isascii():  # the verifier's comparison takes ASCII only
        raise InvalidSignature
    if not any(_is_signed_with(request.body, header, secret) for secret in _signing_secrets()):
        raise InvalidSignature
    # The verifier's own tolerance accepts any future time.
    if abs(_signature_timestamp(header) - clock.now().timestamp()) > TOLERANCE_SECONDS:
        raise InvalidSignature("The signature is not of this moment.")
    return WebhookEvent.parse(request.body)


def _signing_secrets() -> list[str]:
    # During a rotation the provider may sign with either secret.
    secret = json.loads(env.secret("provider"))
    # A sandbox stage has one secret for API key and signatures.
    return [secret.get("webhook_secret", secret["api_key"]), *filter(None, [secret.get("previous_webhook_secret")])]


def _is_signed_with(content: bytes, header: str, secret: str) -> bool:
    try:
        return bool(WebhookSignature.verify_header(content, header, secret))
    except (SignatureVerificationError, UnicodeDecodeError):
        return False


def _signature_timestamp(header: str) -> int:
    # The same `t` that the verifier has used, parsed in the same way.
    parts = (part.split("=", 2) for part in header.split(","))
    return next(int(part[1]) for part in parts if part[0] == "t")


def handle_event(event: WebhookEvent) -> None:
    """Apply one event, once. Irrelevant events and those of unknown payments are ignored.

    Raises EventIdReused, or ProviderUnavailable if the provider should send it again.
    """
    stripe_object = event.stripe_object() if event.is_relevant else None
    payment = repository.find(stripe_object.payment_id) if stripe_object and stripe_object.payment_id else None
    if stripe_object is None or payment is None:
        log.count("ProviderEventsIgnored")
        log.logger.info("provider event ignored", extra={"provider_event": event.id, "provider_type": event.type})
        return
    _apply_once(event, stripe_object, payment)
    captured = event.captured_payment(stripe_object)
    try:
        if captured:
            refunds.refund_unapplied(payment.id, captured)
    except ProviderUnreachable as error:
        raise ProviderUnavailable from error


def _apply_once(event: WebhookEvent, stripe_object: StripeObject, payment: Payment) -> None:
    for _ in range(_MAX_ATTEMPTS):
        update = _payment_update(event, stripe_object, payment)
        try:
            store.transact([_event_record(event, payment), *([update] if update else [])])
        except ConditionFailed as failure:
            if 0 in failure.failed_indexes:
                return _require_same_content(event, failure.old_items[0] or {})
            payment = repository.find(payment.id) or payment  # changed meanwhile: build the update again
            continue
        return _count_outcome(event, stripe_object, payment, update)
    raise ProviderUnavailable


def _payment_update(event: WebhookEvent, stripe_object: StripeObject, payment: Payment) -> Update | None:
    captured = event.captured_payment(stripe_object)
    if captured:
        return settlement.capture_update(payment, captured)
    if event.type in _DECLINED_EVENTS:
        return checkout.mark_declined(payment)
    if (
        event.type == "checkout.session.expired"
        and payment.checkout
        and payment.checkout.session_id == stripe_object.id
    ):
        return checkout.mark_checkout_ended(payment)
    return _refund_update(stripe_object, payment)


def _refund_update(stripe_object: StripeObject, payment: Payment) -> Update | None:
    refund = _find_refund(stripe_object, payment)
    if stripe_object.is_failed_refund:
        return refunds.fail_refund(payment, refund)
    return refunds.settle_refund(payment, refund) if stripe_object.status == "succeeded" else None


def _find_refund(stripe_object: StripeObject, payment: Payment) -> Refund | None:
    return next((refund for refund in payment.refunds if payment.refund_key(refund) == stripe_object.refund_key), None)


def _event_record(event: WebhookEvent, payment: Payment) -> Put:
    item: Item = {"pk": f"event#{event.id}", "sk": "event", "payment_id": payment.id, "digest": event.digest}
    item["expires_at"] = int((clock.now() + _EVENT_RETENTION).timestamp())
    return Put(repository.TABLE, item, condition="attribute_not_exists(#pk)")


def _require_same_content(event: WebhookEvent, stored: Item) -> None:
    if stored.get("digest") != event.digest:
        log.count("ProviderEventsForged")
        raise EventIdReused
    log.logger.info("provider event already applied", extra={"provider_event": event.id})


def _count_outcome(event: WebhookEvent, stripe_object: StripeObject, before: Payment, update: Update | None) -> None:
    captured = event.captured_payment(stripe_object)
    if update and captured:
        settlement.count_capture(before, captured)
    elif stripe_object.is_failed_refund and (update or refunds.is_unapplied_refund_key(str(stripe_object.refund_key))):
        refunds.report_failure(before, str(stripe_object.refund_key))
    elif update and stripe_object.refund_key:
        log.count("PaymentsRefunded")
    elif update and event.type in _DECLINED_EVENTS:
        log.count("PaymentsDeclined")
