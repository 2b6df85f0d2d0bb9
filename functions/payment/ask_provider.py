"""Asked by reconcile: what the provider knows of a payment, and nobody has told us."""

from common.call import answers
from common.calls.payment import Asked, AskProvider
from payment.core import asking


@answers
def handler(request: AskProvider) -> Asked:
    return asking.ask(request.payment_id)
