"""auth.authorize: it lets in who holds a token of ours, of this moment and of a live session; nobody else."""

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

from auth.core import access, keys, session_repository
from auth.core.model import Account
from common import clock, env
from tests.component.test_auth_register import ANNA
from tests.support.system import System, row

pytestmark = pytest.mark.moto

NO = {"isAuthorized": False}
Json = dict[str, Any]


def b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Forger:
    """Knows a good token and can have any other signed with the real keys."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.user_id = system.http("POST /v1/register", ANNA).json["id"]
        tokens = system.http("POST /v1/login", {"username": "anna", "password": ANNA["password"]}).json
        self.token: str = tokens["access_token"]
        self.refresh: str = tokens["refresh_token"]
        header, claims, _ = self.token.split(".")
        self.header, self.claims = json.loads(unb64(header)), json.loads(unb64(claims))
        self.kids = system.keys["KEYS_TOKEN"].split(",")

    def signed(self, header: Json, claims: Any, kid: str | None = None) -> str:
        text = f"{b64(json.dumps(header).encode())}.{b64(json.dumps(claims).encode())}"
        return f"{text}.{b64(kms_signature(kid or self.kids[0], text))}"

    def changed(self, **claims: Any) -> str:
        return self.signed(self.header, self.claims | claims)

    def without(self, claim: str) -> str:
        return self.signed(self.header, {name: value for name, value in self.claims.items() if name != claim})

    def headed(self, **header: Any) -> str:
        return self.signed(self.header | header, self.claims)

    def hmac_signed(self, alg: str) -> str:
        """The confusion of RFC 8725, 2.1: the public key taken as an HMAC secret."""
        der = boto3.client("kms").get_public_key(KeyId=self.kids[0])["PublicKey"]
        pem = load_der_public_key(der).public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        text = f"{b64(json.dumps(self.header | {'alg': alg}).encode())}.{b64(json.dumps(self.claims).encode())}"
        return f"{text}.{b64(hmac.new(pem, text.encode(), hashlib.sha256).digest())}"

    def foreign(self) -> str:
        made = boto3.client("kms").create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
        return self.signed(self.header | {"kid": made}, self.claims, made)

    def ask(self, token: str | None, scheme: str = "Bearer ") -> Json:
        headers = {} if token is None else {"authorization": scheme + token}
        event = {
            "version": "2.0",
            "routeKey": "GET /v1/bookings",
            "headers": headers,
            "requestContext": {"requestId": "r"},
        }
        answer: Json = self.system.invoke("auth.authorize", event)
        return answer


def kms_signature(kid: str, text: str) -> bytes:
    made = boto3.client("kms").sign(
        KeyId=kid, MessageType="RAW", SigningAlgorithm="ECDSA_SHA_256", Message=text.encode()
    )
    return der_to_raw_signature(made["Signature"], SECP256R1())


@pytest.fixture
def forger(system: System) -> Forger:
    return Forger(system)


def test_a_token_of_a_live_session_is_let_in_as_its_user(forger: Forger) -> None:
    answer = forger.ask(forger.token)

    context = {"user_id": forger.user_id, "session_id": forger.claims["sid"], "roles": ""} | {"email_verified": ""}
    assert answer == {"isAuthorized": True, "context": context}


def test_an_access_token_says_what_rfc_9068_asks_for(forger: Forger) -> None:
    assert forger.header == {"alg": "ES256", "kid": forger.kids[0], "typ": "at+jwt"}
    assert forger.claims.keys() == {"iss", "aud", "sub", "sid", "jti", "roles", "ver", "email_verified", "iat", "exp"}
    assert forger.claims["iss"] == forger.claims["aud"] == "https://tickets.test"
    assert (forger.claims["sub"], forger.claims["exp"] - forger.claims["iat"]) == (forger.user_id, 900)


def test_what_the_forger_signs_is_let_in_where_nothing_is_changed(forger: Forger) -> None:
    """The control of all refusals below: it is the change that is refused, not the forger's hand."""
    assert forger.ask(forger.signed(forger.header, forger.claims))["isAuthorized"]


def test_a_token_of_the_other_key_is_let_in_while_keys_change(forger: Forger) -> None:
    token = forger.signed(forger.header | {"kid": forger.kids[1]}, forger.claims, forger.kids[1])

    assert forger.ask(token)["isAuthorized"]


def test_roles_are_told_with_spaces_between(forger: Forger) -> None:
    assert forger.ask(forger.changed(roles=["admin", "organiser"]))["context"]["roles"] == "admin organiser"


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
    "header is a list": lambda f: f.signed([], f.claims),
    "claims are a list": lambda f: f.signed(f.header, [1]),
    "a refresh token": lambda f: f.refresh,
    "signature gone": lambda f: f.token.rpartition(".")[0] + ".",
    "signature zero": lambda f: f.token.rpartition(".")[0] + "." + b64(bytes(64)),
    "signature cut": lambda f: f.token[:-8],
    "signature changed": lambda f: f.token[:-10] + ("A" if f.token[-10] != "A" else "B") + f.token[-9:],
    "claims changed": lambda f: swap(f.token, 1, b64(json.dumps(f.claims | {"roles": ["admin"]}).encode())),
    "header changed": lambda f: swap(f.token, 0, b64(json.dumps(f.header | {"x": 1}).encode())),
    "other key signed": lambda f: f.signed(f.header, f.claims, f.kids[1]),
    "alg none": lambda f: swap(f.headed(alg="none"), 2, ""),
    "alg None": lambda f: swap(f.headed(alg="None"), 2, ""),
    "alg nOnE": lambda f: swap(f.headed(alg="nOnE"), 2, ""),
    "alg none, signed": lambda f: f.headed(alg="none"),
    "alg HS256 over the public key": lambda f: f.hmac_signed("HS256"),
    "alg ES256 over the public key": lambda f: f.hmac_signed("ES256"),
    "alg RS256": lambda f: f.headed(alg="RS256"),
    "alg ES384": lambda f: f.headed(alg="ES384"),
    "alg null": lambda f: f.headed(alg=None),
    "typ JWT": lambda f: f.headed(typ="JWT"),
    "typ AT+JWT": lambda f: f.headed(typ="application/at+jwt"),
    "typ missing": lambda f: f.signed({"alg": "ES256", "kid": f.kids[0]}, f.claims),
    "kid missing": lambda f: f.signed({"alg": "ES256", "typ": "at+jwt"}, f.claims),
    "kid a path": lambda f: f.headed(kid="../../dev/null"),
    "kid SQL": lambda f: f.headed(kid="' or 1=1 --"),
    "kid a URL": lambda f: f.headed(kid="https://evil.example/key"),
    "kid a list": lambda f: f.headed(kid=[f.kids[0]]),
    "kid blank": lambda f: f.headed(kid=""),
    "kid foreign": Forger.foreign,
    "jku": lambda f: f.headed(jku="https://evil.example/jwks"),
    "x5u": lambda f: f.headed(x5u="https://evil.example/cert"),
    "jwk": lambda f: f.headed(jwk={"kty": "EC"}),
    "crit": lambda f: f.headed(crit=["exp"]),
    "b64": lambda f: f.headed(b64=False, crit=["b64"]),
    "issuer other": lambda f: f.changed(iss="https://evil.example"),
    "audience other": lambda f: f.changed(aud="https://evil.example"),
    "audience a list": lambda f: f.changed(aud=[f.claims["aud"], "https://evil.example"]),
    "subject other": lambda f: f.changed(sub="00000000-0000-4000-8000-000000000000"),
    "subject a number": lambda f: f.changed(sub=1),
    "session other": lambda f: f.changed(sid="00000000-0000-4000-8000-000000000000"),
    "session not text": lambda f: f.changed(sid={"S": "x"}),
    "session blank": lambda f: f.changed(sid="", sub=""),
    "roles text": lambda f: f.changed(roles="admin"),
    "roles numbers": lambda f: f.changed(roles=[1]),
    "version text": lambda f: f.changed(ver="1"),
    "version true": lambda f: f.changed(ver=True),
    "expiry text": lambda f: f.changed(exp="9999999999"),
    "expiry true": lambda f: f.changed(exp=True),
    "expiry a fraction": lambda f: f.changed(exp=f.claims["exp"] + 0.5),
    "issued in the future": lambda f: f.changed(iat=f.claims["iat"] + 300),
    "not before the future": lambda f: f.changed(nbf=f.claims["iat"] + 300),
    "expired": lambda f: f.changed(iat=f.claims["iat"] - 1000, exp=f.claims["iat"] - 100),
    "claim invented": lambda f: f.changed(is_admin=True),
} | {
    f"no {claim}": lambda f, claim=claim: f.without(claim)
    for claim in ("iss", "aud", "sub", "sid", "jti", "roles", "ver", "iat", "exp")
}


def swap(token: str, at: int, part: str) -> str:
    parts = token.split(".")
    parts[at] = part
    return ".".join(parts)


def told(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str, bool]]:
    return [(line.levelname, line.getMessage(), vars(line)["authorized"]) for line in caplog.records]


def test_no_forgery_is_let_in(forger: Forger, caplog: pytest.LogCaptureFixture) -> None:
    for name, forgery in FORGERIES.items():
        token = forgery(forger)
        caplog.clear()

        assert forger.ask(token) == NO, name

        assert told(caplog) == [("INFO", "handled", False)], name
        assert not token or token not in str([vars(line) for line in caplog.records]), name


@pytest.mark.parametrize("scheme", ["", "Basic ", "Token ", "Bearer", "Bearer  ", " Bearer "])
def test_another_scheme_is_not_let_in(forger: Forger, scheme: str) -> None:
    assert forger.ask(forger.token, scheme) == NO


@pytest.mark.parametrize(
    "event", [{}, {"headers": None}, {"headers": {"authorization": None}}, {"headers": {"authorization": 1}}]
)
def test_an_event_without_sense_is_not_let_in(forger: Forger, event: Json) -> None:
    assert forger.system.invoke("auth.authorize", event) == NO


@pytest.mark.parametrize(("after", "let_in"), [(-31, False), (-29, True), (929, True), (931, False)])
def test_a_token_lives_fifteen_minutes_and_half_a_minute_for_clocks_that_differ(
    forger: Forger, after: int, let_in: bool
) -> None:
    moment = datetime.fromtimestamp(forger.claims["iat"] + after, UTC)
    clock.use(lambda: moment)
    try:
        assert forger.ask(forger.token)["isAuthorized"] is let_in
    finally:
        clock.use()


def test_a_token_dies_with_its_session(forger: Forger) -> None:
    with forger.system.acting(row("auth.logout")):
        session_repository.revoke(forger.user_id, forger.claims["sid"], clock.now())

    assert forger.ask(forger.token) == NO


def fault(code: str) -> tuple[Any, Json]:
    return SimpleNamespace(status_code=400, headers={}, raw=None), {"Error": {"Code": code, "Message": "no"}}


FAULTS = [
    ("dynamodb.GetItem", "ThrottlingException", ("WARNING", "busy")),
    ("dynamodb.GetItem", "ResourceNotFoundException", ("ERROR", "unexpected")),
    ("kms.GetPublicKey", "KMSInternalException", ("ERROR", "unexpected")),
    ("kms.GetPublicKey", "DisabledException", ("ERROR", "unexpected")),
]


@pytest.mark.parametrize(("call", "code", "line"), FAULTS)
def test_a_token_that_cannot_be_checked_is_not_refused_but_the_fault_raised(
    forger: Forger, caplog: pytest.LogCaptureFixture, call: str, code: str, line: tuple[str, str]
) -> None:
    """The gateway keeps a refusal for a minute, and the client takes it as the end of the session."""
    service = call.split(".", maxsplit=1)[0]
    env.client(service).meta.events.register(f"before-call.{call}", lambda **_: fault(code))
    keys.public.cache_clear()
    caplog.clear()

    with pytest.raises(ClientError, match=code):
        forger.ask(forger.token)

    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [line]
    assert forger.token not in str([vars(record) for record in caplog.records])


def test_once_the_fault_is_over_the_same_token_is_let_in(forger: Forger) -> None:
    keys.public.cache_clear()
    down = [True]
    kms = env.client("kms")
    kms.meta.events.register("before-call.kms", lambda **_: fault("KMSInternalException") if down else None)

    with pytest.raises(ClientError):
        forger.ask(forger.token)
    down.clear()

    assert forger.ask(forger.token)["isAuthorized"]


def test_a_public_key_is_asked_for_once(forger: Forger) -> None:
    asked: list[str] = []
    env.client("kms").meta.events.register("before-call.kms.GetPublicKey", lambda **_: asked.append("again"))

    for _ in range(3):
        forger.ask(forger.token)

    assert len(asked) == 1


def test_the_key_set_verifies_what_login_signs(forger: Forger) -> None:
    reply = forger.system.http("GET /v1/jwks")

    assert reply.status == 200
    assert reply.headers["cache-control"] == "public, max-age=300"
    assert [key["kid"] for key in reply.json["keys"]] == forger.kids
    assert all(
        (key["kty"], key["crv"], key["alg"], key["use"]) == ("EC", "P-256", "ES256", "sig")
        for key in reply.json["keys"]
    )
    assert not any("d" in key for key in reply.json["keys"])
    key = jwt.PyJWK(reply.json["keys"][0])
    assert jwt.decode(forger.token, key, audience="https://tickets.test")["sub"] == forger.user_id


def test_the_longest_token_that_is_issued_is_read(forger: Forger) -> None:
    """So that the limit on a token's length never shuts out our own."""
    with forger.system.acting(row("auth.login")):
        account = Account(forger.user_id, "", "", "", ("admin", "organiser"), version=10**9)
        longest = access.issue(account, forger.claims["sid"], clock.now())

    assert len(longest) < 1024
    assert forger.ask(longest)["isAuthorized"]
