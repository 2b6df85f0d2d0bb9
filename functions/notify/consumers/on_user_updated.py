"""UserUpdated: update the names of the contact."""

from common.bus.user import UserUpdated
from common.consumer import consumer
from notify.core import contacts


@consumer
def handler(user: UserUpdated) -> None:
    contacts.update_names(user)
