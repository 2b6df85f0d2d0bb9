"""The network between payment and its provider, and from the provider to the webhook.

The provider is the sandbox's functions; the SDK and the adapter are the real ones.
"""

import json
from collections.abc import Mapping
from typing import Any

from common import env
from sandbox.core import webhook
from tests.simulation.faults import FaultInjector
from tests.simulation.world import World
from tests.support.drivers.provider import CONNECTION_ERROR, InProcessTransport, ProviderNetwork, WebhookRequest
from tests.support.faults.fault_points import Crash

_RETRY_DELAYS = (30.0, 300.0, 3600.0, 4 * 3600.0)  # seconds until a webhook without a 2xx is sent again
_SECRET_OVERLAP_SECONDS = 6 * 3600.0  # how long the provider signs with the previous secret
_KEY_TTL_SECONDS = 86_400.0  # how long the provider stores an idempotency key

PROVIDER_RATES: Mapping[str, float] = {
    "F8": 0.2,  # the function crashes after the response
    "F9": 0.2,  # the provider handles the request, and its response is lost
    "F10": 0.3,  # the provider responds with an error or throttles
    "F11": 0.5,  # the buyer pays before the response with the checkout arrives
    "F12": 0.3,  # a webhook is sent twice, once with different content under the same id
    "F13": 0.3,  # a webhook is overtaken by later ones
    "F14": 0.3,  # a webhook is lost
    "F18": 0.9,  # the provider temporarily cannot refund
    "F34": 0.3,  # the webhook secret is rotated; the provider uses the previous one for six more hours
}


class SimulatedProviderNetwork(ProviderNetwork):
    """Requests to the provider and its webhooks, with the faults of a plan."""

    def __init__(self, world: World, chaos: FaultInjector) -> None:
        super().__init__(world)  # type: ignore[arg-type] # it uses only `http` of the system
        self.world = world
        self.chaos = chaos
        self._delivers_immediately = False  # the buyer pays while the checkout is being created
        self._previous_secret: str | None = None  # the provider signs with it until the overlap ends
        self._previous_secret_until = 0.0
        self._key_first_used: dict[str, float] = {}  # seconds, by idempotency key

    def request(self, method: str, url: str, headers: Mapping[str, str], content: str | None) -> tuple[str, int, Any]:
        cloud = self.world.cloud
        if self.chaos.should_inject(cloud, "F10"):
            code = self.world.schedule.draw.choice((409, 429, 500, 503))
            return json.dumps({"error": {"type": "api_error", "message": "try again"}}), code, {}
        if url.endswith("/refunds") and method.upper() == "POST" and self.chaos.should_inject(cloud, "F18"):
            return json.dumps({"error": {"type": "api_error", "message": "insufficient funds"}}), 500, {}
        text, status, response_headers = super().request(method, url, self._expire_key(headers), content)
        if url.endswith("/checkout/sessions") and status == 200 and self.chaos.should_inject(cloud, "F11"):
            self._delivers_immediately = True
            self.choose_outcome(json.loads(text)["url"], "paid")
            self._delivers_immediately = False
        if self.chaos.should_inject(cloud, "F9"):
            raise CONNECTION_ERROR("no response", should_retry=False)
        if self.chaos.should_inject(cloud, "F8"):
            raise Crash
        return text, status, response_headers

    def post(self, address: str, content: bytes, headers: Mapping[str, str]) -> int:
        cloud, draw = self.world.cloud, self.world.schedule.draw
        if self._delivers_immediately:
            self._deliver(content)
            return 200
        if self.chaos.should_inject(cloud, "F14"):
            return 200
        if self.chaos.should_inject(cloud, "F12"):
            self._deliver_later(content, draw.random() * 60)
            self._deliver_later(_alter(content), draw.random() * 60)
        if self.chaos.should_inject(cloud, "F13"):
            self._deliver_later(content, draw.random() * 900)
        else:
            self._deliver_later(content, 0.0)
        return 200

    def _expire_key(self, headers: Mapping[str, str]) -> Mapping[str, str]:
        """Replace an idempotency key by a new one once the provider has expired it."""
        normalised = {name.lower(): value for name, value in headers.items()}
        key, now = normalised.get("idempotency-key"), self.world.schedule.seconds
        if key and now - self._key_first_used.setdefault(key, now) >= _KEY_TTL_SECONDS:
            normalised["idempotency-key"] = f"{key}, reused at {now:.0f} s"
        return normalised

    def _deliver_later(self, content: bytes, seconds: float, attempt: int = 0) -> None:
        name = f"webhook {json.loads(content)['type']}"
        schedule = self.world.schedule

        def start() -> None:
            schedule.start(name, lambda: self._deliver(content, attempt))

        schedule.call_later(seconds, start)

    def _deliver(self, content: bytes, attempt: int = 0) -> None:
        cloud, now = self.world.cloud, self.world.schedule.seconds
        current_secret = cloud.provider_secret.get("webhook_secret", cloud.provider_secret["api_key"])
        if self._previous_secret is None and self.chaos.should_inject(cloud, "F34"):
            self._previous_secret, self._previous_secret_until = current_secret, now + _SECRET_OVERLAP_SECONDS
            new_secret = f"whsec-{self.world.schedule.next_number()}"
            cloud.provider_secret |= {"webhook_secret": new_secret, "previous_webhook_secret": current_secret}
            env.secret.cache_clear()  # another instance handles the webhook
        signing_secret = (
            self._previous_secret if self._previous_secret and now < self._previous_secret_until else current_secret
        )
        status = self.send_webhook(
            WebhookRequest(content, {"stripe-signature": webhook.signature(content, signing_secret)})
        ).status
        if status < 300 or status == 409:
            return
        if attempt < len(_RETRY_DELAYS):
            self._deliver_later(content, _RETRY_DELAYS[attempt], attempt + 1)
        elif not self.world.last_call_faulted:
            self.world.violations.append(
                f"I14 {json.loads(content)['type']} of the provider is rejected on every try: {status}"
            )


class SimulatedTransport(InProcessTransport):
    """The SDK's transport into the simulated network."""

    def request(self, method: str, url: str, headers: Any, post_data: Any = None, *, _usage: Any = None) -> Any:
        return self._network.request(method, url, headers, post_data)


def _alter(content: bytes) -> bytes:
    """The same webhook event with another status."""
    event = json.loads(content)
    event["data"]["object"]["status"] = "altered"
    return json.dumps(event).encode()
