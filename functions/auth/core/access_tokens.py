"""Access tokens: JWTs (RFC 9068) signed by KMS, and their strict verification."""

import json
from datetime import datetime, timedelta
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1
from jwt.utils import base64url_encode, der_to_raw_signature
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from auth.core import keys
from auth.core.model import ACCESS_TOKEN_SECONDS, Account
from common import env, ids
from common.problems import Unauthenticated

_TYPE = "at+jwt"
_HEADER_FIELDS = {"alg", "kid", "typ"}  # no jwk, jku, x5u or crit: keys come from the configuration only
_MAX_LENGTH = 4096  # characters
_LEEWAY = timedelta(seconds=30)  # for clock skew
# PyJWT reads the system clock; times are checked below, against `now`.
_NO_TIME_CHECKS: Any = {"verify_exp": False, "verify_iat": False, "verify_nbf": False}


class Claims(BaseModel):
    """All claims of an access token. `ver` is the version of the account at issue."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    iss: str
    aud: str
    sub: str = Field(min_length=1)
    sid: str = Field(min_length=1)
    jti: str
    roles: list[str]
    ver: int
    email_verified: bool = False
    iat: int
    exp: int


class InvalidAccessToken(Unauthenticated):
    """The access token is not valid."""


def sign_token(account: Account, session_id: str, now: datetime) -> str:
    """Return a signed token for the session, valid for `ACCESS_TOKEN_SECONDS`."""
    issuer, issued_at = env.setting("TOKEN_ISSUER"), int(now.timestamp())
    claims: dict[str, Any] = {"iss": issuer, "aud": issuer, "sub": account.id, "sid": session_id, "jti": ids.new()}
    claims |= {"roles": account.roles, "ver": account.version, "email_verified": account.email_verified}
    kid = keys.key_ids()[0]
    encoded_header = _encode_part({"alg": "ES256", "kid": kid, "typ": _TYPE})
    encoded_claims = _encode_part(claims | {"iat": issued_at, "exp": issued_at + ACCESS_TOKEN_SECONDS})
    return f"{encoded_header}.{encoded_claims}.{_sign(kid, f'{encoded_header}.{encoded_claims}')}"


def verify_token(token: str, now: datetime) -> Claims:
    """Return the claims of a token that we signed and that is valid at `now`. Raises InvalidAccessToken."""
    if len(token) > _MAX_LENGTH or not token.isascii():
        raise InvalidAccessToken("too long, or not ASCII")
    try:
        key = keys.public_key(_known_key_id(jwt.get_unverified_header(token)))
        issuer = env.setting("TOKEN_ISSUER")
        claims = Claims.model_validate(
            jwt.decode(token, key, algorithms=["ES256"], audience=issuer, issuer=issuer, options=_NO_TIME_CHECKS)
        )
    except (jwt.InvalidTokenError, ValidationError) as error:
        raise InvalidAccessToken(type(error).__name__) from None
    if not claims.iat - _LEEWAY.seconds <= now.timestamp() < claims.exp + _LEEWAY.seconds:
        raise InvalidAccessToken("expired or not yet valid")
    return claims


def _known_key_id(header: dict[str, Any]) -> str:
    if header.keys() != _HEADER_FIELDS or header["typ"] != _TYPE or header["kid"] not in keys.key_ids():
        raise InvalidAccessToken("unexpected header")
    return str(header["kid"])


def _encode_part(content: dict[str, Any]) -> str:
    return base64url_encode(json.dumps(content, separators=(",", ":")).encode()).decode()


def _sign(kid: str, text: str) -> str:
    options = {"KeyId": kid, "MessageType": "RAW", "SigningAlgorithm": "ECDSA_SHA_256"}
    der = env.client("kms").sign(**options, Message=text.encode())["Signature"]
    # A JWS concatenates r and s (RFC 7518, 3.4).
    return base64url_encode(der_to_raw_signature(der, SECP256R1())).decode()
