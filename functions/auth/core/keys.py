"""Signing keys in KMS, and their public keys. The first configured key signs; all of them verify."""

from functools import cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key
from jwt.algorithms import ECAlgorithm

from common import env


def key_ids() -> list[str]:
    """Return the KMS ids of all configured keys, the signing key first."""
    return env.setting("KEYS_TOKEN").split(",")


@cache
def public_key(kid: str) -> EllipticCurvePublicKey:
    """Return the public key; fetched from KMS once per process."""
    key = load_der_public_key(env.client("kms").get_public_key(KeyId=kid)["PublicKey"])
    if not isinstance(key, EllipticCurvePublicKey):
        raise TypeError(f"key {kid} is not an elliptic-curve key")
    return key


def jwks() -> tuple[dict[str, Any], ...]:
    """Return all public keys as JSON Web Keys (RFC 7517)."""
    return tuple(
        ECAlgorithm.to_jwk(public_key(kid), as_dict=True) | {"kid": kid, "alg": "ES256", "use": "sig"}
        for kid in key_ids()
    )
