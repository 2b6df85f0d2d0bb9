"""UserErased: delete the contact of the user."""

from common.bus.user import UserErased
from common.consumer import consumer
from common.erasure import erase_now_and_after_grace
from notify.core import erasure


@consumer
def handler(erased: UserErased) -> None:
    erase_now_and_after_grace(erased, erasure.erase_user_data)
