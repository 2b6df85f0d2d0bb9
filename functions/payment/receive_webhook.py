"""POST /v1/payments/webhook: the payment provider says what has become of a checkout or a refund."""

from common.api import RawRequest, endpoint
from payment.core import intake, notice
from payment.core.errors import WEBHOOK_REFUSALS
from payment.core.schemas import Received


@endpoint(refuses=WEBHOOK_REFUSALS)
def handler(request: RawRequest) -> Received:
    """Verify the signature over the bytes that came, then act upon the event once."""
    intake.receive(notice.verified(request))
    return Received()
