"""The payment provider of the tests: the real SDK and the real sandbox in one process.

`connect_provider(system)` injects it with `payment.core.providers.registry.set_provider_factory` and
`sandbox.core.webhook.set_sender`. A test may lose, fail or hold requests and webhooks in between.
"""

import contextlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import stripe

from payment.core.providers import registry
from payment.core.providers.stripe import StripeProvider
from sandbox.core import webhook
from tests.support.system.lambda_events import HttpResponse, Person
from tests.support.system.moto_resources import PROVIDER_SECRET
from tests.support.system.system import System

CONNECTION_ERROR: Any = stripe.APIConnectionError
FORM = {"content-type": "application/x-www-form-urlencoded"}


@dataclass
class ProviderCall:
    """One request of the SDK to the provider, and its status."""

    call: str
    key: str | None
    params: str
    status: int


@dataclass
class WebhookRequest:
    """One webhook request as the provider sent it."""

    body: bytes
    headers: Mapping[str, str]

    @property
    def event(self) -> Any:
        return json.loads(self.body)


def sign_webhook(body: bytes) -> WebhookRequest:
    """The body with a valid signature of this moment."""
    return WebhookRequest(body, {"stripe-signature": webhook.signature(body, PROVIDER_SECRET["webhook_secret"])})


@dataclass
class ProviderNetwork:
    """The requests so far, and the faults of the next ones."""

    system: System
    calls: list[ProviderCall] = field(default_factory=list)
    webhooks: list[WebhookRequest] = field(default_factory=list)
    is_down: bool = False  # no request reaches the provider
    lost_replies: int = 0  # the responses of so many requests are lost
    error_responses: list[tuple[str, dict[str, str]]] = field(
        default_factory=list
    )  # (path part, error), each used once
    holds_webhooks: bool = False  # webhooks are held until `release_webhooks`
    before_reply: Callable[[str], object] | None = None  # called with each request, before its response
    lost_webhooks: int = 0  # so many webhooks are lost

    def request(self, method: str, url: str, headers: Mapping[str, str], content: str | None) -> tuple[str, int, Any]:
        """Handle one request of the SDK. Returns body, status and headers."""
        if self.is_down:
            raise CONNECTION_ERROR("down", should_retry=False)
        request_headers = {name.lower(): value for name, value in headers.items()}
        call = f"{method.upper()} {urlsplit(url).path}"
        status, text = self._respond(call, request_headers, content, dict(parse_qsl(urlsplit(url).query)))
        self.calls.append(ProviderCall(call, request_headers.get("idempotency-key"), content or "", status))
        if self.before_reply:
            self.before_reply(call)
        if self.lost_replies:
            self.lost_replies -= 1
            raise CONNECTION_ERROR("reply lost", should_retry=False)
        return text, status, {}

    def post(self, address: str, content: bytes, headers: Mapping[str, str]) -> int:
        """Handle one webhook of the sandbox. Returns its status, 0 without a response."""
        delivery = WebhookRequest(content, dict(headers))
        self.webhooks.append(delivery)
        if self.holds_webhooks:
            return 200
        if self.lost_webhooks:
            self.lost_webhooks -= 1
            return 0
        return self.send_webhook(delivery).status

    def send_webhook(self, delivery: WebhookRequest) -> HttpResponse:
        """Deliver a webhook as it is."""
        return self.system.http("POST /v1/payments/webhook", raw=delivery.body, headers=dict(delivery.headers))

    def resend_webhook(self, delivery: WebhookRequest) -> HttpResponse:
        """Deliver a webhook again with a new signature, as the provider does."""
        return self.send_webhook(sign_webhook(delivery.body))

    def deliver_event(self, event: Mapping[str, Any]) -> HttpResponse:
        """Deliver an event of the test with a valid signature."""
        return self.send_webhook(sign_webhook(json.dumps(event).encode()))

    def release_webhooks(self) -> list[HttpResponse]:
        """Deliver the held webhooks in order."""
        self.holds_webhooks = False
        return [self.resend_webhook(one) for one in self.webhooks]

    def choose_outcome(self, checkout_url: str, outcome: str) -> HttpResponse:
        """Submit the hosted page."""
        form = urlencode({"outcome": outcome}).encode()
        return self.system.http(f"POST {urlsplit(checkout_url).path}", raw=form, headers=FORM)

    def pay(self, buyer: Person, order_id: str, price: int, outcome: str = "paid") -> HttpResponse:
        """Start the payment of an order and choose an outcome. Returns the response of the start."""
        started = self.system.http("POST /v1/payments", {"order_id": order_id, "price": price}, by=buyer)
        assert started.status == 201, started.text
        self.choose_outcome(started.json["checkout_url"], outcome)
        return started

    def successful_refunds(self) -> list[ProviderCall]:
        """The refund requests that succeeded."""
        refund_calls = (one for one in self.calls if one.call.startswith("POST ") and one.call.endswith("/refunds"))
        return [one for one in refund_calls if one.status == 200]

    def _respond(
        self, call: str, headers: dict[str, str], content: str | None, query: dict[str, str]
    ) -> tuple[int, str]:
        for at, (part, error) in enumerate(self.error_responses):
            if part in call:
                del self.error_responses[at]
                return 400, json.dumps({"error": {"type": "invalid_request_error"} | error})
        raw = content.encode() if content is not None else None
        response = self.system.http(call, raw=raw, headers=headers, query=query or None)
        return response.status, response.text


class InProcessTransport(stripe.HTTPClient):
    """The SDK's transport into the network, without pauses between retries."""

    name = "in-process"

    def __init__(self, network: ProviderNetwork) -> None:
        super().__init__()
        self._network = network

    def request(self, method: str, url: str, headers: Any, post_data: Any = None, *, _usage: Any = None) -> Any:
        operation = f"{method.upper()} {urlsplit(url).path}"
        return self._network.system.call_external(
            operation, lambda: self._network.request(method, url, headers, post_data)
        )

    def _sleep_time_seconds(self, num_retries: int, response: Any = None) -> float:
        return 0.0


@contextlib.contextmanager
def connect_provider(system: System) -> Iterator[ProviderNetwork]:
    """Within the block payment uses the sandbox of this system as its provider."""
    network = ProviderNetwork(system)
    registry.set_provider_factory(lambda: StripeProvider(InProcessTransport(network)))
    webhook.set_sender(lambda *sent: system.call_external("POST webhook", lambda: network.post(*sent)))
    try:
        yield network
    finally:
        registry.set_provider_factory()
        webhook.set_sender()
