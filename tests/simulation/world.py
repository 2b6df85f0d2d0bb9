"""One simulated system: the real handlers on one schedule, with people, a provider, and what goes wrong."""

import json
import random
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from unittest import mock

import segno

from common import clock, env, ids, log, mail, patience, store
from tests.simulation.cloud import Cloud, Faults
from tests.simulation.schedule import Crash, Schedule
from tests.support.gateway import Person, Reply, http_event, route
from tests.support.memory import Settings

_UNEXPECTED = 500


class World:
    """Everything of one seed."""

    def __init__(self, seed: int, faults: Faults | None = None, *, order: int = 0) -> None:
        self.seed = seed
        self.schedule = Schedule(f"{seed}, {order}" if order else seed)
        self.cloud = Cloud(self.schedule, faults)
        self.counted: defaultdict[str, float] = defaultdict(float)
        self.wrong: list[str] = []
        self.hindered = False  # whether the latest call of a route was hindered
        self._ids = 0

    @contextmanager
    def running(self) -> Iterator["World"]:
        """Within the block the services run on this world, and on nothing else."""
        level = log.logger.log_level
        log.logger.setLevel("CRITICAL")
        log.use(self._count)
        env.use(Settings(self.cloud.setting), self.cloud.client)
        env.secret.cache_clear()
        store.use(self.cloud)
        clock.use(lambda: self.schedule.now)
        patience.use(self.schedule.sleep)
        ids.use(self._id)
        random.seed(self.seed)  # the jitter of pauses
        try:
            with mock.patch.object(segno, "make_qr", _Picture), mock.patch.object(mail, "mime", _words):
                yield self
        finally:
            env.use()
            env.secret.cache_clear()
            store.use()
            clock.use()
            patience.use()
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
    ) -> Reply:
        """Call a route as the gateway would; a function that dies is its 500."""
        found, path = route(call)
        sent = {"content-type": "application/json"} | ({"idempotency-key": key} if key else {}) | dict(headers or {})
        text = raw.decode("utf-8", "surrogateescape") if raw is not None else None
        text = json.dumps(body) if text is None and body is not None else text
        asked: dict[str, Any] = {"address": call.split(" ")[1], "text": text, "headers": sent, "query": query}
        event = http_event(found, path, **asked, by=by, request_id=ids.new())
        task = self.schedule.start(call, lambda: self.cloud.invoke(found, event))
        self.schedule.wait(task)
        self.hindered = task.hindered
        if isinstance(task.error, Crash):
            return Reply({"statusCode": 503, "body": '{"message":"Service Unavailable"}'})
        if task.error:
            raise task.error
        if task.result["statusCode"] == _UNEXPECTED and not task.struck:
            self.wrong.append(f"answer {call} is 500, and nothing had gone wrong")
        return Reply(task.result)

    def _count(self, name: str, value: float) -> None:
        self.counted[name] += value

    def _id(self) -> str:
        self._ids += 1
        return ids.derive("simulated", self.seed, self._ids)


def _words(_address: str, letter: mail.Letter) -> bytes:
    """A mail without its envelope, which decides nothing and would be a quarter of a schedule's time."""
    return letter.text().encode()


class _Picture:
    """A QR code that costs nothing to draw: its drawing would be most of a schedule's time."""

    matrix = (bytearray(b"\1"),)

    def __init__(self, *_: object, **__: object) -> None: ...

    def save(self, out: Any, **_: object) -> None:
        out.write(b"picture")
