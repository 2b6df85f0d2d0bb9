"""UserErased: blank the reasons of the user's refunds; payments stay on record."""

from common.bus.user import UserErased
from common.consumer import consumer
from common.erasure import erase_now_and_after_grace
from payment.core import erasure


@consumer
def handler(event: UserErased) -> None:
    erase_now_and_after_grace(event, erasure.erase_user_data)
