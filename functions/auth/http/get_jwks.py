"""GET /v1/jwks: the public keys of access tokens."""

from auth.core import keys
from auth.core.schemas import JwksView
from common.api import Ok, endpoint


@endpoint()
def handler() -> Ok[JwksView]:
    """All keys that verify, as RFC 7517 has them."""
    return Ok(JwksView(keys=keys.jwks()), {"cache-control": "public, max-age=300"})
