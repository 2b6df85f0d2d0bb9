"""What lies between the deployed functions and AWS: clear, or a storm of throttles, hangs, resets and lost replies.

Microburst (https://github.com/pingedbrain/microburst) stands before the emulator as a proxy that speaks AWS's
protocols: what it injects is what the SDK believes.
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

from local.people import until
from local.stack import HOST, listens

Rule = dict[str, Any]
_WRITES = ("PutItem", "UpdateItem", "TransactWriteItems")
_OFTENER = {"dynamodb": 1, "events": 3, "sqs": 6}  # who is called less is struck oftener: a short storm has it all
_THROTTLED = {"dynamodb": "ProvisionedThroughputExceededException", "sqs": "ThrottlingException"}


@dataclass(frozen=True)
class Weather:
    """One running proxy."""

    address: str

    @contextmanager
    def storms(self, rules: Sequence[Rule]) -> Iterator[Counter[str]]:
        """These rules for the time of the block; after it, how often each of them has fired."""
        fired: Counter[str] = Counter()
        self._call("POST", "rules", list(rules))
        try:
            yield fired
        finally:
            for rule in self._call("GET", "rules"):
                fired[_named(rule)] += rule["fired_count"]
            self._call("POST", "rules", [])

    def struck(self) -> int:
        """How often the rules of this moment have fired."""
        return sum(int(rule["fired_count"]) for rule in self._call("GET", "rules"))

    def unstruck(self) -> list[str]:
        """Which of the rules of this moment have not fired yet."""
        return [_named(rule) for rule in self._call("GET", "rules") if not rule["fired_count"]]

    def calm(self, service: str, operation: str, seconds: float = 4.0) -> None:
        """Return once nobody has made this call for so long: what was under way has arrived."""
        with self.storms([{"service": service, "operation": operation, "latency": 1}]):
            before = -1
            while self.struck() != before:
                before = self.struck()
                time.sleep(seconds)

    def _call(self, method: str, path: str, body: Any = None) -> Any:
        data = json.dumps(body).encode() if body is not None else None
        headers = {"content-type": "application/json"}
        request = urllib.request.Request(f"{self.address}/_microburst/{path}", data, headers, method=method)
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=10) as answer:
            return json.loads(answer.read() or b"null")


@contextmanager
def weather(upstream: str, port: int) -> Iterator[Weather]:
    """A proxy on this port for the time of the block; clear at first."""
    command = [sys.executable, "-m", "microburst", "--upstream", upstream, "--port", str(port), "--host", HOST]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            until(lambda: listens(port) or None, "the proxy")
            yield Weather(f"http://{HOST}:{port}")
        finally:
            process.terminate()


def throttles(service: str, probability: float) -> Rule:
    return {"service": service, "probability": probability, "error": {"code": _THROTTLED[service]}}


def conflicts(probability: float) -> Rule:
    """Another transaction has the item: the SDK does not repeat these."""
    reasons = {"CancellationReasons": [{"Code": "TransactionConflict"}]}
    error = {"code": "TransactionCanceledException", "fields": reasons}
    return {"service": "dynamodb", "operation": "TransactWriteItems", "probability": probability, "error": error}


def hangs(service: str, probability: float, times: int) -> Rule:
    """Longer than the SDK waits."""
    return {"service": service, "probability": probability, "times": times, "timeout_ms": 6_000}


def resets(service: str, probability: float) -> Rule:
    return {"service": service, "probability": probability, "reset": True}


def loses_replies(service: str, operation: str, probability: float) -> Rule:
    """It was carried out, and nobody hears of it."""
    lost = {"abort_bytes": 0}
    return {"service": service, "operation": operation, "probability": probability, "response": lost}


def storm(much: float, *, hanging: int) -> list[Rule]:
    """All of it at once: this share of DynamoDB's calls meets each kind, more of the others', and so many hang."""
    share = {service: much * times for service, times in _OFTENER.items()}
    lost = [loses_replies("dynamodb", operation, 2 * much) for operation in _WRITES]
    lost += [loses_replies("sqs", "SendMessage", 2 * share["sqs"])]
    lost += [loses_replies("events", "PutEvents", 2 * share["events"])]
    return [
        *lost, *(resets(*one) for one in share.items()), throttles("dynamodb", much), conflicts(2 * much),
        hangs("dynamodb", much, hanging), hangs("events", share["events"], 1),
    ]  # fmt: skip


def _named(rule: Rule) -> str:
    what = next(name for name in ("error", "timeout_ms", "reset", "response", "latency") if rule.get(name))
    kinds = {"timeout_ms": "hangs", "reset": "reset", "response": "reply lost", "latency": "late"}
    kind = kinds.get(what) or rule["error"]["code"]
    return " ".join(filter(None, (rule["service"], rule.get("operation"), kind)))
