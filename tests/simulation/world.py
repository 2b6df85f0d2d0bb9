"""One simulated system: the real handlers on one schedule, with actors, a provider and faults."""

import json
import random
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from unittest import mock

import segno

from common import clock, env, ids, log, mail, retries, store
from tests.simulation.fake_cloud import FakeCloud, FaultHooks
from tests.simulation.schedule import Schedule
from tests.support.faults.fault_points import Crash
from tests.support.system.in_memory_system import FunctionEnvironment
from tests.support.system.lambda_events import HttpResponse, Person, http_event, match_route

_UNEXPECTED = 500


class World:
    """The system of one seed."""

    def __init__(self, seed: int, faults: FaultHooks | None = None, *, order: int = 0) -> None:
        self.seed = seed
        self.schedule = Schedule(f"{seed}, {order}" if order else seed)
        self.cloud = FakeCloud(self.schedule, faults)
        self.metrics: defaultdict[str, float] = defaultdict(float)
        self.violations: list[str] = []
        self.last_call_faulted = False  # whether a fault happened in the latest call of a route
        self._ids = 0

    @contextmanager
    def running(self) -> Iterator["World"]:
        """Run all services on this world within the block."""
        level = log.logger.log_level
        log.logger.setLevel("CRITICAL")
        log.use(self._count)
        env.use(FunctionEnvironment(self.cloud.setting), self.cloud.client)
        env.secret.cache_clear()
        store.use(self.cloud)
        clock.use(lambda: self.schedule.now)
        retries.use(self.schedule.sleep)
        ids.use(self._next_id)
        random.seed(self.seed)  # for the jitter of back-offs
        try:
            with mock.patch.object(segno, "make_qr", _FakeQrCode), mock.patch.object(mail, "to_mime", _fake_mime):
                yield self
        finally:
            env.use()
            env.secret.cache_clear()
            store.use()
            clock.use()
            retries.use()
            ids.use()
            log.use()
            log.logger.setLevel(level)

    def http(
        self,
        call: str,
        body: Any = None,
        *,
        by: Person | None = None,
        key: str | None = None,
        raw: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        query: dict[str, str] | None = None,
    ) -> HttpResponse:
        """Call a route as API Gateway does; a crash returns 503."""
        matched, path = match_route(call)
        request_headers = (
            {"content-type": "application/json"} | ({"idempotency-key": key} if key else {}) | dict(headers or {})
        )
        text = raw.decode("utf-8", "surrogateescape") if raw is not None else None
        text = json.dumps(body) if text is None and body is not None else text
        request: dict[str, Any] = {
            "address": call.split(" ")[1],
            "text": text,
            "headers": request_headers,
            "query": query,
        }
        event = http_event(matched, path, **request, by=by, request_id=ids.new())
        task = self.schedule.start(call, lambda: self.cloud.invoke(matched, event))
        self.schedule.wait(task)
        self.last_call_faulted = task.faulted
        if isinstance(task.error, Crash):
            return HttpResponse({"statusCode": 503, "body": '{"message":"Service Unavailable"}'})
        if task.error:
            raise task.error
        if task.result["statusCode"] == _UNEXPECTED and not task.may_answer_500:
            self.violations.append(f"response of {call} is 500 without a fault")
        return HttpResponse(task.result)

    def _count(self, name: str, value: float) -> None:
        self.metrics[name] += value

    def _next_id(self) -> str:
        self._ids += 1
        return ids.derive("simulated", self.seed, self._ids)


def _fake_mime(_address: str, email: mail.Email) -> bytes:
    """An e-mail without MIME encoding, which would take a quarter of a schedule's time."""
    return email.text().encode()


class _FakeQrCode:
    """A QR code without an image: drawing it would take most of a schedule's time."""

    matrix = (bytearray(b"\1"),)

    def __init__(self, *_: object, **__: object) -> None: ...

    def save(self, out: Any, **_: object) -> None:
        out.write(b"image")
