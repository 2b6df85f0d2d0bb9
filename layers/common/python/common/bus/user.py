"""Bus events of user."""

from common.bus.base import BusEvent, Locale


class UserUpdated(BusEvent):
    """The profile changed. Carries personal data: never logged, never archived.

    `version` counts the profile's changes; the highest is the newest.
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
    """Language, time zone or notification channels of the user changed; the highest `version` is the newest."""

    source = "ticketing.user"
    entity = "user"
    user_id: str
    locale: Locale
    zone: str  # IANA
    channels: tuple[str, ...]  # optional notifications use only these channels
    version: int


class UserErased(BusEvent):
    """The user deleted the account: every service erases its personal data about them."""

    source = "ticketing.user"
    entity = "user"
    user_id: str
