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


class LetterDue(BusEvent):
    """Auth owes somebody a mail; what it says, auth alone knows: no code of a mail rides the bus."""

    source = "ticketing.auth"
    entity = "letter"
    letter_id: str


class RolesChanged(AuthEvent):
    """The user's roles are now these."""

    entity = "user"
    roles: tuple[str, ...]
