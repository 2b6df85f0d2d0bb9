"""GET /v1/payments: the caller's payments, the newest first."""

from common.api import Caller, PageParams, PageResponse, endpoint
from common.pagination.tokens import InvalidPageToken
from payment.core import repository
from payment.core.schemas import PaymentView


@endpoint(errors=[InvalidPageToken])
def handler(caller: Caller, paging: PageParams) -> PageResponse[PaymentView]:
    """One page of them; either token goes on from where its page ended."""
    page = repository.BY_USER.page(caller.user_id, limit=paging.limit, token=paging.token)
    return PageResponse[PaymentView].from_page(page, PaymentView.from_item)
