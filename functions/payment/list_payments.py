"""GET /v1/payments: the caller's payments, the newest first."""

from common.api import Caller, PageOf, Paging, endpoint
from common.cursor import BadToken
from payment.core import repository
from payment.core.schemas import PaymentView


@endpoint(refuses=[BadToken])
def handler(caller: Caller, paging: Paging) -> PageOf[PaymentView]:
    """One page of them; either token goes on from where its page ended."""
    page = repository.MINE.page(caller.user_id, limit=paging.limit, token=paging.token)
    return PageOf[PaymentView].of(page, PaymentView.shown)
