"""Access tokens: JWTs (RFC 9068) that KMS signs, and the strict reading of them."""

import json
from datetime import datetime, timedelta
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1
from jwt.utils import base64url_encode, der_to_raw_signature
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from auth.core import keys
from auth.core.model import ACCESS_SECONDS, Account
from common import env, ids
from common.problems import Unauthenticated

_TYPE = "at+jwt"
_HEADER = {"alg", "kid", "typ"}  # no jwk, jku, x5u or crit: keys come from the configuration alone
_LONGEST = 4096  # characters
_LEEWAY = timedelta(seconds=30)  # clocks differ
# PyJWT looks at the system's clock; times are checked here, by ours.
_UNTIMED: Any = {"verify_exp": False, "verify_iat": False, "verify_nbf": False}


class Claims(BaseModel):
    """What an access token says, nothing more. `ver` is the version of the account that it speaks of."""

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


class NotBelieved(Unauthenticated):
    """The access token is not valid."""


def issue(account: Account, session_id: str, now: datetime) -> str:
    """A signed token for this session, for fifteen minutes."""
    issuer, issued = env.setting("TOKEN_ISSUER"), int(now.timestamp())
    who: dict[str, Any] = {"iss": issuer, "aud": issuer, "sub": account.id, "sid": session_id, "jti": ids.new()}
    who |= {"roles": account.roles, "ver": account.version, "email_verified": account.email_verified}
    kid = keys.configured()[0]
    header = _part({"alg": "ES256", "kid": kid, "typ": _TYPE})
    claims = _part(who | {"iat": issued, "exp": issued + ACCESS_SECONDS})
    return f"{header}.{claims}.{_signature(kid, f'{header}.{claims}')}"


def read(token: str, now: datetime) -> Claims:
    """The claims of a token that is ours and of this moment. Raises NotBelieved."""
    if len(token) > _LONGEST or not token.isascii():
        raise NotBelieved("too long, or not ASCII")
    try:
        key = keys.public(_kid(jwt.get_unverified_header(token)))
        issuer = env.setting("TOKEN_ISSUER")
        claims = Claims.model_validate(
            jwt.decode(token, key, algorithms=["ES256"], audience=issuer, issuer=issuer, options=_UNTIMED)
        )
    except (jwt.InvalidTokenError, ValidationError) as error:
        raise NotBelieved(type(error).__name__) from None
    if not claims.iat - _LEEWAY.seconds <= now.timestamp() < claims.exp + _LEEWAY.seconds:
        raise NotBelieved("not of this time")
    return claims


def _kid(header: dict[str, Any]) -> str:
    if header.keys() != _HEADER or header["typ"] != _TYPE or header["kid"] not in keys.configured():
        raise NotBelieved("not our header")
    return str(header["kid"])


def _part(content: dict[str, Any]) -> str:
    return base64url_encode(json.dumps(content, separators=(",", ":")).encode()).decode()


def _signature(kid: str, text: str) -> str:
    wanted = {"KeyId": kid, "MessageType": "RAW", "SigningAlgorithm": "ECDSA_SHA_256"}
    der = env.client("kms").sign(**wanted, Message=text.encode())["Signature"]
    # A JWS has r and s side by side (RFC 7518, 3.4).
    return base64url_encode(der_to_raw_signature(der, SECP256R1())).decode()
