"""UserRegistered: store the user's contact."""

from common.bus.auth import UserRegistered
from common.consumer import consumer
from notify.core import contacts


@consumer
def handler(user: UserRegistered) -> None:
    contacts.create(user)
