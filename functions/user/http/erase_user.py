"""DELETE /v1/users/{user_id}: forget a person."""

from common.api import Caller, NoContent, endpoint
from user.core import service
from user.core.errors import AdminCannotBeErased, HasOpenEvents, UserNotFound


@endpoint(errors=[UserNotFound, AdminCannotBeErased, HasOpenEvents])
def handler(user_id: str, caller: Caller) -> NoContent:
    """Erase the account and everything personal, in every service, for good; harmless to repeat.

    Sessions end at once. Bookings, payments and tickets stay, without a name; what is valid stays valid.
    Whoever organises an event that is published and not over stays until it is over or cancelled.
    """
    service.erase(user_id, caller)
    return NoContent()
