"""What lies between payment and its provider, and between the provider and the webhook.

The provider is the sandbox's own functions, the SDK and the adapter are the real ones.
"""

import json
from collections.abc import Mapping
from typing import Any

import stripe

from common import env
from sandbox.core import webhook
from tests.simulation.faults import Chaos
from tests.simulation.schedule import Crash
from tests.simulation.world import World
from tests.support.provider import Delivery, Provider

_NO_ANSWER: Any = stripe.APIConnectionError
_RETRIED = (30.0, 300.0, 3600.0, 4 * 3600.0)  # seconds after which an event that was not taken is sent again
_OVERLAP = 6 * 3600.0  # seconds for which the provider signs with a secret that was replaced here
_KEY_LASTS = 86_400.0  # seconds for which the provider remembers an idempotency key

WIRE_RATES: Mapping[str, float] = {
    "F8": 0.2,  # the function dies after the provider has answered
    "F9": 0.2,  # the provider does what it was asked, and its answer is lost
    "F10": 0.3,  # the provider answers that it is broken or busy
    "F11": 0.5,  # the buyer has paid before the page's address is known to us
    "F12": 0.3,  # an event is sent twice, once under the same id with other words
    "F13": 0.3,  # an event is overtaken by later ones
    "F14": 0.3,  # an event never comes
    "F18": 0.9,  # the provider cannot send money back for a while
    "F34": 0.3,  # the webhook's secret is replaced; for some hours the provider goes on with the one before
}


class Wire(Provider):
    """Both ways, with what goes wrong on them."""

    def __init__(self, world: World, chaos: Chaos) -> None:
        super().__init__(world)  # type: ignore[arg-type] # of the system it needs `http` only
        self.world = world
        self.chaos = chaos
        self._at_once = False  # the buyer pays, and we are told, while the page is being made
        self._before: str | None = None  # the secret with which the provider signs until it is told of a new one
        self._until = 0.0
        self._keys: dict[str, float] = {}  # when each idempotency key came first

    def request(self, method: str, url: str, headers: Mapping[str, str], content: str | None) -> tuple[str, int, Any]:
        cloud = self.world.cloud
        if self.chaos.strikes(cloud, "F10"):
            code = self.world.schedule.draw.choice((409, 429, 500, 503))
            return json.dumps({"error": {"type": "api_error", "message": "try again"}}), code, {}
        if url.endswith("/refunds") and method.upper() == "POST" and self.chaos.strikes(cloud, "F18"):
            return json.dumps({"error": {"type": "api_error", "message": "no funds at this moment"}}), 500, {}
        text, status, more = super().request(method, url, self._remembered(headers), content)
        if url.endswith("/checkout/sessions") and status == 200 and self.chaos.strikes(cloud, "F11"):
            self._at_once = True
            self.choose(json.loads(text)["url"], "paid")
            self._at_once = False
        if self.chaos.strikes(cloud, "F9"):
            raise _NO_ANSWER("no answer", should_retry=False)
        if self.chaos.strikes(cloud, "F8"):
            raise Crash
        return text, status, more

    def post(self, address: str, content: bytes, headers: Mapping[str, str]) -> int:
        cloud, draw = self.world.cloud, self.world.schedule.draw
        if self._at_once:
            self._sent(content)
            return 200
        if self.chaos.strikes(cloud, "F14"):
            return 200
        if self.chaos.strikes(cloud, "F12"):
            self._later(content, draw.random() * 60)
            self._later(_other_words(content), draw.random() * 60)
        if self.chaos.strikes(cloud, "F13"):
            self._later(content, draw.random() * 900)
        else:
            self._later(content, 0.0)
        return 200

    def _remembered(self, headers: Mapping[str, str]) -> Mapping[str, str]:
        """A key that comes when the provider has forgotten it is a new one."""
        named = {name.lower(): value for name, value in headers.items()}
        key, now = named.get("idempotency-key"), self.world.schedule.seconds
        if key and now - self._keys.setdefault(key, now) >= _KEY_LASTS:
            named["idempotency-key"] = f"{key} from {now:.0f} on"
        return named

    def _later(self, content: bytes, seconds: float, tried: int = 0) -> None:
        name = f"the provider tells {json.loads(content)['type']}"
        schedule = self.world.schedule
        schedule.after(seconds, lambda: void(schedule.start(name, lambda: self._sent(content, tried))))

    def _sent(self, content: bytes, tried: int = 0) -> None:
        cloud, now = self.world.cloud, self.world.schedule.seconds
        known = cloud.provider_secret.get("webhook_secret", cloud.provider_secret["api_key"])
        if self._before is None and self.chaos.strikes(cloud, "F34"):
            self._before, self._until = known, now + _OVERLAP
            fresh = f"whsec-{self.world.schedule.place()}"
            cloud.provider_secret |= {"webhook_secret": fresh, "previous_webhook_secret": known}
            env.secret.cache_clear()  # another instance takes the event
        signs = self._before if self._before and now < self._until else known
        status = self.send(Delivery(content, {"stripe-signature": webhook.signature(content, signs)})).status
        if status < 300 or status == 409:
            return
        if tried < len(_RETRIED):
            self._later(content, _RETRIED[tried], tried + 1)
        elif not self.world.hindered:
            self.world.wrong.append(f"I14 {json.loads(content)['type']} of the provider is never taken: {status}")


class InProcess(stripe.HTTPClient):
    """The transport beneath the SDK, without its pauses."""

    name = "in-process"

    def __init__(self, wire: Wire) -> None:
        super().__init__()
        self._wire = wire

    def request(self, method: str, url: str, headers: Any, post_data: Any = None, *, _usage: Any = None) -> Any:
        return self._wire.request(method, url, headers, post_data)

    def _sleep_time_seconds(self, num_retries: int, response: Any = None) -> float:
        return 0.0


def void(_: object) -> None:
    """Nothing, of something."""


def _other_words(content: bytes) -> bytes:
    event = json.loads(content)
    event["data"]["object"]["status"] = "altered"
    return json.dumps(event).encode()
