"""HTTP requests of one registered user, for tests of users."""

from datetime import UTC, datetime

from common.bus.auth import UserRegistered
from tests.support.system.system import HttpResponse, Person, System

ADMIN, ANNA = Person("admin"), Person(user_id="00000000-0000-4000-8000-00000000000a")
USER_PATH = f"/v1/users/{ANNA.user_id}"
USER_REGISTERED = UserRegistered(
    bus_event_id="00000000-0000-4000-8000-000000000001",
    occurred_at=datetime(2026, 5, 1, 12, tzinfo=UTC),
    correlation_id="c",
    causation_id="c",
    user_id=ANNA.user_id,
    email="anna@example.com",
    user_name="anna",
    first_name="Anna",
    last_name="Ott",
    mobile_phone="+491701234567",
)
GERMAN_USER_REGISTERED = USER_REGISTERED.model_copy(update={"locale": "de"})
PROFILE = {
    "user_name": "Anna O.",
    "first_name": "Anna Maria",
    "last_name": "Ott",
    "birth_day": "1990-02-28",
    "mobile_phone": "+491701234568",
}


def put_user(
    system: System, body: object, by: Person = ANNA, path: str = USER_PATH, if_match: str = "*"
) -> HttpResponse:
    return system.http(f"PUT {path}", body, by=by, headers={"if-match": if_match})


def erase_user(system: System, by: Person = ANNA) -> HttpResponse:
    return system.http(f"DELETE {USER_PATH}", by=by)


class EmptyPayload:
    """The payload of an invocation that returned an empty object."""

    def read(self) -> bytes:
        return b"{}"
