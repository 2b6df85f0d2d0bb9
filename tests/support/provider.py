"""The payment provider of the tests: the real SDK against the real sandbox, in one process.

`connect(system)` uses the two documented places where a provider is injected,
`payment.core.provider.use` and `sandbox.core.webhook.use`, and nothing else. Between the SDK and the
sandbox, and between the sandbox and the webhook, the test may lose, break or hold what is sent.
"""

import contextlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import stripe

from payment.core import provider
from payment.core.stripe_provider import StripeProvider
from sandbox.core import webhook
from tests.support.cloud import PROVIDER_SECRET
from tests.support.gateway import Person, Reply
from tests.support.system import System

_NO_ANSWER: Any = stripe.APIConnectionError
FORM = {"content-type": "application/x-www-form-urlencoded"}


@dataclass
class Sent:
    """One request of the SDK to the provider, and what was answered."""

    call: str
    key: str | None
    params: str
    status: int


@dataclass
class Delivery:
    """One webhook request, as it went out."""

    body: bytes
    headers: Mapping[str, str]

    @property
    def event(self) -> Any:
        return json.loads(self.body)


def signed(body: bytes) -> Delivery:
    """The body as the provider would send it at this moment."""
    return Delivery(body, {"stripe-signature": webhook.signature(body, PROVIDER_SECRET["webhook_secret"])})


@dataclass
class Provider:
    """What went over the wire, and what shall go wrong on it next."""

    system: System
    calls: list[Sent] = field(default_factory=list)
    webhooks: list[Delivery] = field(default_factory=list)
    down: bool = False  # nothing reaches the provider
    lost_replies: int = 0  # so many requests are carried out, and their answers are lost
    refusals: list[tuple[str, dict[str, str]]] = field(default_factory=list)  # (path part, error) to answer once
    held: bool = False  # webhooks are kept back; `release` sends them
    meanwhile: Callable[[str], object] | None = None  # happens after a request and before its answer arrives
    lost_webhooks: int = 0  # so many webhook requests get no answer

    def request(self, method: str, url: str, headers: Mapping[str, str], content: str | None) -> tuple[str, int, Any]:
        """Carry out one request of the SDK."""
        if self.down:
            raise _NO_ANSWER("down", should_retry=False)
        sent = {name.lower(): value for name, value in headers.items()}
        call = f"{method.upper()} {urlsplit(url).path}"
        status, text = self._answer(call, sent, content, dict(parse_qsl(urlsplit(url).query)))
        self.calls.append(Sent(call, sent.get("idempotency-key"), content or "", status))
        if self.meanwhile:
            self.meanwhile(call)
        if self.lost_replies:
            self.lost_replies -= 1
            raise _NO_ANSWER("reply lost", should_retry=False)
        return text, status, {}

    def post(self, address: str, content: bytes, headers: Mapping[str, str]) -> int:
        """Carry out one webhook request of the sandbox."""
        delivery = Delivery(content, dict(headers))
        self.webhooks.append(delivery)
        if self.held:
            return 200
        if self.lost_webhooks:
            self.lost_webhooks -= 1
            return 0
        return self.send(delivery).status

    def send(self, delivery: Delivery) -> Reply:
        """Deliver a webhook, perhaps again."""
        return self.system.http("POST /v1/payments/webhook", raw=delivery.body, headers=dict(delivery.headers))

    def send_again(self, delivery: Delivery) -> Reply:
        """Deliver a webhook anew: the provider signs each sending with its moment."""
        return self.send(signed(delivery.body))

    def tell(self, event: Mapping[str, Any]) -> Reply:
        """Deliver an event of the test's own making, well signed."""
        return self.send(signed(json.dumps(event).encode()))

    def release(self) -> list[Reply]:
        """Deliver the webhooks that were held, in their order."""
        self.held = False
        return [self.send_again(one) for one in self.webhooks]

    def choose(self, checkout_url: str, outcome: str) -> Reply:
        """Press a button of the hosted page."""
        form = urlencode({"outcome": outcome}).encode()
        return self.system.http(f"POST {urlsplit(checkout_url).path}", raw=form, headers=FORM)

    def pay(self, buyer: Person, order_id: str, price: int, outcome: str = "paid") -> Reply:
        """Start the payment of an order and choose an outcome; the answer of starting it."""
        started = self.system.http("POST /v1/payments", {"order_id": order_id, "price": price}, by=buyer)
        assert started.status == 201, started.text
        self.choose(started.json["checkout_url"], outcome)
        return started

    def refunds(self) -> list[Sent]:
        """The refunds that were asked of the provider and made."""
        asked = (one for one in self.calls if one.call.startswith("POST ") and one.call.endswith("/refunds"))
        return [one for one in asked if one.status == 200]

    def _answer(
        self, call: str, headers: dict[str, str], content: str | None, query: dict[str, str]
    ) -> tuple[int, str]:
        for at, (part, error) in enumerate(self.refusals):
            if part in call:
                del self.refusals[at]
                return 400, json.dumps({"error": {"type": "invalid_request_error"} | error})
        raw = content.encode() if content is not None else None
        reply = self.system.http(call, raw=raw, headers=headers, query=query or None)
        return reply.status, reply.text


class InProcess(stripe.HTTPClient):
    """The transport beneath the SDK."""

    name = "in-process"

    def __init__(self, wire: Provider) -> None:
        super().__init__()
        self._wire = wire

    def request(self, method: str, url: str, headers: Any, post_data: Any = None, *, _usage: Any = None) -> Any:
        asked = f"{method.upper()} {urlsplit(url).path}"
        return self._wire.system.call_out(asked, lambda: self._wire.request(method, url, headers, post_data))

    def _sleep_time_seconds(self, num_retries: int, response: Any = None) -> float:
        return 0.0


@contextlib.contextmanager
def connect(system: System) -> Iterator[Provider]:
    """Within the block payment's provider is the sandbox of this system."""
    wire = Provider(system)
    provider.use(lambda: StripeProvider(InProcess(wire)))
    webhook.use(lambda *sent: system.call_out("POST webhook", lambda: wire.post(*sent)))
    try:
        yield wire
    finally:
        provider.use()
        webhook.use()
