"""UserErased: what was written about their refunds goes, the money stays on record."""

from common.bus.user import UserErased
from common.consumer import consumer
from common.erasing import twice
from payment.core import erasing


@consumer
def handler(erased: UserErased) -> None:
    twice(erased, erasing.forget)
