"""UserErased: what the organiser never published goes, published events stay."""

from common.bus.user import UserErased
from common.consumer import consumer
from common.erasing import twice
from events.core import erasing


@consumer
def handler(erased: UserErased) -> None:
    twice(erased, erasing.forget)
