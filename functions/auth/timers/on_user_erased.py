"""UserErased: erase the account, its identifiers and its sessions."""

from auth.core import erasure
from common.bus.user import UserErased
from common.consumer import consumer
from common.erasure import erase_now_and_after_grace


@consumer
def handler(event: UserErased) -> None:
    erase_now_and_after_grace(event, erasure.erase_user_data)
