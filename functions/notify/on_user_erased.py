"""UserErased: there is nobody to tell any more."""

from common.bus.user import UserErased
from common.consumer import consumer
from common.erasing import twice
from notify.core import erasing


@consumer
def handler(erased: UserErased) -> None:
    twice(erased, erasing.forget)
