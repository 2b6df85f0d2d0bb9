"""The signing keys: private in KMS, public to everybody. The first configured one signs."""

from functools import cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key
from jwt.algorithms import ECAlgorithm

from common import env


def configured() -> list[str]:
    """The KMS ids of all keys that verify."""
    return env.setting("KEYS_TOKEN").split(",")


@cache
def public(kid: str) -> EllipticCurvePublicKey:
    """The public half of a configured key, asked for once per process."""
    key = load_der_public_key(env.client("kms").get_public_key(KeyId=kid)["PublicKey"])
    if not isinstance(key, EllipticCurvePublicKey):
        raise TypeError(f"key {kid} is not of an elliptic curve")
    return key


def key_set() -> tuple[dict[str, Any], ...]:
    """All public keys as JSON Web Keys."""
    return tuple(
        ECAlgorithm.to_jwk(public(kid), as_dict=True) | {"kid": kid, "alg": "ES256", "use": "sig"}
        for kid in configured()
    )
