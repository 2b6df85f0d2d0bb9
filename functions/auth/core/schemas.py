"""Requests and responses of auth's routes and RPCs."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import Field, model_validator

from auth.core.fields import (
    Email,
    MobilePhone,
    Password,
    PasswordInput,
    PersonName,
    RedactedRepr,
    TokenInput,
    UserName,
)
from auth.core.model import ACCESS_TOKEN_SECONDS, Role
from common.api import Request, ResponseModel
from common.bus.base import Locale
from common.rpc.base import RpcRequest, RpcResponse


class RegisterRequest(RedactedRepr, Request):
    """A new account; `mobile_phone` is E.164 (`+491701234567`)."""

    email: Email
    user_name: UserName
    first_name: PersonName
    last_name: PersonName
    password: Password
    mobile_phone: MobilePhone
    locale: Locale = "en"


class AccountView(ResponseModel):
    id: str
    email: str
    user_name: str
    first_name: str
    last_name: str
    mobile_phone: str
    locale: Locale


class LoginRequest(RedactedRepr, Request):
    """Exactly one of `username` and `email`, and the password."""

    username: UserName | None = None
    email: Email | None = None
    password: PasswordInput

    @model_validator(mode="after")
    def _require_one_identifier(self) -> "LoginRequest":
        if (self.username is None) == (self.email is None):
            raise ValueError("give either username or email")
        return self


class RefreshTokenRequest(RedactedRepr, Request):
    """The refresh token that was given last."""

    refresh_token: TokenInput


class TokensView(RedactedRepr, ResponseModel):
    """`expires_in` is the access token's time in seconds; `email_verified` is what that token says."""

    access_token: str
    refresh_token: str
    email_verified: bool
    token_type: str = "Bearer"
    expires_in: int = ACCESS_TOKEN_SECONDS


class VerifyEmailRequest(RedactedRepr, Request):
    """The code of the mail."""

    token: TokenInput


class ForgotPasswordRequest(RedactedRepr, Request):
    """The address of whoever has forgotten the password."""

    email: Email


class ResetPasswordRequest(RedactedRepr, Request):
    """The code of the mail, and the password that shall be."""

    token: TokenInput
    password: Password


class ChangePasswordRequest(RedactedRepr, Request):
    """The password that is, and the one that shall be."""

    old: PasswordInput
    new: Password


class SessionView(ResponseModel):
    """A login on one device. `device` is what it seemed to be; `ended_at` is null while it goes on."""

    id: str
    device: str
    current: bool
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime
    ended_at: datetime | None

    @classmethod
    def from_item(cls, item: Mapping[str, Any], current_session_id: str) -> "SessionView":
        times = {"last_used_at": item["rotated_at"], "ended_at": item.get("revoked_at")}
        times["expires_at"] = datetime.fromtimestamp(item["expires_at"], UTC)
        details = {"current": item["id"] == current_session_id, "device": item.get("device", "unknown")}
        return cls.model_validate(dict(item) | times | details)


class RolesRequest(Request):
    """All roles that the user shall have."""

    roles: Annotated[list[Annotated[Role, Field(strict=False)]], Field(max_length=len(Role))]


class RolesView(ResponseModel):
    id: str
    roles: tuple[str, ...]


class JwksView(ResponseModel):
    """A JSON Web Key Set (RFC 7517)."""

    keys: tuple[dict[str, Any], ...]


class CreateAdmin(RedactedRepr, RpcRequest):
    """The account to create as the first admin."""

    email: Email
    user_name: UserName
    first_name: PersonName
    last_name: PersonName
    password: Password
    mobile_phone: MobilePhone


class CreatedAdmin(RpcResponse):
    """The first admin, created now or before."""

    id: str
