"""UserRegistered: from here on the user can be reached."""

from common.bus.auth import UserRegistered
from common.consumer import consumer
from notify.core import repository


@consumer
def handler(user: UserRegistered) -> None:
    repository.keep_contact(user)
