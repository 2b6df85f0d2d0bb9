"""UserErased: tickets admit whoever carries them, and name nobody."""

from common.bus.user import UserErased
from common.consumer import consumer
from common.erasing import twice
from ticket.core import erasing


@consumer
def handler(erased: UserErased) -> None:
    twice(erased, erasing.forget)
