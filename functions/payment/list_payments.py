"""GET /v1/payments: the caller's payments, the newest first."""

from common.api import Caller, Limit, Token, endpoint
from common.cursor import BadToken
from payment.core import repository
from payment.core.schemas import PaymentPage


@endpoint(refuses=[BadToken])
def handler(
    caller: Caller, limit: Limit = 20, next_token: Token | None = None, previous_token: Token | None = None
) -> PaymentPage:
    """One page of them; either token goes on from where its page ended."""
    page = repository.list_of(caller.user_id, limit=limit, token=next_token or previous_token)
    return PaymentPage.of(page)
