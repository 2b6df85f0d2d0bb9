"""A chaos proxy between the deployed functions and the emulator: throttling, hangs, resets and lost replies.

The proxy is Microburst (https://github.com/pingedbrain/microburst), which speaks AWS's protocols: the SDK sees its
faults as AWS's own.
"""

import json
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from local.actors import wait_for
from local.stack import HOST, is_listening

Rule = dict[str, Any]
_WRITES = ("PutItem", "UpdateItem", "TransactWriteItems")
_WEIGHTS = {"dynamodb": 1, "events": 3, "sqs": 6}  # more faults for rarely called services
_THROTTLING_CODES = {"dynamodb": "ProvisionedThroughputExceededException", "sqs": "ThrottlingException"}


@dataclass(frozen=True)
class ChaosProxy:
    """A running proxy."""

    address: str

    @contextmanager
    def inject(self, rules: Sequence[Rule]) -> Iterator[Counter[str]]:
        """Apply the rules within the block; after it, the counter has the firings of each rule."""
        fired: Counter[str] = Counter()
        self._call("POST", "rules", list(rules))
        try:
            yield fired
        finally:
            for rule in self._call("GET", "rules"):
                fired[_rule_name(rule)] += rule["fired_count"]
            self._call("POST", "rules", [])

    def fault_count(self) -> int:
        """The number of faults injected by the current rules."""
        return sum(int(rule["fired_count"]) for rule in self._call("GET", "rules"))

    def unfired_rules(self) -> list[str]:
        """The current rules that have not fired yet."""
        return [_rule_name(rule) for rule in self._call("GET", "rules") if not rule["fired_count"]]

    def wait_until_quiet(self, service: str, operation: str, seconds: float = 4.0) -> None:
        """Wait until `seconds` pass without a call of this operation, so that none is in flight."""
        with self.inject([{"service": service, "operation": operation, "latency": 1}]):
            before = -1
            while self.fault_count() != before:
                before = self.fault_count()
                time.sleep(seconds)

    def _call(self, method: str, path: str, body: Any = None) -> Any:
        data = json.dumps(body).encode() if body is not None else None
        headers = {"content-type": "application/json"}
        request = urllib.request.Request(f"{self.address}/_microburst/{path}", data, headers, method=method)
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=10) as response:
            return json.loads(response.read() or b"null")


@contextmanager
def run_chaos_proxy(upstream: str, port: int) -> Iterator[ChaosProxy]:
    """Run a proxy on this port within the block, initially without rules."""
    command = [sys.executable, "-m", "microburst", "--upstream", upstream, "--port", str(port), "--host", HOST]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            wait_for(lambda: is_listening(port) or None, "the proxy")
            yield ChaosProxy(f"http://{HOST}:{port}")
        finally:
            process.terminate()


def throttling(service: str, probability: float) -> Rule:
    return {"service": service, "probability": probability, "error": {"code": _THROTTLING_CODES[service]}}


def transaction_conflicts(probability: float) -> Rule:
    """Transaction conflicts, which the SDK does not retry."""
    reasons = {"CancellationReasons": [{"Code": "TransactionConflict"}]}
    error = {"code": "TransactionCanceledException", "fields": reasons}
    return {"service": "dynamodb", "operation": "TransactWriteItems", "probability": probability, "error": error}


def hanging_calls(service: str, probability: float, times: int) -> Rule:
    """Calls that hang longer than the SDK's read timeout."""
    return {"service": service, "probability": probability, "times": times, "timeout_ms": 6_000}


def connection_resets(service: str, probability: float) -> Rule:
    return {"service": service, "probability": probability, "reset": True}


def lost_replies(service: str, operation: str, probability: float) -> Rule:
    """Executed calls whose reply is lost."""
    lost = {"abort_bytes": 0}
    return {"service": service, "operation": operation, "probability": probability, "response": lost}


def mixed_faults(share: float, *, hang_count: int) -> list[Rule]:
    """All kinds of faults: at `share` of DynamoDB's calls, more for other services; `hang_count` of them hang."""
    shares = {service: share * times for service, times in _WEIGHTS.items()}
    lost = [lost_replies("dynamodb", operation, 2 * share) for operation in _WRITES]
    lost += [lost_replies("sqs", "SendMessage", 2 * shares["sqs"])]
    lost += [lost_replies("events", "PutEvents", 2 * shares["events"])]
    return [
        *lost, *(connection_resets(*one) for one in shares.items()),
        throttling("dynamodb", share), transaction_conflicts(2 * share),
        hanging_calls("dynamodb", share, hang_count), hanging_calls("events", shares["events"], 1),
    ]  # fmt: skip


def _rule_name(rule: Rule) -> str:
    fault = next(name for name in ("error", "timeout_ms", "reset", "response", "latency") if rule.get(name))
    kinds = {"timeout_ms": "hangs", "reset": "reset", "response": "reply lost", "latency": "late"}
    kind = kinds.get(fault) or rule["error"]["code"]
    return " ".join(filter(None, (rule["service"], rule.get("operation"), kind)))
