"""GET /v1/jwks: the public keys of access tokens."""

from auth.core import keys
from auth.core.schemas import KeySetView
from common.api import Ok, endpoint


@endpoint()
def handler() -> Ok[KeySetView]:
    """All keys that verify, as RFC 7517 has them."""
    return Ok(KeySetView(keys=keys.key_set()), {"cache-control": "public, max-age=300"})
