"""UserErased: redact the buyer's text; the bookings stay."""

from booking.core import erasure
from common.bus.user import UserErased
from common.consumer import consumer
from common.erasure import erase_now_and_after_grace


@consumer
def handler(erased: UserErased) -> None:
    erase_now_and_after_grace(erased, erasure.erase_user_data)
