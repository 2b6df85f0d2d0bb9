"""UserRegistered: from here on the user can be reached."""

from common.bus.auth import UserRegistered
from common.consumer import consumer
from notify.core import contacts


@consumer
def handler(user: UserRegistered) -> None:
    contacts.keep(user)
