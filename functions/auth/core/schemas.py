"""What auth's calls take and answer."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import Field, model_validator

from auth.core.fields import (
    Email,
    GivenPassword,
    GivenToken,
    MobilePhone,
    Password,
    PersonName,
    Private,
    UserName,
)
from auth.core.model import ACCESS_SECONDS, Role
from common.api import Request, View
from common.bus.base import Locale


class RegisterRequest(Private, Request):
    """A new account; `mobile_phone` is E.164 (`+491701234567`)."""

    email: Email
    user_name: UserName
    first_name: PersonName
    last_name: PersonName
    password: Password
    mobile_phone: MobilePhone
    locale: Locale = "en"


class RegisteredView(View):
    id: str
    email: str
    user_name: str
    first_name: str
    last_name: str
    mobile_phone: str
    locale: Locale


class LoginRequest(Private, Request):
    """Exactly one of `username` and `email`, and the password."""

    username: UserName | None = None
    email: Email | None = None
    password: GivenPassword

    @model_validator(mode="after")
    def _one_name(self) -> "LoginRequest":
        if (self.username is None) == (self.email is None):
            raise ValueError("give either username or email")
        return self


class TokenRequest(Private, Request):
    """The refresh token that was given last."""

    refresh_token: GivenToken


class TokensView(Private, View):
    """`expires_in` is the access token's time in seconds; `email_verified` is what that token says."""

    access_token: str
    refresh_token: str
    email_verified: bool
    token_type: str = "Bearer"
    expires_in: int = ACCESS_SECONDS


class CodeRequest(Private, Request):
    """The code of the mail."""

    token: GivenToken


class ForgottenRequest(Private, Request):
    """The address of whoever has forgotten the password."""

    email: Email


class ResetRequest(Private, Request):
    """The code of the mail, and the password that shall be."""

    token: GivenToken
    password: Password


class PasswordRequest(Private, Request):
    """The password that is, and the one that shall be."""

    old: GivenPassword
    new: Password


class SessionView(View):
    """A login on one device. `device` is what it seemed to be; `ended_at` is null while it goes on."""

    id: str
    device: str
    current: bool
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime
    ended_at: datetime | None

    @classmethod
    def of(cls, item: Mapping[str, Any], current: str) -> "SessionView":
        times = {"last_used_at": item["rotated_at"], "ended_at": item.get("revoked_at")}
        times["expires_at"] = datetime.fromtimestamp(item["expires_at"], UTC)
        about = {"current": item["id"] == current, "device": item.get("device", "unknown")}
        return cls.model_validate(dict(item) | times | about)


class RolesRequest(Request):
    """All roles that the user shall have."""

    roles: Annotated[list[Annotated[Role, Field(strict=False)]], Field(max_length=len(Role))]


class RolesView(View):
    id: str
    roles: tuple[str, ...]


class KeySetView(View):
    """A JSON Web Key Set (RFC 7517)."""

    keys: tuple[dict[str, Any], ...]
