"""What user tells the others."""

from common.bus.base import BusEvent


class UserUpdated(BusEvent):
    """The profile has changed. Carries personal data: never logged, never archived.

    `version` counts the profile's changes: of two, the higher one is the newer.
    """

    source = "ticketing.user"
    entity = "user"
    user_id: str
    user_name: str
    first_name: str
    last_name: str
    mobile_phone: str
    version: int = 0
