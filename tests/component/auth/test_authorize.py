"""auth.authorize: accepts only our own unexpired tokens of active sessions."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import boto3
import jwt
import pytest
from botocore.exceptions import ClientError
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key
from jwt.utils import der_to_raw_signature

from auth.core import access_tokens, keys, session_repository
from auth.core.model import Account
from common import clock, env
from tests.support.drivers.auth_driver import ANNA
from tests.support.system.system import System, row

pytestmark = pytest.mark.moto

DENIED = {"isAuthorized": False}
Json = dict[str, Any]


def b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Forger:
    """Holds a valid token, and can sign any other with the real keys."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.user_id = system.http("POST /v1/register", ANNA).json["id"]
        tokens = system.http("POST /v1/login", {"username": "anna", "password": ANNA["password"]}).json
        self.token: str = tokens["access_token"]
        self.refresh: str = tokens["refresh_token"]
        header, claims, _ = self.token.split(".")
        self.header, self.claims = json.loads(unb64(header)), json.loads(unb64(claims))
        self.kids = system.keys["KEYS_TOKEN"].split(",")

    def sign(self, header: Json, claims: Any, kid: str | None = None) -> str:
        text = f"{b64(json.dumps(header).encode())}.{b64(json.dumps(claims).encode())}"
        return f"{text}.{b64(kms_signature(kid or self.kids[0], text))}"

    def with_claims(self, **claims: Any) -> str:
        return self.sign(self.header, self.claims | claims)

    def without_claim(self, claim: str) -> str:
        return self.sign(self.header, {name: value for name, value in self.claims.items() if name != claim})

    def with_header(self, **header: Any) -> str:
        return self.sign(self.header | header, self.claims)

    def sign_with_hmac(self, alg: str) -> str:
        """Algorithm confusion (RFC 8725, 2.1): the public key used as an HMAC secret."""
        der = boto3.client("kms").get_public_key(KeyId=self.kids[0])["PublicKey"]
        pem = load_der_public_key(der).public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        text = f"{b64(json.dumps(self.header | {'alg': alg}).encode())}.{b64(json.dumps(self.claims).encode())}"
        return f"{text}.{b64(hmac.new(pem, text.encode(), hashlib.sha256).digest())}"

    def sign_with_foreign_key(self) -> str:
        key_id = boto3.client("kms").create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
        return self.sign(self.header | {"kid": key_id}, self.claims, key_id)

    def authorize(self, token: str | None, scheme: str = "Bearer ") -> Json:
        headers = {} if token is None else {"authorization": scheme + token}
        event = {
            "version": "2.0",
            "routeKey": "GET /v1/bookings",
            "headers": headers,
            "requestContext": {"requestId": "r"},
        }
        response: Json = self.system.invoke("auth.authorize", event)
        return response


def kms_signature(kid: str, text: str) -> bytes:
    response = boto3.client("kms").sign(
        KeyId=kid, MessageType="RAW", SigningAlgorithm="ECDSA_SHA_256", Message=text.encode()
    )
    return der_to_raw_signature(response["Signature"], SECP256R1())


@pytest.fixture
def forger(system: System) -> Forger:
    return Forger(system)


def test_active_session_token_is_authorized(forger: Forger) -> None:
    response = forger.authorize(forger.token)

    context = {"user_id": forger.user_id, "session_id": forger.claims["sid"], "roles": ""} | {"email_verified": ""}
    assert response == {"isAuthorized": True, "context": context}


def test_access_token_has_rfc_9068_claims(forger: Forger) -> None:
    assert forger.header == {"alg": "ES256", "kid": forger.kids[0], "typ": "at+jwt"}
    assert forger.claims.keys() == {"iss", "aud", "sub", "sid", "jti", "roles", "ver", "email_verified", "iat", "exp"}
    assert forger.claims["iss"] == forger.claims["aud"] == "https://tickets.test"
    assert (forger.claims["sub"], forger.claims["exp"] - forger.claims["iat"]) == (forger.user_id, 900)


def test_unchanged_resigned_token_is_authorized(forger: Forger) -> None:
    """Control of the denials below: the change is rejected, not the forger's signing."""
    assert forger.authorize(forger.sign(forger.header, forger.claims))["isAuthorized"]


def test_second_key_is_accepted_during_rotation(forger: Forger) -> None:
    token = forger.sign(forger.header | {"kid": forger.kids[1]}, forger.claims, forger.kids[1])

    assert forger.authorize(token)["isAuthorized"]


def test_roles_are_space_separated_in_context(forger: Forger) -> None:
    assert forger.authorize(forger.with_claims(roles=["admin", "organiser"]))["context"]["roles"] == "admin organiser"


FORGERIES: dict[str, Callable[[Forger], str | None]] = {
    "no header": lambda f: None,
    "blank": lambda f: "",
    "garbage": lambda f: "garbage",
    "dots": lambda f: "..",
    "four parts": lambda f: f.token + ".x",
    "not ascii": lambda f: f.token + "\u00e9",
    "a lone surrogate": lambda f: f.token + "\ud800",
    "a null": lambda f: f.token + "\x00",
    "100 kB": lambda f: f.token + "x" * 100_000,
    "100 kB of dots": lambda f: "." * 100_000,
    "deep header": lambda f: f"{b64(b'[' * 2900)}.e30.x",
    "header is a list": lambda f: f.sign([], f.claims),
    "claims are a list": lambda f: f.sign(f.header, [1]),
    "a refresh token": lambda f: f.refresh,
    "signature gone": lambda f: f.token.rpartition(".")[0] + ".",
    "signature zero": lambda f: f.token.rpartition(".")[0] + "." + b64(bytes(64)),
    "signature cut": lambda f: f.token[:-8],
    "signature changed": lambda f: f.token[:-10] + ("A" if f.token[-10] != "A" else "B") + f.token[-9:],
    "claims changed": lambda f: replace_part(f.token, 1, b64(json.dumps(f.claims | {"roles": ["admin"]}).encode())),
    "header changed": lambda f: replace_part(f.token, 0, b64(json.dumps(f.header | {"x": 1}).encode())),
    "other key signed": lambda f: f.sign(f.header, f.claims, f.kids[1]),
    "alg none": lambda f: replace_part(f.with_header(alg="none"), 2, ""),
    "alg None": lambda f: replace_part(f.with_header(alg="None"), 2, ""),
    "alg nOnE": lambda f: replace_part(f.with_header(alg="nOnE"), 2, ""),
    "alg none, signed": lambda f: f.with_header(alg="none"),
    "alg HS256 over the public key": lambda f: f.sign_with_hmac("HS256"),
    "alg ES256 over the public key": lambda f: f.sign_with_hmac("ES256"),
    "alg RS256": lambda f: f.with_header(alg="RS256"),
    "alg ES384": lambda f: f.with_header(alg="ES384"),
    "alg null": lambda f: f.with_header(alg=None),
    "typ JWT": lambda f: f.with_header(typ="JWT"),
    "typ AT+JWT": lambda f: f.with_header(typ="application/at+jwt"),
    "typ missing": lambda f: f.sign({"alg": "ES256", "kid": f.kids[0]}, f.claims),
    "kid missing": lambda f: f.sign({"alg": "ES256", "typ": "at+jwt"}, f.claims),
    "kid a path": lambda f: f.with_header(kid="../../dev/null"),
    "kid SQL": lambda f: f.with_header(kid="' or 1=1 --"),
    "kid a URL": lambda f: f.with_header(kid="https://evil.example/key"),
    "kid a list": lambda f: f.with_header(kid=[f.kids[0]]),
    "kid blank": lambda f: f.with_header(kid=""),
    "kid foreign": Forger.sign_with_foreign_key,
    "jku": lambda f: f.with_header(jku="https://evil.example/jwks"),
    "x5u": lambda f: f.with_header(x5u="https://evil.example/cert"),
    "jwk": lambda f: f.with_header(jwk={"kty": "EC"}),
    "crit": lambda f: f.with_header(crit=["exp"]),
    "b64": lambda f: f.with_header(b64=False, crit=["b64"]),
    "issuer other": lambda f: f.with_claims(iss="https://evil.example"),
    "audience other": lambda f: f.with_claims(aud="https://evil.example"),
    "audience a list": lambda f: f.with_claims(aud=[f.claims["aud"], "https://evil.example"]),
    "subject other": lambda f: f.with_claims(sub="00000000-0000-4000-8000-000000000000"),
    "subject a number": lambda f: f.with_claims(sub=1),
    "session other": lambda f: f.with_claims(sid="00000000-0000-4000-8000-000000000000"),
    "session not text": lambda f: f.with_claims(sid={"S": "x"}),
    "session blank": lambda f: f.with_claims(sid="", sub=""),
    "roles text": lambda f: f.with_claims(roles="admin"),
    "roles numbers": lambda f: f.with_claims(roles=[1]),
    "version text": lambda f: f.with_claims(ver="1"),
    "version true": lambda f: f.with_claims(ver=True),
    "expiry text": lambda f: f.with_claims(exp="9999999999"),
    "expiry true": lambda f: f.with_claims(exp=True),
    "expiry a fraction": lambda f: f.with_claims(exp=f.claims["exp"] + 0.5),
    "issued in the future": lambda f: f.with_claims(iat=f.claims["iat"] + 300),
    "not before the future": lambda f: f.with_claims(nbf=f.claims["iat"] + 300),
    "expired": lambda f: f.with_claims(iat=f.claims["iat"] - 1000, exp=f.claims["iat"] - 100),
    "claim invented": lambda f: f.with_claims(is_admin=True),
} | {
    f"no {claim}": lambda f, claim=claim: f.without_claim(claim)
    for claim in ("iss", "aud", "sub", "sid", "jti", "roles", "ver", "iat", "exp")
}


def replace_part(token: str, index: int, part: str) -> str:
    parts = token.split(".")
    parts[index] = part
    return ".".join(parts)


def access_log(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str, bool]]:
    return [(record.levelname, record.getMessage(), vars(record)["authorized"]) for record in caplog.records]


def test_forged_token_is_denied(forger: Forger, caplog: pytest.LogCaptureFixture) -> None:
    for name, forgery in FORGERIES.items():
        token = forgery(forger)
        caplog.clear()

        assert forger.authorize(token) == DENIED, name

        assert access_log(caplog) == [("INFO", "handled", False)], name
        assert not token or token not in str([vars(record) for record in caplog.records]), name


@pytest.mark.parametrize("scheme", ["", "Basic ", "Token ", "Bearer", "Bearer  ", " Bearer "])
def test_non_bearer_scheme_is_denied(forger: Forger, scheme: str) -> None:
    assert forger.authorize(forger.token, scheme) == DENIED


@pytest.mark.parametrize(
    "event", [{}, {"headers": None}, {"headers": {"authorization": None}}, {"headers": {"authorization": 1}}]
)
def test_malformed_authorizer_event_is_denied(forger: Forger, event: Json) -> None:
    assert forger.system.invoke("auth.authorize", event) == DENIED


@pytest.mark.parametrize(("seconds", "authorized"), [(-31, False), (-29, True), (929, True), (931, False)])
def test_token_expires_after_fifteen_minutes_plus_leeway(forger: Forger, seconds: int, authorized: bool) -> None:
    moment = datetime.fromtimestamp(forger.claims["iat"] + seconds, UTC)
    clock.use(lambda: moment)
    try:
        assert forger.authorize(forger.token)["isAuthorized"] is authorized
    finally:
        clock.use()


def test_token_of_revoked_session_is_denied(forger: Forger) -> None:
    with forger.system.as_function(row("auth.logout")):
        session_repository.revoke(forger.user_id, forger.claims["sid"], clock.now())

    assert forger.authorize(forger.token) == DENIED


def fault_response(code: str) -> tuple[Any, Json]:
    return SimpleNamespace(status_code=400, headers={}, raw=None), {"Error": {"Code": code, "Message": "no"}}


FAULTS = [
    ("dynamodb.GetItem", "ThrottlingException", ("WARNING", "busy")),
    ("dynamodb.GetItem", "ResourceNotFoundException", ("ERROR", "unexpected")),
    ("kms.GetPublicKey", "KMSInternalException", ("ERROR", "unexpected")),
    ("kms.GetPublicKey", "DisabledException", ("ERROR", "unexpected")),
]


@pytest.mark.parametrize(("call", "code", "line"), FAULTS)
def test_verification_fault_is_raised_not_denied(
    forger: Forger, caplog: pytest.LogCaptureFixture, call: str, code: str, line: tuple[str, str]
) -> None:
    """The gateway caches a denial for a minute, and clients take it as the end of the session."""
    service = call.split(".", maxsplit=1)[0]
    env.client(service).meta.events.register(f"before-call.{call}", lambda **_: fault_response(code))
    keys.public_key.cache_clear()
    caplog.clear()

    with pytest.raises(ClientError, match=code):
        forger.authorize(forger.token)

    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [line]
    assert forger.token not in str([vars(record) for record in caplog.records])


def test_token_is_authorized_after_transient_fault(forger: Forger) -> None:
    keys.public_key.cache_clear()
    outage = [True]
    kms = env.client("kms")
    kms.meta.events.register("before-call.kms", lambda **_: fault_response("KMSInternalException") if outage else None)

    with pytest.raises(ClientError):
        forger.authorize(forger.token)
    outage.clear()

    assert forger.authorize(forger.token)["isAuthorized"]


def test_public_key_is_fetched_once(forger: Forger) -> None:
    requests: list[str] = []
    env.client("kms").meta.events.register("before-call.kms.GetPublicKey", lambda **_: requests.append("again"))

    for _ in range(3):
        forger.authorize(forger.token)

    assert len(requests) == 1


def test_jwks_verifies_access_tokens(forger: Forger) -> None:
    response = forger.system.http("GET /v1/jwks")

    assert response.status == 200
    assert response.headers["cache-control"] == "public, max-age=300"
    assert [key["kid"] for key in response.json["keys"]] == forger.kids
    assert all(
        (key["kty"], key["crv"], key["alg"], key["use"]) == ("EC", "P-256", "ES256", "sig")
        for key in response.json["keys"]
    )
    assert not any("d" in key for key in response.json["keys"])
    key = jwt.PyJWK(response.json["keys"][0])
    assert jwt.decode(forger.token, key, audience="https://tickets.test")["sub"] == forger.user_id


def test_longest_issued_token_is_accepted(forger: Forger) -> None:
    """The length limit must not reject our own tokens."""
    with forger.system.as_function(row("auth.login")):
        account = Account(forger.user_id, "", "", "", ("admin", "organiser"), version=10**9)
        longest = access_tokens.sign_token(account, forger.claims["sid"], clock.now())

    assert len(longest) < 1024
    assert forger.authorize(longest)["isAuthorized"]
