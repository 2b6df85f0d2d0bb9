"""UserUpdated: the user is addressed by the new names."""

from common.bus.user import UserUpdated
from common.consumer import consumer
from notify.core import contacts


@consumer
def handler(user: UserUpdated) -> None:
    contacts.rename(user)
