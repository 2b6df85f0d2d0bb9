"""What auth tells the others."""

from common.bus.base import BusEvent, Locale


class AuthEvent(BusEvent):
    source = "ticketing.auth"
    user_id: str


class UserRegistered(AuthEvent):
    """Somebody has an account. Carries personal data: never logged, never archived."""

    entity = "user"
    email: str
    user_name: str
    first_name: str
    last_name: str
    mobile_phone: str
    locale: Locale = "en"


class RolesChanged(AuthEvent):
    """The user's roles are now these."""

    entity = "user"
    roles: tuple[str, ...]
