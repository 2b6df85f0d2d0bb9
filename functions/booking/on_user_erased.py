"""UserErased: what the buyer wrote goes, the bookings stay."""

from booking.core import erasing
from common.bus.user import UserErased
from common.consumer import consumer
from common.erasing import twice


@consumer
def handler(erased: UserErased) -> None:
    twice(erased, erasing.forget)
