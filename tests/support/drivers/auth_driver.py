"""Accounts of the test system: registration, verification, login and passwords."""

from datetime import UTC, datetime, timedelta
from typing import Any

from common import clock
from infra.topology import AUTH
from tests.support.drivers.auth_mail_driver import AuthMailDriver
from tests.support.system.system import HttpResponse, Person, System

ANNA = {
    "email": "anna@example.com",
    "user_name": "anna",
    "first_name": "Anna",
    "last_name": "Ott",
    "password": "a rather long phrase",
    "mobile_phone": "+491701234567",
}
ADDRESS = ANNA["email"]
OLD_PASSWORD, NEW_PASSWORD = ANNA["password"], "another long phrase"


class AccountDriver:
    """Registers and verifies accounts; its clock only moves when advanced."""

    def __init__(self, system: System) -> None:
        self.system, self.mail_driver = system, AuthMailDriver(system)
        self.now = datetime(2026, 5, 1, 12, 10, tzinfo=UTC)
        clock.use(lambda: self.now)

    def advance(self, **delta: float) -> None:
        self.now += timedelta(**delta)

    def register(self, **fields: str) -> Person:
        person = Person(user_id=self.system.http("POST /v1/register", ANNA | fields).json["id"])
        person.email_verified = False
        return person

    def verify(self, code: str) -> HttpResponse:
        return self.system.http("POST /v1/email/verify", {"token": code})

    def login(self, **name: str) -> HttpResponse:
        return self.system.http("POST /v1/login", name | {"password": ANNA["password"]})

    def request_code(self, by: Person) -> HttpResponse:
        return self.system.http("POST /v1/email/verification", by=by)

    def profile(self, person: Person) -> dict[str, Any]:
        item: dict[str, Any] = next(
            one for one in self.system.scan(AUTH) if (one["pk"], one["sk"]) == (person.user_id, "profile")
        )
        return item

    def authorized_email_verified(self, tokens: Any) -> str:
        headers = {"authorization": f"Bearer {tokens['access_token']}"}
        context = self.system.invoke("auth.authorize", {"headers": headers})["context"]
        return str(context["email_verified"])


class PasswordDriver(AccountDriver):
    """Anna, with a verified address, logged in on two devices."""

    def __init__(self, system: System) -> None:
        super().__init__(system)
        self.anna = self.register()
        self.mail_driver.verify_address(ADDRESS)
        self.phone, self.laptop = self.log_in_device(), self.log_in_device()

    def log_in_device(self, password: str = OLD_PASSWORD) -> dict[str, str]:
        tokens: dict[str, str] = self.login_with_password(password).json
        return tokens

    def login_with_password(self, password: str) -> HttpResponse:
        return self.system.http("POST /v1/login", {"username": "anna", "password": password})

    def request_password_reset(self, email: str = ADDRESS) -> HttpResponse:
        return self.system.http("POST /v1/password/forgot", {"email": email})

    def reset_password(self, code: str, password: str = NEW_PASSWORD) -> HttpResponse:
        return self.system.http("POST /v1/password/reset", {"token": code, "password": password})

    def change_password(
        self, old: str = OLD_PASSWORD, new: str = NEW_PASSWORD, device: dict[str, str] | None = None
    ) -> HttpResponse:
        me = Person(user_id=self.anna.user_id)
        me.session_id = (device or self.phone)["refresh_token"].split(".")[1]
        return self.system.http("PUT /v1/password", {"old": old, "new": new}, by=me)

    def tokens_accepted(self, device: dict[str, str]) -> tuple[bool, bool]:
        """Return whether the device's access token and its refresh token are accepted."""
        headers = {"authorization": f"Bearer {device['access_token']}"}
        authorized = self.system.invoke("auth.authorize", {"headers": headers})["isAuthorized"]
        refreshed = self.system.http("POST /v1/token/refresh", {"refresh_token": device["refresh_token"]})
        return authorized, refreshed.status == 200
