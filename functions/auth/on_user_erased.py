"""UserErased: the account, its names and its sessions are gone."""

from auth.core import erasing
from common.bus.user import UserErased
from common.consumer import consumer
from common.erasing import twice


@consumer
def handler(erased: UserErased) -> None:
    twice(erased, erasing.forget)
