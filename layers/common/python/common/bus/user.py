"""What user tells the others."""

from common.bus.base import BusEvent, Locale


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


class SettingsChanged(BusEvent):
    """How the user wants to be addressed and told is now this; of two, the higher `version` is the newer."""

    source = "ticketing.user"
    entity = "user"
    user_id: str
    locale: Locale
    zone: str  # IANA
    channels: tuple[str, ...]  # what is not named here is not used, for anything that need not be told
    version: int


class UserErased(BusEvent):
    """Everything personal about the user is to be forgotten, by everybody who holds any of it."""

    source = "ticketing.user"
    entity = "user"
    user_id: str
