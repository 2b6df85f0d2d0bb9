"""POST /v1/payments/webhook: the payment provider says what has become of a checkout or a refund."""

from common.api import RawRequest, endpoint
from payment.core import webhook
from payment.core.errors import WEBHOOK_ERRORS
from payment.core.schemas import WebhookAcknowledgement


@endpoint(errors=WEBHOOK_ERRORS)
def handler(request: RawRequest) -> WebhookAcknowledgement:
    """Verify the signature over the bytes that came, then act upon the event once."""
    webhook.handle_event(webhook.verify(request))
    return WebhookAcknowledgement()
