"""UserRegistered: create the profile and the settings."""

from common.bus.auth import UserRegistered
from common.consumer import consumer
from user.core import repository


@consumer
def handler(event: UserRegistered) -> None:
    """Create both unless they exist."""
    repository.create(event)
