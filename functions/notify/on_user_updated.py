"""UserUpdated: the user is addressed by the new names."""

from common.bus.user import UserUpdated
from common.consumer import consumer
from notify.core import repository


@consumer
def handler(user: UserUpdated) -> None:
    repository.keep_names(user)
