"""Bus events of auth."""

from common.bus.base import BusEvent, Locale


class AuthEvent(BusEvent):
    source = "ticketing.auth"
    user_id: str


class UserRegistered(AuthEvent):
    """An account was created. Carries personal data: never logged, never archived."""

    entity = "user"
    email: str
    user_name: str
    first_name: str
    last_name: str
    mobile_phone: str
    locale: Locale = "en"


class EmailRequested(BusEvent):
    """An e-mail of auth is due. Verification codes are never published."""

    source = "ticketing.auth"
    entity = "email_request"
    email_request_id: str


class RolesChanged(AuthEvent):
    """The roles of the user changed; `roles` is the new set."""

    entity = "user"
    roles: tuple[str, ...]
