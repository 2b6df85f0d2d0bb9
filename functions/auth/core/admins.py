"""What the call that makes the first admin takes and answers."""

from auth.core.fields import Email, MobilePhone, Password, PersonName, Private, UserName
from common.call import CallAnswer, CallRequest


class AdminWanted(Private, CallRequest):
    """Whom to make the first admin."""

    email: Email
    user_name: UserName
    first_name: PersonName
    last_name: PersonName
    password: Password
    mobile_phone: MobilePhone


class Admin(CallAnswer):
    """Who was the first admin, now or before."""

    id: str
