"""Webhooks: events to the merchant, signed as Stripe signs them (https://docs.stripe.com/webhooks)."""

import hashlib
import hmac
import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from typing import Any

from common import clock, env, log

_MAX_ATTEMPTS = 3
_TIMEOUT_SECONDS = 8  # per attempt: three end within the function's own time-out

HttpPost = Callable[[str, bytes, Mapping[str, str]], int]


def send(kind: str, subject: Mapping[str, Any], created: int, *, nth: int = 0) -> bool:
    """Send the event under one id, with retries. Returns whether the merchant accepted it."""
    content = json.dumps(build_event(kind, subject, created, nth=nth)).encode()
    provider_secret = json.loads(env.secret("provider"))
    # A sandbox stage has one secret for API key and signatures.
    secret = provider_secret.get("webhook_secret", provider_secret["api_key"])
    address = f"{env.setting('PUBLIC_URL')}/v1/payments/webhook"
    for _ in range(_MAX_ATTEMPTS):
        headers = {"content-type": "application/json", "stripe-signature": signature(content, secret)}
        status = _sender[0](address, content, headers)
        if 200 <= status < 300:
            return True
        log.logger.warning("webhook rejected", extra={"status": status, "kind": kind})
    return False


def build_event(kind: str, subject: Mapping[str, Any], created: int, *, nth: int = 0) -> dict[str, Any]:
    """Stripe's event object; equal arguments give an equal id and content."""
    suffix = hashlib.sha256(f"{kind}\x1f{subject['id']}\x1f{nth}".encode()).hexdigest()[:24]
    return {
        "id": f"evt_{suffix}",
        "object": "event",
        "type": kind,
        "created": created,
        "livemode": False,
        "data": {"object": dict(subject)},
    }


def signature(content: bytes, secret: str) -> str:
    """The Stripe-Signature header: HMAC-SHA256 over the current time and the content."""
    timestamp = int(clock.now().timestamp())
    digest = hmac.new(secret.encode(), f"{timestamp}.".encode() + content, hashlib.sha256).hexdigest()
    return f"t={timestamp},v1={digest}"


def _post_with_urllib(address: str, content: bytes, headers: Mapping[str, str]) -> int:
    """The HTTP status of the merchant's response; 0 if there was none."""
    request = urllib.request.Request(address, content, dict(headers), method="POST")  # noqa: S310 - the stage's own
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS) as response:  # noqa: S310
            return int(response.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code
    except (OSError, http.client.HTTPException):
        return 0


_sender: list[HttpPost] = [_post_with_urllib]


def set_sender(sender: HttpPost | None = None) -> None:
    """Send with `sender`, or over the network if it is None."""
    _sender[0] = sender or _post_with_urllib
