"""What auth's calls take and answer."""

import unicodedata
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, Field, model_validator

from auth.core import names
from auth.core.model import ACCESS_SECONDS, Role
from common.api import Request, View
from common.bus.base import Locale
from common.call import CallAnswer, CallRequest


def _composed(text: str) -> str:
    # The same password typed on two keyboards may come composed or decomposed.
    return unicodedata.normalize("NFC", text)


Email = Annotated[
    str, Field(max_length=names.LONGEST_EMAIL, json_schema_extra={"format": "email"}), AfterValidator(names.email)
]
UserName = Annotated[str, Field(min_length=3, max_length=30), AfterValidator(names.user_name)]
PersonName = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(names.person_name)]
MobilePhone = Annotated[str, Field(pattern=r"^\+[1-9][0-9]{6,14}$")]  # E.164
Password = Annotated[str, AfterValidator(_composed), Field(min_length=15, max_length=256)]  # at most 1,024 bytes
GivenPassword = Annotated[str, AfterValidator(_composed), Field(min_length=1, max_length=256)]
GivenToken = Annotated[str, Field(min_length=1, max_length=512)]


class Private:
    """Where errors and debuggers show it, its fields are left out."""

    def __repr_args__(self) -> Sequence[tuple[str | None, Any]]:
        return ()


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
