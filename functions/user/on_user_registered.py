"""UserRegistered: somebody has an account, so they have a profile."""

from common.bus.auth import UserRegistered
from common.consumer import consumer
from user.core import repository


@consumer
def handler(registered: UserRegistered) -> None:
    """Keep the profile with which they registered, once."""
    repository.create(registered)
